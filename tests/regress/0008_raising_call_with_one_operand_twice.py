"""A call that raises has consumed each of its operands once for every time it got them, also those that are passed twice."""

import sys
G = None
class Thing: pass
def from_cell(make):
    x = make()
    def inner():
        return len([1]) + abs(max(x, x))
    for _ in range(3):
        try: inner()
        except TypeError: pass
    return sys.getrefcount(x)
def from_global():
    global G
    G = Thing()
    def inner(): return max(G, G)
    for _ in range(3):
        try: inner()
        except TypeError: pass
    return sys.getrefcount(G)
def from_attr():
    t = Thing(); t.a = Thing()
    def inner(t):
        y = t.a
        return max(y, y)
    for _ in range(3):
        try: inner(t)
        except TypeError: pass
    return sys.getrefcount(t.a)
def from_call():
    o = Thing(); L=[o]
    def inner(z): return (lambda: z + max(o, o))()
    for _ in range(3):
        try: inner(0)
        except TypeError: pass
    return sys.getrefcount(o)
for _ in range(30): r = from_cell(Thing), from_global(), from_attr(), from_call()
print(r)
