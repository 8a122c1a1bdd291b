"""Attributes of instances whose dictionary exists: made of inline values, and then grown, shrunk, replaced."""

import traceback


class Record:
    def __init__(self, a, b, c):
        self.a = a
        self.b = b
        self.c = c


def read(r):
    return r.a, r.b, r.c


def change(r, value):
    r.b = value
    return r.a, r.b


def add(r):
    return r.a + r.c


def warm(make):
    for k in range(120):
        r = make(k)
        seen = read(r), change(r, k + 1), add(r)
    return seen


def shared(k):
    r = Record(k, k + 1, k + 2)
    r.__dict__
    return r


def own(k):
    r = Record(k, k + 1, k + 2)
    r.__dict__ = {"a": k, "b": k * 2, "c": k * 3}
    return r


def failing(r):
    try:
        return read(r)
    except Exception as error:
        return "".join(traceback.format_exception(error))


def variants():
    r = Record(1, 2, 3)
    yield r  # inline values
    r.__dict__
    yield r  # split
    r.__dict__["new"] = 1
    yield r
    del r.b
    yield r  # a hole
    r.b = "again"
    yield r  # at another place
    r.__dict__ = dict(c=1, b=2, a=3)
    yield r
    r.__dict__[5] = "general keys"
    yield r
    r.__dict__ = {}
    yield r
    r.__dict__ = {f"k{i}": i for i in range(300)} | {"a": "wide", "b": "indices", "c": "here"}
    yield r
    r = Record(1, 2, 3)
    for i in range(40):
        setattr(r, f"x{i}", i)
    yield r
    r.__dict__
    yield r
    r = Record(1, 2, 3)
    r.__dict__.clear()
    yield r
    r = Record(1, 2, 3)
    r.__dict__.pop("a")
    yield r
    r.a = 7
    yield r


for make in (shared, own, lambda k: Record(k, 1, 2), shared):
    print(warm(make))
    for r in variants():
        print(failing(r))


# Values that die in a split dictionary while machine code holds them.
class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("gone", self.name)

    def __add__(self, other):
        holder.__dict__.clear()
        return self.name + other


def take(r):
    return r.a + "!"


for k in range(120):
    r = Record("text", 0, 0)
    r.__dict__
    take(r)
holder = Record(Noisy("one"), 0, 0)
holder.__dict__
print(take(holder))


# A class attribute shows where the dictionary has a hole.
class Default:
    b = "default"

    def __init__(self, n):
        self.a = n
        self.b = n
        self.c = n


for k in range(120):
    d = Default(k)
    d.__dict__
    read(d)
del d.b
print(read(d))
Default.b = property(lambda self: "property")
print(read(d), failing(Record(1, 2, 3)))
