"""Operator methods: reflected, in-place, NotImplemented, comparison, containment, truth, call, index."""

class N:
    def __init__(self, v): self.v = v
    def __repr__(self): return f"N({self.v})"
    def __add__(self, o): return N(self.v + o.v) if isinstance(o, N) else NotImplemented
    def __radd__(self, o): return N(o + self.v)
    def __iadd__(self, o): self.v += o.v; return self
    def __mul__(self, o): return N(self.v * o)
    __rmul__ = __mul__
    def __neg__(self): return N(-self.v)
    def __invert__(self): return N(~self.v)
    def __abs__(self): return abs(self.v)
    def __matmul__(self, o): return ("mat", self.v, o)
    def __bool__(self): return self.v > 0
    def __len__(self): return 3
    def __contains__(self, x): return x == self.v
    def __call__(self, *a, **k): return (self.v, a, k)
    def __index__(self): return self.v
    def __getitem__(self, i):
        if i >= 3: raise IndexError(i)
        return i * self.v
    def __eq__(self, o): return isinstance(o, N) and self.v == o.v
    def __lt__(self, o): return self.v < o.v
    def __hash__(self): return self.v
    def __divmod__(self, o): return "divmod"
    def __pow__(self, o, m=None): return ("pow", o, m)

def use(a, b):
    c = a + b
    a += b
    return c, a, 1 + a, 2 * b, b * 2, -a, ~b, abs(a), a @ b, not a, a == b, a != b, a < b, a > b, 5 in b, b(1, k=2), list(b), [10, 20, 30, 40][b]

for i in range(40):
    r = use(N(i), N(3))
print(r, divmod(N(1), 2), N(1) ** 2, pow(N(1), 2, 3), bool(N(0)), len(N(0)), hex(N(255)))
for f in (lambda: N(1) + "a", lambda: N(1) - 1, lambda: 1 @ N(1), lambda: N(1) <= N(2), lambda: N(1)[5]):
    try:
        print(f())
    except Exception as e:
        print(type(e).__name__, e)
