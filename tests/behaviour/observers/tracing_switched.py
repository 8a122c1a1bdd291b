"""Trace and profile functions switched at every point of running loops and inlined callees."""
import sys, threading
LOG = []
class P:
    def __init__(self, v): self.v = v
    @property
    def twice(self): return self.v + self.v
    def get(self): return self.v
def tracer(frame, event, arg):
    if frame.f_code.co_filename != __file__: return None
    LOG.append((event[0], frame.f_code.co_name, frame.f_lineno, sorted(k for k in frame.f_locals)))
    return tracer
def profiler(frame, event, arg):
    if frame.f_code.co_filename != __file__: return
    LOG.append((event, frame.f_code.co_name, frame.f_lineno, getattr(arg, "__name__", "")))
N = 0
AT = {}
def tick():
    global N
    N += 1
    action = AT.get(N)
    if action: action()
def leaf(x):
    tick()
    return x + 1
def middle(x, p):
    y = leaf(x)
    return y + p.twice + p.get()
def loop(n):
    p = P(2)
    t = 0
    for i in range(n):
        t += middle(i, p)
        q = P(i)
        t += q.get()
    return t
def comp(n):
    return [leaf(k) for k in range(n)]
def gen(n):
    for i in range(n):
        yield leaf(i)
def drive(n):
    t = 0
    for v in gen(n):
        t += v
    return t
def on_trace(): sys.settrace(tracer)
def off(): sys.settrace(None); sys.setprofile(None)
def on_profile(): sys.setprofile(profiler)
def on_frame():
    sys.settrace(tracer)
    f = sys._getframe(1)
    while f:
        f.f_trace = tracer
        f = f.f_back
def on_caller():
    f = sys._getframe(3)
    sys.settrace(lambda *a: None)
    f.f_trace = tracer
for func in (loop, comp, drive):
    for _ in range(40): func(20)
    for action in (on_trace, on_profile, on_frame, on_caller):
        for start, end in ((3, 8), (100, 103), (150, 171)):
            N = 0
            AT = {start: action, end: off}
            LOG.clear()
            r = func(200)
            off()
            print(func.__name__, action.__name__, start, end, r, len(LOG), *LOG[:40])

def th():
    out = []
    threading.settrace(tracer); threading.setprofile(None)
    def body(): out.append(loop(6))
    LOG.clear()
    t = threading.Thread(target=body); t.start(); t.join()
    threading.settrace(None)
    print(out, len(LOG), LOG[:30])
    LOG.clear()
    threading.setprofile(profiler)
    t = threading.Thread(target=body); t.start(); t.join()
    threading.setprofile(None)
    print(out, len(LOG), LOG[:30])
AT = {}
th()
