"""Functions whose __code__, __defaults__, globals or class change while warm."""

def f(x): return x + 1
def g(x): return x * 100
def call(x): return f(x)

for i in range(60):
    r = call(i)
print(r)
f.__code__ = g.__code__
print(call(3))
for i in range(60):
    r = call(i)
print(r)
def f(x): return "redefined", x
print(call(3))
old = f
f = lambda x: "lambda"
print(call(3), old(1))
class K:
    def m(self): return 1
k = K()
def use(): return k.m()
for _ in range(60): use()
K.m = lambda self: 2
print(use())
k.m = lambda: 3
print(use())
del k.m
del K.m
try:
    use()
except AttributeError as e:
    print(e)
K.__getattr__ = lambda self, n: lambda: n
print(use())
import math
def r(x): return math.floor(x)
for _ in range(60): r(1.5)
saved, math.floor = math.floor, lambda x: "patched"
print(r(1.5))
math.floor = saved
print(r(1.5))
def swap(n):
    out = []
    for i in range(n):
        if i == n // 2:
            swap_helper.__code__ = (lambda x: -x).__code__
        out.append(swap_helper(i))
    return out
def swap_helper(x): return x
print(swap(60)[28:33])
