"""Every way to pass an argument, and every message for passing a wrong one."""

def plain(a, b, c): return a, b, c
def default(a, b=2, c=3): return a, b, c
def keyword(a, *, b, c=9): return a, b, c
def positional(a, b, /, c, d=4): return a, b, c, d
def variadic(a, *args, b=1, **kw): return a, args, b, sorted(kw.items())

CALLS = [
    (plain, (1, 2, 3), {}), (plain, (1,), {"c": 3, "b": 2}), (plain, (1, 2), {}), (plain, (1, 2, 3, 4), {}),
    (plain, (1, 2), {"a": 3}), (plain, (1, 2, 3), {"z": 1}), (default, (1,), {}), (default, (), {}),
    (default, (1,), {"c": 7}), (default, (1, 2, 3, 4), {}), (keyword, (1,), {"b": 2}), (keyword, (1, 2), {"b": 2}),
    (keyword, (1,), {}), (positional, (1, 2, 3), {}), (positional, (1,), {"b": 2, "c": 3}), (positional, (1, 2), {"c": 3, "d": 5}),
    (variadic, (1, 2, 3), {"b": 4, "x": 5}), (variadic, (), {"a": 1, "q": 2}), (variadic, (), {}), (variadic, (1,), {"a": 2}),
]
for round in range(3):
    for f, args, kw in CALLS:
        try:
            r = f(*args, **kw)
        except TypeError as e:
            r = str(e)
    print(round, r)
for f, args, kw in CALLS:
    try:
        print(f.__name__, f(*args, **kw))
    except TypeError as e:
        print(f.__name__, e)
def direct(i):
    return default(i), default(i, 5), default(i, c=i), keyword(i, b=i), variadic(i, 1, 2, z=i), default(*[i], **{"b": 1})
for i in range(50):
    r = direct(i)
print(r)
def mutable(a, acc=[]):
    acc.append(a)
    return acc
print(mutable(1), mutable(2), mutable.__defaults__)
default.__defaults__ = (20, 30)
print(default(1))
default.__defaults__ = None
try:
    default(1)
except TypeError as e:
    print(e)
