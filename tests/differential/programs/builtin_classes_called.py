"""isinstance, type, str and tuple called with one object of many kinds; strs added, formatted, used afterwards."""

import abc
import collections.abc

NO_TEXT = 5


class Meta(type):
    def __instancecheck__(cls, instance):
        if instance == 13:
            raise ValueError("thirteen")
        return instance == 12


class Checked(metaclass=Meta):
    pass


class Base(abc.ABC):
    pass


class Derived(Base):
    def __str__(self):
        return "derived"


class Registered:
    def __str__(self):
        raise KeyError("no text")


Base.register(Registered)


class Lies:
    __class__ = int

    def __str__(self):
        return Text("subclass")


class Text(str):
    def __init__(self, *args):
        self.made = args

    def __add__(self, other):
        return "Text.add", other

    def __format__(self, spec):
        return "formatted " + spec


class NoText:
    def __str__(self):
        return NO_TEXT


class Items:
    def __repr__(self):
        return "items"

    def __iter__(self):
        return iter([1, 2, 3])


class BadItems:
    def __repr__(self):
        return "bad items"

    def __iter__(self):
        yield 1
        raise OSError("bad")


def check(x, cls):
    if isinstance(x, cls):
        return "yes"
    return isinstance(x, cls)


def fixed(x):
    return isinstance(x, int), isinstance(x, (str, Base)), isinstance(x, Checked)


def kind(x):
    return type(x).__name__, type(x) is int, type(x)


def text(x):
    return str(x)


def items(x):
    return tuple(x)


def join(a, b):
    c = a + b
    d = c + a
    return a, b, c, d, a + "", "" + b, f"{a}{b!s}{a!r:>8}"


def grow(a, n):
    first = a
    for i in range(n):
        a = a + str(i)
    return first, a


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def change_class():
    class A:
        pass

    class B:
        pass

    o = A()
    before = type(o).__name__
    o.__class__ = B
    return before, type(o).__name__, isinstance(o, A), isinstance(o, B)


OBJECTS = [
    1, True, 2.5, "s", b"b", None, 12, 13, [], (1,), {}, Derived(), Registered(), Lies(), Text("t"), NoText(), Items(),
    BadItems(), int, Base, 2**80,
]
CLASSES = [int, (int, str), (), ((int,), (str, float)), Base, Checked, int | str, collections.abc.Sized, 5, (5, int), "x", object]


def label(value):
    return value if type(value) in (str, int, float, bool, tuple, type(None)) else type(value).__name__


for number in range(40):
    lines = []
    for x in OBJECTS:
        lines.append([attempt(check, x, c) for c in CLASSES])
        lines.append((attempt(fixed, x), attempt(kind, x)[:2], attempt(text, x), label(attempt(items, x))))
    lines.append(items([1, 2]) + items("ab") + items({3: 4}))
    made = text(Lies())
    lines.append((type(made).__name__, made))
    lines.append((join("a", "b"), join("\xe9", "\u1234"), join("", ""), attempt(join, Text("t"), "b"), attempt(join, "a", 1)))
    lines.append((attempt(join, "a", Text("u")), attempt(join, b"a", b"b"), grow("x", 12), change_class()))
for line in lines:
    print(line)
whole = (1, 2)
print(items(whole) is whole, text("same"), isinstance(1, int))
names = globals()
names["isinstance"] = lambda x, c: "mine"
print(fixed(1), check(1, int))
del names["isinstance"]
print(fixed(1))
names["str"] = lambda x: ("my", x)
print(text(1))
del names["str"]
print(text(1))
