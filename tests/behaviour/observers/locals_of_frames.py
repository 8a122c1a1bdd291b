"""f_locals at every call current, of every frame, from callees, other threads' view, generators, after writes by a tracer."""
import sys, inspect, traceback
def look(depth=1):
    f = sys._getframe(depth)
    out = []
    while f is not None and f.f_code.co_name != "<module>":
        d = f.f_locals
        out.append((f.f_code.co_name, f.f_lineno, sorted((k, v) for k, v in d.items() if isinstance(v, (int, float, str)))))
        f = f.f_back
    return out
rows = []
def inner(a, b):
    c = a * 2
    if a % 7 == 0: rows.append(look())
    d = c + b
    if a % 7 == 0: rows.append(look())
    return d
class C:
    def __init__(self, a):
        self.a = a
        if a % 11 == 0: rows.append(look())
        z = a + 1
    def m(self, k=5):
        r = self.a + k
        if self.a % 13 == 0: rows.append(look())
        return r
    @property
    def p(self):
        r = self.a
        if self.a % 13 == 0: rows.append(look())
        return r
    def __getattr__(self, name):
        if self.a % 13 == 0: rows.append(look())
        return 1
    def __add__(self, o):
        w = o
        if self.a % 13 == 0: rows.append(look())
        return w
    def __del__(self):
        if self.a % 17 == 0: rows.append(look())
def loop(n):
    t = 0
    x = 1.5
    for i in range(n):
        t = inner(i, t) & 0xffff
        x = x * 1.0 + i
        o = C(i)
        t += o.m() + o.p + o.zz + (o + 1)
        del o
        t += sum([inner(j, 1) for j in range(2)])
        if i % 5 == 0: e = i
    return t, x
def g(n):
    s = 0
    for i in range(n):
        s += i
        got = yield look(1) if i % 9 == 0 else None
        s += got or 0
def h(n):
    it = g(n)
    v = next(it)
    for i in range(n - 1):
        if v: rows.append(v)
        v = it.send(i)
    return v
def running(n):
    for i in range(n):
        if i % 20 == 0:
            f = inspect.currentframe()
            rows.append([(x.function, x.lineno, x.positions) for x in inspect.stack(0)[:2]])
            rows.append([(s.name, s.lineno, s.colno, s.end_colno) for s in traceback.extract_stack(f)])
            rows.append(inspect.getframeinfo(f).positions)
            rows.append(sorted(inspect.getargvalues(f).locals))
    return i
def out():
    for r in rows: print(r)
    rows.clear()
for _ in range(6):
    print(loop(60)); out()
    print(h(40)); out()
    print(running(60)); out()
def many():
    for _ in range(40): inner(1, 2); C(1).m()
    return look(0)
print(many()); print(many()); out()
