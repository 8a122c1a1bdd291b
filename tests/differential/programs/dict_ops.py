"""dict: lookup, store, deletion, order, views, missing keys, mutation during iteration."""

def histogram(words):
    h = {}
    for w in words:
        if w in h:
            h[w] += 1
        else:
            h[w] = 1
    return h

words = [w for i in range(60) for w in ("a" + str(i % 7), i % 5, (i % 3, 0))]
h = histogram(words)
print(h, list(h), h.items() == dict(h).items(), h.get("zz"), h.get("zz", 0), len(h))
del h["a0"]; h["a0"] = "again"; print(list(h)[-1], h.pop("a1"), h.setdefault("n", []), h.popitem())
for key in ("missing", 99, [], {}):
    try:
        print(h[key])
    except Exception as e:
        print(type(e).__name__, e)
try:
    for k in h:
        h[k, "x"] = 1
except RuntimeError as e:
    print(e)
print({**{"a": 1, "b": 2}, "a": 3}, {"a": 1} | {"b": 2}, {1: "a", 1.0: "b", True: "c"}, sorted({"b": 1, "a": 2}.items()))
class Missing(dict):
    def __missing__(self, key):
        return f"no {key}"
m = Missing(a=1)
print([m[k] for k in ("a", "b") * 20][-2:])
class Key:
    def __init__(self, n): self.n = n
    def __hash__(self): return self.n % 3
    def __eq__(self, o): return self.n == o.n
d = {Key(i): i for i in range(12)}
print([d[Key(i)] for i in range(12)], Key(12) in d)
