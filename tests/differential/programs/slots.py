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


# One instruction stores into slots of several classes: the first time, again, and after a deletion.
class Noted:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        notes.append(self.name)


class Base:
    __slots__ = ("first", "second")

    def __init__(self, value):
        self.first = value
        self.second = Noted(value)
        self.second = [value]


class Derived(Base):
    __slots__ = ("third",)

    def __init__(self, value):
        super().__init__(value)
        self.third = self.first


class Open(Base):
    pass


def refill(o):
    del o.first
    o.first = o
    del o.second
    o.second = None
    o.first = 3
    return o.first, o.second


notes = []
for i in range(60):
    made = [kind(i) for kind in (Base, Derived, Open)]
    seen = [(o.first, o.second, hasattr(o, "third")) for o in made], [refill(o) for o in made], len(notes)
    made[2].first = made[0]
    made[2].extra = i
print(seen, made[2].__dict__, made[2].first is made[0], notes[-4:])
