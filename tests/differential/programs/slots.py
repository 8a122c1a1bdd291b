"""__slots__: load, store, delete, unset, inheritance with and without a dict."""

class P:
    __slots__ = ("x", "y")
    def __init__(self, x, y): self.x = x; self.y = y
    def norm(self): return self.x * self.x + self.y * self.y

class Q(P):
    __slots__ = ("z",)

class R(P):
    pass

def total(ps):
    t = 0
    for p in ps:
        t += p.norm()
        p.x += 1
    return t

ps = [P(1, 2), Q(3, 4), R(5, 6)]
print([total(ps) for _ in range(40)][-1])
for p in ps:
    for name in ("z", "w"):
        try:
            setattr(p, name, 1)
            print(type(p).__name__, name, getattr(p, name))
        except AttributeError as e:
            print(e)
del ps[0].x
try:
    ps[0].norm()
except AttributeError as e:
    print(e)
ps[0].x = 2.5
print(ps[0].norm(), hasattr(ps[0], "__dict__"), hasattr(ps[2], "__dict__"))
