"""Assignment expressions, conditional expressions, short circuits, chained comparisons, truth of every type."""

def f(n):
    out = []
    while (n := n // 2) > 0 and (m := n % 3) < 3:
        out.append((n, m) if m else (y := -n, y))
    return out

print([f(i) for i in range(0, 200, 13)])
calls = []
def c(x): calls.append(x); return x
def chain(a, b, d): return c(a) < c(b) < c(d), c(a) or c(b) and c(d), not c(a), c(a) if c(b) else c(d)
for i in range(40):
    r = chain(i % 3, i % 2, i % 5)
print(r, len(calls))
class Odd:
    def __init__(self, v): self.v = v
    def __bool__(self): return self.v
class Sized:
    def __init__(self, n): self.n = n
    def __len__(self): return self.n
def truth(x):
    return "t" if x else "f"
vals = [0, 1, -1, 2**70, 0.0, -0.0, float("nan"), "", "0", [], [0], (), {}, {1: 1}, None, True, False, Sized(0), Sized(2), Odd(True), Odd(False), object, ..., set()]
for _ in range(10):
    r = [truth(v) for v in vals]
print(r)
for bad in (Odd(5), Sized(-1)):
    try:
        truth(bad)
    except Exception as e:
        print(type(e).__name__, e)
print([x for i in range(5) if (x := i * i) > 3], x, any((w := i) > 2 for i in range(6)), w)
print(1 < 2 > 1 == 1 != 0, None is None is not 5, 3 in [1, 2, 3] not in [[]])
