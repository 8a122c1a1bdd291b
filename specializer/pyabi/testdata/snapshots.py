"""Writes snapshots of small functions, specialised by the stock interpreter, into a folder; checks what versions do.

Usage: snapshots.py FOLDER. Each snapshot becomes FOLDER/<function>.snapshot.
"""

import builtins
import math
import sys
from pathlib import Path

import shimtest

folder = Path(sys.argv[1])
assert shimtest.offsets_check() is None, shimtest.offsets_check()

number = 3


def helper(x):
    return x + 1


class Base:
    def __init__(self, a):
        self.a = a
        self.b = 2

    def method(self):
        return self.a + self.b


class Derived(Base):
    pass


class Slotted:
    __slots__ = ("u", "v")

    def __init__(self):
        self.u = 1

    def method(self):
        return self.u


class Failure(Exception):
    def method(self):
        return 1


class Meta(type):
    """A class that must not be asked anything while all classes are walked."""

    def __hash__(cls):
        raise RuntimeError("hash")

    def __eq__(cls, other):
        raise RuntimeError("eq")

    def __subclasses__(cls):
        raise RuntimeError("subclasses")


def hidden_instance():
    class Hidden(metaclass=Meta):
        __slots__ = ("u",)

        def method(self):
            return 1

    instance = Hidden()
    instance.u = 5
    return instance


def instance_values(o):
    o.b = 5
    return o.a + o.method()


def slots(o):
    o.v = 3
    return o.u + o.method()


def global_names(n):
    total = 0
    for i in range(n):
        total += helper(i) + len("abc") + number
    return total


def module_attributes(x):
    return math.sin(x) + math.pi


def class_method(o):
    return Base.method(o)


def construct(x):
    return Base(x).a


def method_with_dict(o):
    return o.method()


def hidden_class(o):
    return o.u + o.method()


def constants(a):
    return (1, -(2**40), 10**30, 2.5, "\xe9", "\ud800", b"x", None, True, ..., (1, (2, (3, (4, (5, (6,)))))), "long" * 1000)[a]


def comprehension(values):
    return [x + 1 for x in values]


def defaults(a, b=(1, 2), *, c=4):
    return defaults


hidden, failure = hidden_instance(), Failure()
failure.code = 1      # makes the dictionary that a Failure's methods are looked for in first
calls = {
    instance_values: Derived(2), slots: Slotted(), global_names: 5, module_attributes: 1.0, class_method: Base(1),
    construct: 2, method_with_dict: failure, hidden_class: hidden, constants: 0, comprehension: [1], defaults: 1,
}
for function, argument in calls.items():
    for _ in range(60):
        function(argument)
    data, references = shimtest.snapshot(function)
    (folder / f"{function.__name__}.snapshot").write_bytes(data)


def observed(a, b):
    return shimtest.snapshot(observed, sys._getframe())[0]


(folder / "observed.snapshot").write_bytes(observed(1, 2.5))

# A snapshot leaves nothing behind.
watched = [*calls, Base, Derived, Slotted, math, builtins, None, type, globals(), builtins.__dict__, helper, hidden]
for function in calls:
    shimtest.snapshot(function)
before = [sys.getrefcount(x) for x in watched]
for _ in range(50):
    for function in calls:
        shimtest.snapshot(function)
after = [sys.getrefcount(x) for x in watched]
assert before == after, (before, after)

# Versions given to functions are reset by the changes that guards on them have to notice.
OWN = 0xE0000000


def versioned(a=1, *, k=2):
    return a


def other(a=1, *, k=2):
    return 2


for attribute, value in (("__code__", other.__code__), ("__defaults__", (2,)), ("__kwdefaults__", {"k": 3})):
    shimtest.snapshot(versioned)
    assert shimtest.version(versioned) >= OWN, attribute
    setattr(versioned, attribute, value)
    assert shimtest.version(versioned) == 0, attribute
    shimtest.snapshot(versioned)
    assert shimtest.version(versioned) >= OWN
    if attribute != "__code__":
        delattr(versioned, attribute)
        assert shimtest.version(versioned) == 0, attribute

# Those given to tables of keys, by new and deleted names; never by values.
scope = {"__builtins__": builtins}
exec("y = 1\ndef reader(): return y + len([])", scope)
reader = scope["reader"]
shimtest.snapshot(reader)
own = shimtest.version(scope)
assert own >= OWN
scope["y"] = 2
assert shimtest.version(scope) == own
scope["new"] = 1
assert shimtest.version(scope) == 0
shimtest.snapshot(reader)
del scope["new"]
assert shimtest.version(scope) == 0
shimtest.snapshot(reader)
for _ in range(100):      # the interpreter specialises on a version of ours as on one of its own
    assert reader() == 2
scope["len"] = lambda values: 40
assert reader() == 42


class Shared:
    def __init__(self):
        self.a = 1

    def method(self):
        return 7


def call_method(o):
    return o.method()


def name_class():
    return Shared


first, second = Shared(), Shared()
shimtest.snapshot(name_class)
assert shimtest.version(Shared) >= OWN
first.new_attribute = 3
assert shimtest.version(Shared) == 0
shimtest.snapshot(name_class)
for _ in range(100):
    assert call_method(first) == 7
second.method = lambda: 8
assert call_method(second) == 8

# The builtins get theirs from the interpreter itself, in 16 bits.
for i in range(20):
    setattr(builtins, f"shimtest_{i}", i)
    assert shimtest.version(builtins.__dict__) == 0
    shimtest.snapshot(global_names)
    assert 0 < shimtest.version(builtins.__dict__) < 0x10000
print("ok")
