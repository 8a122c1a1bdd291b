"""Classes, instances, globals, builtins and functions that change under a running loop."""
# things changing under a running loop
import sys, types
class A:
    k = 1
    def __init__(self, v): self.v = v
    def m(self): return self.v + self.k
class B(A):
    def m(self): return -self.v
class S:
    __slots__=("a","b")
    def __init__(self): self.a=1; self.b=2
def helper(x): return x+1
def helper2(x): return x*10
G=1
def change(i, o, fn):
    global G, helper, len
    if i==5: A.k = 100
    if i==7: o.k = 50
    if i==9: del o.k
    if i==11: o.__class__ = B
    if i==13: o.__class__ = A
    if i==15: A.m = lambda self: "patched"
    if i==17: G = "str"
    if i==19: helper = helper2
    if i==21: helper.__code__ = (lambda x: x-1000).__code__
    if i==23: helper.__defaults__ = (7,)
    if i==25: len = lambda x: -1
    if i==27: del len
    if i==29: o.__dict__ = {"v": 99, "other": 1}
    if i==31: o.__dict__["m"] = lambda: "inst"
    if i==33: del o.v
    if i==35: o.v = 3.5
    if i==37: A.v = property(lambda self: "prop")
    if i==39: del A.v
    if i==41: A.__getattr__ = lambda self, n: n
    if i==43: o.__dict__.clear()
def loop(o, s, xs):
    out=[]
    for i in range(50):
        try:
            r = (o.v, o.k, o.m(), G, helper(3), len(xs), s.a)
        except Exception as e:
            r = repr(e)
        out.append(r)
        change(i, o, helper)
        if i == 20: del s.a
        if i == 30: s.a = "x"
    return out
saveA=dict(A.__dict__)
for rep in range(3):
    class A:
        k = 1
        def __init__(self, v): self.v = v
        def m(self): return self.v + self.k
    class B(A):
        def m(self): return -self.v
    def helper(x): return x+1
    G=1
    print(loop(A(1), S(), [1,2]))
def rebinding():
    def f(): return 1
    def g(): return 2
    fs=[]
    for i in range(60):
        h = f if i%3 else g
        if i==30: f.__code__ = (lambda: "new").__code__
        fs.append(h())
    return fs
print(rebinding(), rebinding())
class Meta(type):
    def __call__(cls, *a): return ("meta", a)
class M(metaclass=Meta): pass
class N:
    def __new__(cls, *a): return a
class O:
    def __init__(self, a, b=2, *c, d=4): self.t=(a,b,c,d)
class P:
    def __init__(self): return 5
def make(k, *a):
    try: r=k(*a)
    except TypeError as e: return str(e)
    return getattr(r,"t",r) if not isinstance(r,(P,)) else "P"
for _ in range(30):
    r=[make(M,1),make(N,1,2),make(O,1),make(O,1,2,3),make(O),make(P),make(int,"5"),make(str,5),make(type,3)]
print(r)
def inits(n):
    t=[]
    for i in range(n):
        x=O(i)
        if i==n//2:
            O.__init__ = lambda self, a: setattr(self,"t",("patched",a))
        if i==n//2+3:
            O.__new__ = staticmethod(lambda cls, a: object.__new__(cls))
        if i==n//2+6:
            O.__slots__ = ()
        t.append(x.t)
    return t
print(inits(40))
