"""Callables of every kind at one call site: functions, methods, classes, builtins, partials, instances."""
import functools
import operator

class C:
    def __init__(self, a=0): self.a = a
    def m(self, x): return ("m", self.a, x)
    @classmethod
    def c(cls, x): return ("c", cls.__name__, x)
    @staticmethod
    def s(x): return ("s", x)
    def __call__(self, x): return ("call", x)
    def __repr__(self): return f"C({self.a})"

def call(f, x):
    return f(x)

fs = [C(1).m, C.c, C(2).c, C.s, C(3), C, abs, str, functools.partial(pow, 2), operator.neg, lambda x: x, C.m.__get__(C(4)), [1, 2, 3, 4, 5, 6].__getitem__, int, type, list.append.__get__([])]
for round in range(3):
    for f in fs:
        for _ in range(15):
            r = call(f, 5)
        print(round, r)
for bad in (None, 5, "s", C(0).a):
    try:
        call(bad, 1)
    except TypeError as e:
        print(e)
@functools.lru_cache(None)
def memo(n): return n if n < 2 else memo(n - 1) + memo(n - 2)
print(memo(80), memo.cache_info())
def deco(f):
    @functools.wraps(f)
    def w(*a, **k): return f(*a, **k) + 1
    return w
@deco
@deco
def deco_target(a, b=2): return a + b
print([deco_target(i) for i in range(40)][-1], deco_target.__name__)
print(sorted([3, 1, 2], key=lambda x: -x), max("abc", key=ord), list(map(C(9).m, range(3))), functools.reduce(lambda a, b: a * b, range(1, 10)))
