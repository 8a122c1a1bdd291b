"""Generators: send, throw, close, return value, yield from, reentrancy, generator expressions."""

def counter(n):
    total = 0
    for i in range(n):
        got = yield i
        if got is not None:
            total += got
    return total

def drive():
    g = counter(5)
    out = [next(g)]
    try:
        while True:
            out.append(g.send(10))
    except StopIteration as e:
        out.append(("done", e.value))
    return out

def delegate(n):
    r = yield from counter(n)
    yield ("result", r)
    yield from [1, 2]
    yield from "ab"

def robust():
    while True:
        try:
            x = yield "ready"
        except ValueError as e:
            yield ("caught", str(e))
        except GeneratorExit:
            print("closing")
            raise

for _ in range(40):
    r = drive(), list(delegate(3)), sum(i * i for i in range(20) if i % 2)
print(r)
g = robust()
print(next(g), g.throw(ValueError("v")), next(g))
g.close()
try:
    next(g)
except StopIteration as e:
    print("stop", e.value)
def tree(n): 
    if n:
        yield from tree(n - 1); yield n; yield from tree(n - 1)
print(list(tree(4)))
def self_running():
    yield next(me)
me = self_running()
try:
    next(me)
except ValueError as e:
    print(e)
def bad():
    raise StopIteration(1)
    yield
try:
    list(bad())
except RuntimeError as e:
    print(e, repr(e.__cause__))
fib = (lambda: (yield from ()))
print(list(fib()), counter(1).gi_frame.f_locals, counter.__name__)
def infinite():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b
it = infinite()
print([next(it) for _ in range(120)][-1])
