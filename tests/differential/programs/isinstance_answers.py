"""isinstance of known classes and tuples of them: what type answers, what others have a say in, and what changes meanwhile."""

import abc
import sys
import traceback


class A:
    pass


class B(A):
    pass


class Other:
    pass


class Meta(type):
    pass


class OfMeta(metaclass=Meta):
    pass


class Below(OfMeta):
    pass


class Abstract(abc.ABC):
    @abc.abstractmethod
    def method(self):
        pass


class Concrete(Abstract):
    def method(self):
        pass


class Says:
    """An instance of whatever `what` is, by its __class__."""

    what: object = A

    @property
    def __class__(self):
        asked.append(type(self).__name__)
        if self.what is None:
            raise KeyError("no class")
        return self.what


class Dynamic:
    def __getattribute__(self, name):
        asked.append(name)
        return B if name == "__class__" else object.__getattribute__(self, name)


class Key:
    """In the dictionary of a class it is a key that is no string."""

    def __hash__(self):
        return hash("__class__")

    def __eq__(self, other):
        return False


def of_one(x):
    return isinstance(x, A), isinstance(x, int), isinstance(x, OfMeta), isinstance(x, type)


def of_tuples(x):
    return isinstance(x, (A, int)), isinstance(x, (Other, OfMeta, str)), isinstance(x, ()), isinstance(x, (A, Other, int, float))


def of_abstract(x):
    return isinstance(x, Abstract), isinstance(x, (Abstract, A))


def nested(x):
    return isinstance(x, (A, (int, (OfMeta,)))), isinstance(x, A | int)


def branches(x):
    kinds = ""
    if isinstance(x, A):
        kinds += "a"
    elif not isinstance(x, (OfMeta, Other)):
        kinds += "n"
    while isinstance(x, B):
        kinds += "b"
        x = None
    return kinds + ("i" if isinstance(x, int) and not isinstance(x, bool) else "")


def wrong(x):
    return isinstance(x, 3)


def wrong_in_tuple(x):
    return isinstance(x, (A, 3))


def deep(x, n):
    """A tuple takes a level of recursion, and so does a class of another metaclass."""
    if not n:
        return isinstance(x, A), isinstance(x, OfMeta), isinstance(x, (A, int))
    return deep(x, n - 1)


def plain(n):
    return plain(n - 1) if n else None


def shown(f, *args):
    try:
        return f(*args)
    except Exception as error:
        return type(error).__name__, str(error), traceback.format_exc().count("\n")


def levels(x):
    """How deep it works, about: whether a builtin takes a level of its own depends on whether stock has specialised the call."""
    limit = sys.getrecursionlimit()
    frame, here = sys._getframe(), 0
    while frame is not None:
        frame, here = frame.f_back, here + 1
    try:
        sys.setrecursionlimit(here + 60)
        most = max(n for n in range(30, 62) if shown(plain, n) is None)
        return shown(deep, x, most - 6), shown(deep, x, most + 4)[0]
    finally:
        sys.setrecursionlimit(limit)


def change(turn):
    """What answers rest on, and back."""
    if turn == 20:
        one.__class__ = Other
    elif turn == 21:
        one.__class__ = A
    elif turn == 22:
        B.__bases__ = (Other,)
    elif turn == 23:
        B.__bases__ = (A,)
    elif turn == 24:
        Meta.__instancecheck__ = lambda cls, x: x is one
    elif turn == 25:
        del Meta.__instancecheck__
    elif turn == 26:
        globals()["A"] = Other
    elif turn == 27:
        globals()["A"] = real_A
    elif turn == 28:
        globals()["isinstance"] = lambda x, c: x is one
    elif turn == 29:
        del globals()["isinstance"]
    elif turn == 30:
        Says.what = OfMeta
    elif turn == 31:
        Says.what = None
    elif turn == 32:
        Says.what = A
        Other.__class__ = Meta
    elif turn == 33:
        Other.__class__ = type
    elif turn == 34:
        # A class that dies, and another one in its place.
        for k in range(50):
            short = type("Short", (), {})
            globals()["A"] = short
            out.append(of_one(short()) + of_one(one))
    elif turn == 35:
        globals()["A"] = real_A
    elif turn == 36:
        Abstract.register(int)


asked = []
real_A, one, odd = A, A(), type("Odd", (), {Key(): 1})
subjects = [one, B(), Other(), OfMeta(), Below(), 1, True, 2.5, "x", None, A, Meta, OfMeta, Concrete(), odd()]
strangers = [Says(), Dynamic()]
for turn in range(60):
    out = []
    try:
        change(turn)
    except TypeError as error:
        out.append(str(error))
    for x in subjects + (strangers if turn % 3 == 0 or turn > 28 else []):
        out += [shown(of_one, x), shown(of_tuples, x), shown(of_abstract, x), shown(nested, x), shown(branches, x)]
        out += [shown(wrong, x), shown(wrong_in_tuple, x)]
    if turn % 6 == 0:
        out += [levels(one), levels(3)]
    print(turn, out, len(asked), asked[-3:])
    del asked[:]
