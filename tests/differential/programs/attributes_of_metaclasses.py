"""Attributes of classes whose metaclass is not type: enumerations, abstract classes, metaclasses with hooks, and what changes meanwhile."""

import abc
import enum


class Colour(enum.Enum):
    RED = 1
    BLUE = "b"
    value_too = RED

    def shout(self):
        return self.name.upper()

    @classmethod
    def first(cls):
        return cls.RED

    @staticmethod
    def number():
        return 7


class Flags(enum.IntFlag):
    READ = 1
    WRITE = 2


class Shape(abc.ABC):
    SIDES = 0

    @abc.abstractmethod
    def area(self): ...

    @classmethod
    def of(cls, *args):
        return cls.SIDES, args

    @staticmethod
    def unit():
        return "cm"


class Square(Shape):
    SIDES = 4

    def area(self):
        return 1


class Meta(type):
    shared = "of the metaclass"

    def method(cls):
        return cls.__name__, "of the metaclass"


class Hooked(type):
    def __getattr__(cls, name):
        if name == "nothing":
            raise AttributeError(name)
        return "hook", name


class Owner(type):
    def __getattribute__(cls, name):
        return ("owner", name) if name == "attr" else super().__getattribute__(name)


class Plain(metaclass=Meta):
    attr = 1
    shared = "of the class"


class OfHooked(metaclass=Hooked):
    attr = 2


class OfOwner(metaclass=Owner):
    attr = 3


class Number(int):
    """A value whose class turns into a descriptor."""


class Data:
    """A data descriptor, for metaclasses."""

    def __get__(self, cls, meta):
        return "data", cls.__name__, meta.__name__

    def __set__(self, cls, value):
        raise AttributeError("read-only")


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def attr(c):
    return c.attr


def shared(c):
    return c.shared


def call(c):
    return c.method()


def asked(c):
    return hasattr(c, "attr"), hasattr(c, "nothing"), getattr(c, "nothing", None), getattr(c, "attr", None), hasattr(c, "other")


def enumerated(c):
    return c.RED, c.BLUE.value, c.RED.name, c.value_too is c.RED, c.first(), c.number(), c.RED.shout(), c.__members__["BLUE"]


def flags(i):
    return Flags.READ | Flags.WRITE, Flags.READ in Flags(i % 4), ~Flags.READ


def abstract(c):
    return c.SIDES, c.of(1, c), c.unit(), c.__abstractmethods__, isinstance(c, abc.ABCMeta)


def changing(turn):
    if turn % 12 == 1:
        Meta.attr = Data()                       # comes before what the class has
    elif turn % 12 == 3:
        del Meta.attr
    elif turn % 12 == 4:
        Plain.attr = Number(turn)
    elif turn % 12 == 5:
        Number.__get__ = lambda self, instance, owner: ("number", instance, owner.__name__)
    elif turn % 12 == 6:
        del Number.__get__
    elif turn % 12 == 7:
        OfHooked.__class__ = Owner
    elif turn % 12 == 8:
        OfHooked.__class__ = Hooked
    elif turn % 12 == 9:
        del Plain.shared
    elif turn % 12 == 10:
        Plain.shared = "again"
        Hooked.__getattribute__ = lambda cls, name: ("attribute", name)
    elif turn % 12 == 11:
        del Hooked.__getattribute__
        Shape.SIDES = turn


for turn in range(72):
    shown = [attempt(attr, c) for c in (Plain, OfHooked, OfOwner, int)] + [attempt(shared, c) for c in (Plain, OfHooked, Meta)]
    shown += [attempt(call, c) for c in (Plain, OfHooked, Meta)] + [asked(c) for c in (Plain, OfHooked, OfOwner)]
    shown += [enumerated(Colour), attempt(lambda: Colour.GREEN), attempt(lambda: Colour.RED.GREEN), flags(turn), attempt(Colour, 5)]
    shown += [abstract(Shape), abstract(Square), attempt(Shape), Square().area(), attempt(setattr, Colour, "RED", 1)]
    changing(turn)
    if turn < 14 or turn > 58:
        print(turn, shown)
