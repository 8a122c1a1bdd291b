"""Cells: counters, nested scopes, late binding, nonlocal, unbound free variables."""

def counter(start=0):
    n = start
    def step(by=1):
        nonlocal n
        n += by
        return n
    def peek():
        return n
    return step, peek

step, peek = counter(5)
for _ in range(100):
    step()
print(step(10), peek())
late = [lambda: i for i in range(3)]
early = [lambda i=i: i for i in range(3)]
print([f() for f in late], [f() for f in early])

def outer(a):
    def middle(b):
        def inner(c):
            return a, b, c, (lambda d: (a + b + c + d))(4)
        return inner
    return middle
for _ in range(50):
    r = outer(1)(2)(3)
print(r)

def unbound(flag):
    if flag:
        x = 1
    return lambda: x
print(unbound(True)())
try:
    unbound(False)()
except NameError as e:
    print(e)

def deleted():
    x = 1
    def f(): return x
    del x
    return f
try:
    deleted()()
except NameError as e:
    print(e)
print(outer(1).__closure__[0].cell_contents, outer(1).__code__.co_freevars)
