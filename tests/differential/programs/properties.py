"""property, classmethod, staticmethod, cached values, setters and deleters."""

class T:
    scale = 10
    def __init__(self): self._v = 1
    @property
    def v(self): return self._v * self.scale
    @v.setter
    def v(self, value):
        if value < 0:
            raise ValueError("negative")
        self._v = value
    @v.deleter
    def v(self): print("deleted")
    @classmethod
    def make(cls, n):
        t = cls(); t._v = n
        return t
    @staticmethod
    def twice(n): return n * 2
    @property
    def broken(self): return self.nothing

class U(T):
    scale = 3

def work(o, n):
    for i in range(n):
        o.v = i
        o._v += T.twice(i) + o.twice(1)
    return o.v

print(work(T(), 60), work(U(), 60), T.make(4).v, U.make(4).v, U().make(2).v)
t = T()
del t.v
for f in (lambda: setattr(t, "v", -1), lambda: t.broken, lambda: setattr(T.make(1), "broken", 1)):
    try:
        f()
    except (ValueError, AttributeError) as e:
        print(type(e).__name__, e)
t.__dict__["v"] = "shadow"
print(t.v)
