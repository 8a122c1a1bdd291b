"""Attributes and methods of objects whose classes take turns from the beginning, and of objects that are mostly of one class."""

import sys


class Base:
    kind = "base"

    def __init__(self, value):
        self.value = value

    def get(self):
        return self.value

    def name(self):
        return type(self).__name__ + self.kind


class First(Base):
    kind = "first"


class Second(Base):
    def get(self):
        return self.value + 1


class Third(Base):
    __slots__ = ("slot",)

    def __init__(self, value):
        super().__init__(value)
        self.slot = value * 2

    @property
    def twice(self):
        return self.slot


class Slotted:
    __slots__ = ("value", "kind")

    def __init__(self, value):
        self.value, self.kind = value, "slotted"

    def get(self):
        return -self.value

    def name(self):
        return self.kind


class Dynamic:
    kind = "dynamic"

    def __getattr__(self, name):
        if name == "value":
            return 7
        raise AttributeError(name)

    def get(self):
        return self.value

    def name(self):
        return self.kind


def load(item):
    return item.value, item.kind


def store(item, n):
    item.value = n
    return item.value


def call(item):
    return item.get(), item.name()


def around(items):
    total = 0
    for item in items:
        total += item.value
        item.value = total % 5
        total += item.get() + len(item.name())
    return total


def turns(classes, rounds):
    items = [cls(i) for i, cls in enumerate(classes)]
    out = []
    for i in range(rounds):
        item = items[i % len(items)]
        out.append((load(item), call(item), store(item, i), around(items)))
    return out[::37], out[-3:]


KINDS = (First, Second, Third, Slotted, Base)
print(turns(KINDS, 400))
print(turns(KINDS[:2], 400))
print(turns((First,) * 40 + (Second,), 400))


def fresh(function):
    return type(function)(function.__code__.replace(), globals())


load, store, call, around = map(fresh, (load, store, call, around))
print(turns((First,) * 40 + (Second,), 500))
load, store, call, around = map(fresh, (load, store, call, around))
print(turns((First, Third) * 3, 500))
First.kind = "changed"
Second.get = lambda self: "patched"[: self.value % 3].__len__()
print(turns((First, Second, Third), 300))
dynamic = Dynamic()
print(load(dynamic), call(dynamic), store(dynamic, 3), around([dynamic, Slotted(2), dynamic]))
del dynamic.value
print(load(dynamic), call(dynamic))
try:
    load(Slotted.__new__(Slotted))
except AttributeError as error:
    print(error, error.__traceback__.tb_next.tb_lineno, sys.exc_info()[0])
