"""Threads in hot code: results, exceptions in threads, locals, locks, an asynchronous switch interval."""
import sys
import threading

sys.setswitchinterval(1e-5)
lock = threading.Lock()
shared = {"n": 0}

def work(k, out):
    total = 0
    for i in range(3000):
        total += i * k % 7
        if i % 100 == 0:
            with lock:
                shared["n"] += 1
    out[k] = total

def fail():
    def inner(n):
        if n == 0: raise ValueError("in thread")
        return inner(n - 1)
    inner(10)

out = {}
threads = [threading.Thread(target=work, args=(k, out)) for k in range(6)]
for t in threads: t.start()
for t in threads: t.join()
print(sorted(out.items()), shared)
threading.excepthook = lambda a: print(a.exc_type.__name__, a.exc_value, [f.name for f in __import__("traceback").extract_tb(a.exc_traceback)][1:])
t = threading.Thread(target=fail); t.start(); t.join()
local = threading.local()
def use_local(v, res):
    local.v = v
    for _ in range(200):
        local.v += 1
    res.append(local.v)
res = []
ts = [threading.Thread(target=use_local, args=(i, res)) for i in range(4)]
for t in ts: t.start()
for t in ts: t.join()
print(sorted(res))
def gen():
    for i in range(6):
        yield i
g = gen(); got = []
for _ in range(3):
    t = threading.Thread(target=lambda: got.extend((next(g), next(g)))); t.start(); t.join()
print(got)
