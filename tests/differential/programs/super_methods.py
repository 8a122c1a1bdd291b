"""super() in front of methods: what is found above the class, what else super() does, and what changes meanwhile."""

import builtins
import traceback


class Base:
    kind = "plain"

    def __init__(self, n=0):
        self.n = n

    def method(self, x):
        return "Base", x, self.n

    @classmethod
    def of_class(cls, x):
        return cls.__name__, x

    @staticmethod
    def static(x):
        return "static", x

    @property
    def prop(self):
        return self.n + 1

    def fails(self, x):
        raise ValueError(x)


class Left(Base):
    def method(self, x):
        return "Left", *super().method(x)


class Right(Base):
    def method(self, x):
        return "Right", *super().method(x)


class Both(Left, Right):
    def __init__(self, n):
        super().__init__(n)
        self.more = n

    def method(self, x):
        return "Both", *super().method(x)

    @classmethod
    def of_class(cls, x):
        return "Both", super().of_class(x)

    def static(self, x):
        return super().static(x)

    def prop_above(self):
        return super().prop, super().kind

    def missing(self):
        return super().missing(1)

    def fails(self, x):
        return super().fails(x)

    def wrong(self):
        return super().method()

    def class_of(self):
        return super().__class__

    def other_class(self):
        return super().__eq__(self), super().__repr__()[:20], super().__init__

    def captured(self, x):
        def inner():
            return self

        return super().method(x), inner() is self

    def nested(self, x):
        def inner(me):
            return super().method(x)

        return inner(self), [super(Both, self).method(i) for i in range(2)]

    def generator(self, x):
        yield super().method(x)
        yield super().method(x + 1)

    def changed_self(self, other):
        self = other
        return super().method(1)

    def no_self(self):
        del self
        return super().method(1)

    def rest(*args):
        return super().method(args[1])


class Made(int):
    def __new__(cls, value):
        return super().__new__(cls, value + 1)

    def __add__(self, other):
        return Made(super().__add__(other))


class Named(dict):
    def __setitem__(self, key, value):
        super().__setitem__(key, value)

    def __getitem__(self, key):
        return super().__getitem__(key)

    def update(self, *args, **kwargs):
        super().update(*args, **kwargs)

    def get(self, key):
        return super().get(key, "none")

    def clear(self, *args):
        return super().clear(*args)


class Meta(type):
    def __call__(cls, *args):
        return super().__call__(*args)

    def method(cls, x):
        return super().mro()[-1], x


class OfMeta(metaclass=Meta):
    def __init__(self, n):
        super().__init__()
        self.n = n


class Lies:
    """Says to be an instance, and is none."""

    n = "lies"

    @property
    def __class__(self):
        return Both


class Callable:
    def __call__(self, *args):
        return "called", len(args)


def shown(function, *args):
    """The result, or the traceback's lines and columns without the names of files."""
    try:
        return function(*args)
    except Exception as error:
        where = [(f.name, f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(error.__traceback__)[1:]]
        return type(error).__name__, str(error), where


def family(turn):
    """A class made anew each time: the same code, another __class__."""

    class Above:
        def who(self):
            return "above", turn

    class Below(Above):
        def who(self):
            return "below", *super().who()

    return Below().who(), Below().who()


def changing(both, turn):
    if turn % 14 == 1:
        Right.method = lambda self, x: ("replaced", x)
    elif turn % 14 == 3:
        del Right.method
    elif turn % 14 == 4:
        Right.method = Callable()
    elif turn % 14 == 5:
        Right.method = staticmethod(lambda x: ("static", x))
    elif turn % 14 == 6:
        Right.method = original
    elif turn % 14 == 7:
        Both.__bases__ = (Right, Left)
    elif turn % 14 == 8:
        Both.__bases__ = (Left, Right)
    elif turn % 14 == 9:
        both.method_of_instance = both.__dict__["method"] = lambda x: "of the instance"
    elif turn % 14 == 10:
        del both.method
    elif turn % 14 == 11:
        globals()["super"] = lambda: both_of_super
    elif turn % 14 == 12:
        del globals()["super"]
        builtins.super = lambda: both_of_super
    elif turn % 14 == 13:
        builtins.super = real_super


original, real_super = Right.method, super
both_of_super = Base("other")
for turn in range(84):
    both, left = Both(turn), Left(turn)
    out = [both.method(turn), left.method(turn), Both.method(both, turn), both.of_class(1), Both.of_class(2), both.static(3)]
    out += [shown(f) for f in (both.prop_above, both.missing, both.wrong, both.class_of, both.no_self)]
    out += [shown(both.fails, turn), str(shown(both.other_class))[:60], shown(both.captured, 1), shown(both.nested, 2)]
    out += [shown(lambda: list(both.generator(3))), shown(both.changed_self, left), shown(both.changed_self, Base()), shown(both.rest, 5)]
    out += [shown(both.changed_self, Lies()), shown(Both.method, left, 1), shown(Both.method, Lies(), 1), shown(Both.method, Both, 1)]
    out += [shown(Made, turn), shown(lambda: Made(turn) + turn), shown(Meta.method, OfMeta, turn), shown(lambda: OfMeta(turn).n)]
    named = Named(a=1)
    out += [shown(named.update, {"b": 2}), shown(named.update, 1), shown(named.get, "zz"), shown(named.clear, 1), shown(named.__getitem__, "no")]
    named["k"] = turn
    out += [named["k"], dict(named), shown(family, turn)]
    changing(both, turn)
    out += [shown(both.method, turn), shown(left.method, turn), shown(both.missing)]
    builtins.super = real_super
    globals().pop("super", None) if turn % 14 != 11 else None
    if turn < 16 or turn > 66:
        print(turn, out)
