"""Recursion to RecursionError at the exact depth, in several shapes, and recovery afterwards."""
import sys

def depth(n=0):
    try:
        return depth(n + 1)
    except RecursionError:
        return n

def mutual_a(n): return mutual_b(n + 1)
def mutual_b(n): return mutual_a(n + 1)

class R:
    def __getattr__(self, name): return getattr(self, name + "x")
    def __repr__(self): return repr(self)

def ack(m, n):
    if m == 0: return n + 1
    if n == 0: return ack(m - 1, 1)
    return ack(m - 1, ack(m, n - 1))

print(ack(2, 8), depth(), depth())
for f in (lambda: mutual_a(0), lambda: repr(R()), lambda: R().a):
    try:
        f()
    except RecursionError as e:
        print(str(e)[:40])
def fib(n): return n if n < 2 else fib(n - 1) + fib(n - 2)
print(fib(18))
sys.setrecursionlimit(300)
print(depth(), fib(12))
sys.setrecursionlimit(1500)
print(depth())
def gen_depth(n):
    yield n
    yield from gen_depth(n + 1)
count = 0
try:
    for count in gen_depth(0): pass
except RecursionError:
    print(count)
