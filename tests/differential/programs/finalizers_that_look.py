"""Finalizers that look at the locals and the line of the frame that released the object."""
# finalizers that look, locals that are watched
import sys, gc, weakref
class D:
    log=[]
    def __init__(self, n): self.n=n
    def __del__(self):
        f=sys._getframe(1)
        D.log.append((self.n, f.f_code.co_name, f.f_lineno - f.f_code.co_firstlineno, sorted((k, v if isinstance(v,(int,float,str,type(None))) else type(v).__name__) for k,v in f.f_locals.items())))
def a(n):
    x = D(0)
    t = 0.5
    for i in range(n):
        t = t + i
        x = D(i)
        y = i * 2
    x = None
    t = t * 2
    return t, y
def b(n):
    l = [D(-1)]
    s = 0
    while s < n:
        s += 1
        l[0] = D(s)
        k = s + 0.25
    l.clear()
    return s, k
def c(n):
    d = {}
    for i in range(n):
        d["k"] = D(i)
        z = (D(i + 100), i)
        z = i
    return z
def e(n):
    class H: pass
    h = H()
    for i in range(n):
        h.a = D(i)
        q = i + 1
        h.a = q
    del h
    return q
def h(n):
    for i in range(n):
        try:
            u = D(i)
            v = i
            if i % 2: raise ValueError(u)
        except ValueError as err:
            v = -i
            u = None
    return v
def j(n):
    p, q = D(1), D(2)
    for i in range(n):
        p, q = q, p
        p = D(i) if i % 3 == 0 else p
    del p
    q = 1
    return q
for f in (a,b,c,e,h,j):
    for rep in range(25):
        D.log.clear()
        r=f(6)
        gc.collect()
    print(f.__name__, r, D.log)
