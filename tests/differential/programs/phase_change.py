"""Functions that are monomorphic for long, then see other types, then return to the first."""

class A:
    def __init__(self, v): self.v = v
    def get(self): return self.v
class B:
    def __init__(self, v): self.other = 0; self.v = v
    def get(self): return -self.v
class C(A):
    @property
    def v(self): return "prop"
    @v.setter
    def v(self, x): pass

def total(objs):
    t = 0
    for o in objs:
        try:
            t += o.get() + o.v
        except TypeError as e:
            t += 1
    return t

def index(c, k): return c[k]

phases = [[A(i) for i in range(20)], [B(i) for i in range(20)], [A(1.5), B(2)] * 10, [C(1)] * 5 + [A(2**70)], [A(i) for i in range(20)]]
for p in phases * 2:
    for _ in range(30):
        r = total(p)
    print(r)
for c, k in [([1, 2], 1), ((1, 2), 0), ("ab", 1), ({"k": 3}, "k"), (b"ab", 0), (range(5), 2), ([1, 2], -1), ([1, 2], slice(0, 1)), ([1, 2], True)] * 2:
    for _ in range(30):
        r = index(c, k)
    print(r)
