"""sys._getframe inside warm functions: f_locals, f_lineno, f_back, f_code, positions, locals()."""
import inspect
import sys

def snap():
    f = sys._getframe(1)
    # f_lasti itself may point at any cache entry of the call, in stock as well: what it stands for is the position.
    return f.f_code.co_name, f.f_lineno, list(f.f_code.co_positions())[f.f_lasti // 2], sorted(f.f_locals.items(), key=lambda kv: kv[0]), f.f_back.f_code.co_name

def work(n):
    total = 0
    for i in range(n):
        total += i * 2
        if i == n - 1:
            half = total / 2
            s = snap()
    return s, locals().keys() >= {"total", "half"}

for n in range(1, 60):
    r = work(n)
print(r)
def outer(a):
    b = a + 1
    def inner(c):
        d = b + c
        return sorted(sys._getframe().f_locals.items()), sorted(sys._getframe(1).f_locals)
    return inner(5)
for i in range(40):
    r = outer(i)
print(r)
def unbound(flag):
    if flag: x = 1
    y = 2
    return locals()
print(unbound(0), unbound(1))
def stack():
    return [f.function for f in inspect.stack()[:3]], [(f.f_code.co_name, n) for f, n in __import__("traceback").walk_stack(None)][:2]
def a(): return stack()
for _ in range(5):
    r = a()
print(r[0])
def gen():
    x = 1
    yield sys._getframe().f_lineno
    x = 2
    yield sorted(sys._getframe().f_locals.items())
print(list(gen()))
