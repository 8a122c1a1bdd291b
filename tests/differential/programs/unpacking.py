"""Assignment targets of every shape, evaluated in order."""

log = []
class L:
    def __getitem__(self, i): log.append(("get", i)); return i
    def __setitem__(self, i, v): log.append(("set", i, v))
    def __setattr__(self, n, v): log.append(("attr", n, v))

def t(x):
    log.append(x)
    return x

def f(seq):
    a, (b, *c), d = seq
    [e, f] = c
    *g, h = d
    return a, b, c, e, f, g, h

for _ in range(40):
    r = f((1, (2, 3, 4), "xyz"))
print(r)
o = L()
o[t(0)], o.p, (o[t(1)], *o.q) = 1, 2, (3, 4, 5)
o[t(2)] += t(5)
a = b = o[7] = t("v")
print(log)
x = [0, 1, 2]
i = 0
i, x[i] = 2, "changed"
print(i, x)
for case in [(1, (2, 3), 4), (1, (2, 3, 4)), (1, 5, "s"), (1, (2, 3, 4), "")]:
    try:
        print(f(case))
    except Exception as e:
        print(type(e).__name__, e)
print([*range(3), *(4, 5)], (*"ab",), {*"aab"} == {"a", "b"}, dict(**{"a": 1}, b=2), [a for a, *b in [(1, 2), "xyz"]])
for k, (v, *w) in {"a": (1, 2, 3)}.items():
    print(k, v, w)
