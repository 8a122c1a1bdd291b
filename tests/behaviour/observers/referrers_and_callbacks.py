import gc, sys, weakref, inspect, traceback
class T:
    pass
class Node:
    def __init__(self, v, n=None): self.v = v; self.n = n
log = []
def refs(n):
    a = [1, 2]; b = {"k": a}; t = (a,)
    for i in range(n):
        c = a
        if i % 10 == 0:
            r = gc.get_referrers(a)
            log.append(sorted(type(x).__name__ for x in r if x is not globals()))
    return c
def cbs(n):
    order = []
    for i in range(n):
        o = Node(i); w1 = weakref.ref(o, lambda r, i=i: order.append(("a", i))); w2 = weakref.ref(o, lambda r, i=i: order.append(("b", i)))
        weakref.finalize(o, order.append, ("f", i))
        p = Node(i, o)
        del o
        order.append(("del", i))
        p = None
        order.append(("p", i))
    return order
def cycles(n):
    order = []
    for i in range(n):
        a = Node(i); b = Node(i, a); a.n = b
        w = weakref.ref(a, lambda r: order.append(i))
        del a, b
        order.append("before")
        gc.collect()
        order.append(w() is None)
    return order
def who():
    f = sys._getframe(1)
    return f.f_code.co_name, f.f_lineno
class D:
    def __init__(self, log): self.log = log
    def __del__(self):
        f = sys._getframe(1)
        self.log.append((f.f_code.co_name, f.f_lineno, [k for k in f.f_locals]))
def use(d): return 1
def make(log): return D(log)
def dying(n):
    log = []
    for i in range(n):
        d = D(log)
        d = 5
        use(D(log))
        make(log)
        x = [make(log) for _ in range(1)]
        x = None
        y = (make(log), make(log))
        a, b = y
        y = a = None
        b = None
        z = make(log) if i % 2 else None
        if make(log): pass
        for q in (make(log),): pass
        q = 0
        try:
            k = make(log)
            raise ValueError(k)
        except ValueError as e:
            k = None
        z = 1
    return log
for r in range(3):
    refs(40); print(*log, sep="\n"); log.clear()
    print(cbs(40)[-20:])
    print(cycles(25)[-9:])
    print(*dying(30), sep="\n")
def tb(n):
    try:
        return 1 / (n - 30)
    except ZeroDivisionError as e:
        tb = e.__traceback__
        return [(tb.tb_lineno, tb.tb_lasti, tb.tb_frame.f_lineno, tb.tb_frame.f_lasti, sorted(tb.tb_frame.f_locals))]
for i in range(60):
    v = tb(i)
    if i == 30: print(v)
def ins(n):
    def clos(): return n
    for i in range(n):
        if i == 30:
            f = inspect.currentframe()
            print(sorted(inspect.getargvalues(f).locals), inspect.getclosurevars(clos).nonlocals)
            print(f.f_back.f_lineno, f.f_code.co_name, f.f_builtins is __builtins__.__dict__ , f.f_globals is globals(), f.f_trace, f.f_trace_lines)
    return i
for _ in range(5): ins(40)
def gi(n):
    for i in range(n):
        yield i
g = gi(100)
for v in g:
    if v > 60: print(inspect.getgeneratorstate(g), g.gi_frame.f_lineno, g.gi_frame.f_locals, g.gi_running, g.gi_yieldfrom); break
async def aw(): 
    for i in range(50): await A1()
class A1:
    def __await__(self): yield 1
c = aw()
for i in range(40): c.send(None)
print(inspect.getcoroutinestate(c), c.cr_frame.f_lineno, c.cr_await is not None, c.cr_frame.f_locals); c.close()
