"""The truth of objects of all kinds, asked for by a callee whose frame is elided."""

import decimal
import enum
import fractions
import sys
import threading
import types


class Holder:
    def __init__(self, item):
        self.item = item

    def state(self):
        if self.item:
            return "yes"
        return "no"

    def denied(self):
        return not self.item

    def either(self, other):
        return self.item or other


class Plain:
    pass


class Bool:
    def __init__(self, value):
        self.value = value

    def __bool__(self):
        calls.append(sys._getframe(1).f_code.co_name)
        return self.value


class Length(Bool):
    __bool__ = None

    def __len__(self):
        calls.append(sys._getframe(1).f_lineno)
        return self.value


class Sized:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n


class ListOf(list):
    pass


class Backwards(list):
    def __bool__(self):
        return not len(self)


class Text(str):
    def __len__(self):
        return 0


class Color(enum.Enum):
    RED = 0


class Flags(enum.IntFlag):
    NONE = 0
    ONE = 1


def ask(h):
    return h.state(), h.denied(), h.either("other") is h.item


def warm(item):
    for _ in range(150):
        ask(Holder(item))


calls = []
ITEMS = [
    None, True, False, 0, 1, -1, 2**70, 0.0, -0.0, 0.5, float("nan"), 0j, 1j, "", "a", b"", b"a", bytearray(), bytearray(b"a"), [], [0],
    (), (0,), {}, {0: 0}, set(), {0}, frozenset(), range(0), range(1), Plain(), Plain, threading.RLock(), threading.Lock(), ask, len, types,
    Sized(0), Sized(3), ListOf(), ListOf([1]), Backwards(), Backwards([1]), Text("a"), Color.RED, Flags.NONE, Flags.ONE, decimal.Decimal(0),
    decimal.Decimal(2), fractions.Fraction(0), memoryview(b""), memoryview(b"a"), iter([]), (x for x in ()), slice(0), NotImplemented.__class__,
    types.SimpleNamespace(), types.MappingProxyType({}), object(), Ellipsis,
]  # fmt: skip
for first in (None, [1], threading.RLock(), 0, Plain(), "text", 0.5, Sized(1)):
    Holder.state, Holder.denied = (
        types.FunctionType(f.__code__.replace(), globals()) for f in (Holder.state, Holder.denied)
    )
    ask = types.FunctionType(ask.__code__.replace(), globals())
    warm(first)
    for item in ITEMS:
        print(ask(Holder(item)), end=" ")
    print()
for item in (Bool(True), Bool(False), Bool(3), Bool(None), Length(0), Sized(-1), Sized("x"), Sized(2**100)):
    try:
        print(ask(Holder(item)), calls)
    except Exception as error:
        print(type(error), error, calls)
    del calls[:]


# A class gets a truth of its own while machine code asks for it.
late = Plain()
print(ask(Holder(late)))
Plain.__bool__ = lambda self: False
print(ask(Holder(late)))
del Plain.__bool__
Plain.__len__ = lambda self: 0
print(ask(Holder(late)))
del Plain.__len__
print(ask(Holder(late)))
