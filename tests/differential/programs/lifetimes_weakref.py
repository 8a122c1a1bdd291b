"""Weak references tell when arguments, temporaries, loop variables and captured exceptions die."""
import gc
import weakref

class O:
    pass

def alive(refs): return [r() is not None for r in refs]

def callee(x, refs):
    y = x
    x = None
    a = alive(refs)
    y = None
    return a, alive(refs)

def test():
    refs = []
    o = O(); refs.append(weakref.ref(o))
    r1 = callee(o, refs)
    t = (o, 1)
    o = None
    r2 = alive(refs)
    t = None
    r3 = alive(refs)
    p = O(); refs.append(weakref.ref(p))
    try:
        raise KeyError(p)
    except KeyError as e:
        p = None
        r4 = alive(refs)
    r5 = alive(refs)
    q = [O() for _ in range(3)]
    refs += [weakref.ref(x) for x in q]
    for x in q:
        pass
    q = None
    r6 = alive(refs)
    x = None
    r7 = alive(refs)
    return r1, r2, r3, r4, r5, r6, r7

for _ in range(40):
    r = test()
print(r)
def cycle():
    a = O(); b = O(); a.b = b; b.a = a
    w = weakref.ref(a)
    del a, b
    before = w() is not None
    gc.collect()
    return before, w() is not None
gc.disable()
print([cycle() for _ in range(10)][-1])
def gen():
    o = O()
    yield weakref.ref(o)
    yield 1
g = gen(); w = next(g); print(w() is not None); g.close(); print(w() is None)
def passed(*args): return args[0]() is None
def temp():
    return passed(weakref.ref(O()))
print([temp() for _ in range(30)][-1])
