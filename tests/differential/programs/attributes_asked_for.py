"""getattr, hasattr and isinstance of objects and classes that change between the questions."""

import sys


class Plain:
    shared = "of the class"

    def __init__(self, x):
        self.x = x

    def method(self):
        return self.x

    @classmethod
    def made(cls, *args):
        return cls.__name__, args

    @staticmethod
    def static(*args):
        return args


class Slotted:
    __slots__ = ("x", "never")

    def __init__(self, x):
        self.x = x


class Getter:
    def __init__(self, x):
        self.hidden = x

    @property
    def x(self):
        if self.hidden is None:
            raise AttributeError("hidden is None")
        if self.hidden == 0:
            raise ValueError("hidden is 0")
        return self.hidden


class Hooked(Plain):
    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(name, "refused")
        return "hook " + name


class HookedGetter(Getter):
    def __getattr__(self, name):
        return "instead of " + name


class Everything:
    def __getattribute__(self, name):
        return "any " + name


class Both(Plain):
    def __getattribute__(self, name):
        if name == "x":
            raise AttributeError(name)
        return object.__getattribute__(self, name)

    def __getattr__(self, name):
        return "after " + name


class Liar:
    @property
    def __class__(self):
        return Plain


class Meta(type):
    named = "by the metaclass"

    def __getattr__(cls, name):
        return "meta " + name


class Classy(metaclass=Meta):
    own = 1


def ask(o, name):
    try:
        value = getattr(o, name)
    except Exception as error:
        value = type(error).__name__, error.args
    return value


def ask_or(o, default):
    return getattr(o, "x", default), getattr(o, "nothing", default), getattr(o, "shared", default)


def has(o):
    try:
        return hasattr(o, "x"), hasattr(o, "nothing"), hasattr(o, "method"), hasattr(o, "never")
    except Exception as error:
        return type(error).__name__, error.args


def either(o, default):
    try:
        return ask_or(o, default)
    except Exception as error:
        return type(error).__name__, error.args


def show(value):
    text = repr(value)
    return text.split(" at 0x")[0] if " at 0x" in text else text


def classes(o):
    return isinstance(o, Plain), isinstance(o, (int, Slotted, Hooked)), isinstance(o, Getter), o.__class__.__name__


def of_class(c):
    made = c.made
    return made(1), c.static(2), made.__self__ is c, made == c.made, made is c.made


def unbound(values):
    return [str.upper(v) for v in values], list.append(values, "more"), getattr(dict, "get")({1: 2}, 1), object.__repr__ is Plain.__repr__


def everything():
    objects = [Plain(1), Slotted(2), Getter(3), Getter(None), Getter(0), Hooked(4), HookedGetter(5), HookedGetter(None), Both(6)]
    objects += [7, "text", None, (), Plain, Hooked, Classy, Classy(), sys, len]
    with_dict = Plain(8)
    with_dict.__dict__["shared"] = "of the instance"
    objects.append(with_dict)
    found = []
    for _ in range(40):
        for o in objects:
            found.append((show(ask(o, "x")), show(ask(o, "method")), show(ask(o, "nothing")), show(ask(o, "__class__"))))
            found.append((show(either(o, "default")), has(o), classes(o)))
        found.append((ask(Everything(), "x"), ask(Everything(), "__class__"), classes(Liar())))
        found.append((of_class(Plain), of_class(Hooked), unbound(["a", "b"])))
    for row in found[: 3 * len(objects)]:
        print(row)
    print(len(found), len(set(map(repr, found))))


def changes():
    o, made = Plain(1), []
    s = Slotted(2)
    for i in range(400):
        if i == 100:
            o.nothing = "on the instance"
        if i == 150:
            Plain.nothing = "on the class"
        if i == 180:
            del o.nothing
        if i == 200:
            Plain.never = property(lambda self: "a property")
        if i == 220:
            del Plain.nothing
        if i == 240:
            del o.x
        if i == 260:
            o.__dict__ = {"x": "in another dictionary", "method": "in it, too"}
        if i == 280:
            Plain.__getattr__ = lambda self, name: "hook of " + name
        if i == 300:
            del Plain.__getattr__
        if i == 320:
            del s.x
        if i == 340:
            Plain.made = staticmethod(lambda *args: ("no class method any more", args))
        name = "".join(["noth", "ing"])
        made.append((has(o), either(o, None), has(s), either(s, 0), hasattr(o, name), getattr(Plain, "nothing", "none")))
        made.append((show(ask(o, "method")), Plain.made(i > 340)))
    last = None
    for i, row in enumerate(made):
        if row != last and (i < 2 or row != made[i - 2]):
            print(i // 2, row)
        last = row


def bases():
    class A:
        pass

    class B:
        pass

    class C(A):
        pass

    o, seen = C(), []
    for i in range(300):
        if i == 100:
            C.__bases__ = (B,)
        if i == 150:
            C.__bases__ = (A, B)
        if i == 200:
            o.__class__ = B
        fresh = type("Fresh", (), {})
        seen.append((isinstance(o, A), isinstance(o, B), isinstance(o, (A, str)), isinstance(o, fresh), isinstance(fresh(), A)))
    print(sorted(set(seen)), seen[99:101], seen[149:151], seen[199:201])


def errors():
    rows = []
    for arguments in ((), (1,), (1, "real"), (1, "real", 2), (1, "nope", 2), (1, 2), (1, 2, 3), (1, "real", 2, 3)):
        for function in (getattr, hasattr):
            for _ in range(30):
                try:
                    row = function(*arguments)
                except TypeError as error:
                    row = str(error)
            rows.append(row)
    print(rows)


class Name(str):
    def __eq__(self, other):
        raise ZeroDivisionError

    __hash__ = str.__hash__


def odd_names():
    o = Plain(1)
    rows = []
    for name in (Name("x"), Name("no"), "\ud800", "x" * 3, ""):
        for _ in range(30):
            try:
                row = getattr(o, name, "none"), hasattr(o, name)
            except Exception as error:
                row = type(error).__name__
        rows.append(row)
    print(rows)


everything()
changes()
bases()
errors()
odd_names()
