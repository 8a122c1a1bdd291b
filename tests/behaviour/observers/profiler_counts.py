"""cProfile counts."""
import cProfile, pstats, io, json, re, functools
class A:
    def __init__(self, x): self.x = x
    def m(self): return self.x * 2
    @property
    def p(self): return self.x
    @staticmethod
    def s(x): return x
    @classmethod
    def c(cls, x): return cls(x)
    def __add__(self, o): return self.x + o
    def __len__(self): return 3
    def __getitem__(self, i):
        if i > 5: raise IndexError
        return i
def leaf(x, *, k=1): return x + k
def star(*a, **k): return len(a) + len(k)
def gen(n):
    for i in range(n): yield leaf(i)
def fib(n): return n if n < 2 else fib(n-1) + fib(n-2)
async def co(n):
    for i in range(n): await sub(i)
async def sub(i): return i
def drive(c):
    try:
        while True: c.send(None)
    except StopIteration: pass
@functools.lru_cache(None)
def cached(i): return i
def raising(i):
    try:
        if i % 2: raise ValueError
        return leaf(i)
    except ValueError:
        return 0
def work(n):
    t = 0
    for i in range(n):
        a = A(i); t += a.m() + a.p + A.s(i) + A.c(i).x + (a + 1) + len(a) + leaf(i, k=2) + star(i, *(1, 2), z=3)
        t += sum(gen(4)) + sum(a) + max(i, 3) + abs(-i) + len([1]) + cached(i) + raising(i)
        t += sorted([3, 1, 2], key=lambda v: -v)[0]
        t += sum(leaf(v) for v in (1, 2)) + sum([leaf(v) for v in (1, 2)])
        s = {}; s.setdefault(i, []).append(1); str(i); isinstance(i, int); ",".join(map(str, (1, 2)))
    t += fib(8); drive(co(5))
    return t
for _ in range(40): work(20)
def show(p):
    st = pstats.Stats(p)
    for k, (cc, nc, tt, ct, callers) in sorted(st.stats.items()):
        name = re.sub(r"0x[0-9a-f]+", "0x", k[2])
        print(k[1], name, cc, nc, sorted((c[2], v[:2]) for c, v in callers.items()))
for r in range(3):
    p = cProfile.Profile()
    p.enable(); work(30); p.disable()
    show(p)
# switched on and off in the middle
def mid(n, p):
    t = 0
    for i in range(n):
        if i == 10: p.enable()
        t += leaf(i) + A(i).m() + fib(3)
        if i == 20: p.disable()
    return t
for _ in range(30): mid(5, None)
for r in range(3):
    p = cProfile.Profile(); mid(30, p); show(p)
p = cProfile.Profile(builtins=False, subcalls=False); p.runcall(work, 10); show(p)
