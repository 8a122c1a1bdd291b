"""sys.getrefcount of arguments, locals, constants of a container and loop variables inside warm functions."""
import sys

rc = sys.getrefcount

def arg(x): return rc(x)
def local(x):
    y = x
    z = [x, x]
    n = rc(x)
    del z
    return n, rc(x)
def loop(items):
    out = []
    for it in items:
        out.append(rc(it))
    return out
def local_new():
    x = object()
    y = x, x
    n = rc(x)
    y = None
    return n, rc(x)
class C:
    def method(self, o): return rc(self), rc(o)
    def attr(self): self.v = o = object(); return rc(o), rc(self.v)

# Called with *(...): a plain call from stock code hands its references over, or keeps them when any evaluator hook is set.
for _ in range(60):
    o = object()
    c = C()
    r = arg(*(o,)), local(*(o,)), loop(*([object(), o, object()],)), c.method(*(o,)), c.attr(*()), local_new(), rc(o), rc(c)
print(r)
def flat(n):
    o = object()
    before = rc(o)
    for i in range(n):
        t = (o, i)
        d = {"o": o}
        l = [o] * 3
        f = lambda: o
        s = str(i) + "x"
    del t, d, l, f
    return rc(o) - before
print(flat(10), flat(500))
