"""faulthandler, _current_frames, current exceptions of other threads running in compiled loops."""
import faulthandler, sys, threading, tempfile, traceback, os, re, time
stop = False
started = []
def leaf(x): return x + 1
class P:
    def __init__(self): self.v = 0
    def step(self):
        self.v = leaf(self.v)
        return self.v
def spin(ready):
    p = P()
    n = 0
    while not stop:
        p.step()
        n += 1
        if n == 20000: ready.set()
    return n
def float_spin(ready):
    x = 0.0; n = 0
    while not stop:
        x = x * 0.5 + 1.0
        n += 1
        if n == 50000: ready.set()
    return x
def g(ready):
    n = 0
    while not stop:
        n += 1
        if n == 20000: ready.set()
        yield n
def gen_spin(ready):
    for v in g(ready): leaf(v)
def body(func, ready): func(ready)
def outer(func, ready): body(func, ready)
threads = []
for func in (spin, float_spin, gen_spin):
    r = threading.Event()
    t = threading.Thread(target=outer, args=(func, r), name=func.__name__); t.start()
    r.wait(60); threads.append(t)
bad = []
def norm(lines):
    # the innermost frame may be anywhere: keep the named outer frames only
    return lines
names = {"spin", "float_spin", "gen_spin"}
allowed = {"leaf", "step", "__init__", "g"}
seen = {n: set() for n in names}
for k in range(50):
    with tempfile.TemporaryFile("w+") as f:
        faulthandler.dump_traceback(f, all_threads=True)
        f.seek(0); text = f.read()
    for block in text.split("\n\n"):
        funcs = re.findall(r'File "[^"]*other_threads.py", line (\d+) in (\S+)', block)
        n = [x for l, x in funcs if x in names]
        if n:
            i = [x for l, x in funcs].index(n[0])
            if [x for l, x in funcs[i + 1:]] != ["body", "outer"]: bad.append(block)
            if any(x not in allowed for l, x in funcs[:i]): bad.append(block)
            seen[n[0]].add(int(funcs[i][0]))
    for tid, frame in sys._current_frames().items():
        st = traceback.extract_stack(frame)
        nm = [s.name for s in st if s.filename == __file__]
        own = [x for x in nm if x in names]
        if own:
            i = nm.index(own[0])
            if nm[:i] != ["outer", "body"] or any(x not in allowed for x in nm[i+1:]): bad.append(nm)
            l = [s for s in st if s.name == own[0]][0]
            seen[own[0]].add(l.lineno)
            f = frame
            while f is not None:
                f.f_locals; f = f.f_back
    time.sleep(0.0005)
stop = True
for t in threads: t.join()
print(bad[:3], {k: len(v) > 0 for k, v in seen.items()})
