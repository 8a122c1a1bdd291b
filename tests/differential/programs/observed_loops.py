"""Tracing and profiling switched on in the middle of loops, generators, coroutines, operators of a class."""
import sys, gc, threading, asyncio, weakref, functools, itertools
ev=[]
def tracer(f,e,a):
    if f.f_code.co_name in ("work","leaf"):
        ev.append((f.f_code.co_name,e,f.f_lineno-f.f_code.co_firstlineno))
    return tracer
def leaf(x):
    y=x*2
    return y+1
def work(n, when):
    t=0
    for i in range(n):
        if i==when: sys.settrace(tracer); sys._getframe().f_trace=tracer
        t+=leaf(i)
        if i==when+2: sys.settrace(None)
    return t
for k in range(40): work(10,99)
print(work(10,4), ev); ev.clear()
print(work(10,0), ev); ev.clear()
prof=[]
def profiler(f,e,a): prof.append((f.f_code.co_name,e,getattr(a,"__name__",None)))
def pw(n):
    r=[]
    for i in range(n):
        if i==3: sys.setprofile(profiler)
        r.append(leaf(i)); len(r)
        if i==5: sys.setprofile(None)
    return r
for k in range(40): pw(2)
pw(9); print(prof)
def gen(n):
    t=0
    for i in range(n):
        x = yield i*t
        t += (x or 1)
    return t
def usegen(n):
    g=gen(n); r=[next(g)]
    try:
        while True: r.append(g.send(len(r)))
    except StopIteration as e: r.append(e.value)
    return r
def deleg(n):
    r = yield from gen(n)
    yield ("ret", r)
for k in range(40): u=usegen(6), list(deleg(5)), list(itertools.islice(gen(10),4))
print(u)
async def co(n):
    s=0
    for i in range(n):
        await asyncio.sleep(0); s+=i
    return s
async def main():
    return await asyncio.gather(*(co(i) for i in range(30)))
print(asyncio.run(main()))
class Node:
    __slots__=("v","n","__weakref__")
    def __init__(self,v,n): self.v=v; self.n=n
def chain(n):
    h=None
    for i in range(n): h=Node(i,h)
    s=0; p=h
    while p is not None: s+=p.v; p=p.n
    return s, sum(1 for _ in it(h))
def it(h):
    while h: yield h; h=h.n
for k in range(40): c=chain(50)
print(c)
@functools.lru_cache(None)
def memo(n): return n if n<2 else memo(n-1)+memo(n-2)
print(memo(80))
class V:
    def __init__(self,x,y): self.x=x; self.y=y
    def __add__(self,o): return V(self.x+o.x,self.y+o.y)
    def __mul__(self,k): return V(self.x*k,self.y*k)
    __rmul__=__mul__
    def __eq__(self,o): return isinstance(o,V) and (self.x,self.y)==(o.x,o.y)
    def __lt__(self,o): return self.x<o.x
    def __getitem__(self,i): return (self.x,self.y)[i]
    def __len__(self): return 2
    def __iter__(self): yield self.x; yield self.y
    def __contains__(self,q): return q==self.x
    def __call__(self,a=1,*,b=2): return self.x*a+self.y*b
    def __bool__(self): return self.x!=0
    def __neg__(self): return V(-self.x,-self.y)
    def __index__(self): return int(self.x)
    def __iadd__(self,o): self.x+=1; return self
    @property
    def n(self): return self.x**2+self.y**2
    @n.setter
    def n(self,v): self.x=v
    @classmethod
    def mk(cls,a): return cls(a,a)
    @staticmethod
    def st(a): return a+1
def vec(n):
    s=V(0,0.5); out=[]
    for i in range(n):
        v=V(i,i*0.5)
        s=s+v*2; s=3*v+s
        s+=v
        out.append((s==v, v<s, v[0], v[-1], len(v), tuple(v), 1 in v, v(), v(2,b=3), bool(v), (-v).x, [10,20,30,40,50,60,70,80,90][v], v.n, V.mk(i).y, V.st(i)))
        v.n=5
        out.append(v.x)
        try: v[2]
        except IndexError: out.append("ie")
    return out, s.x, s.y
for k in range(40): r=vec(8)
print(r)
