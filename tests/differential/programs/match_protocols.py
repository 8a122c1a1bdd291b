"""Match statements that ask their subjects: mappings with a get of their own, classes with odd __match_args__, errors, counts."""

import collections
import sys
import traceback


class Key:
    a = "same"
    b = "same"
    other = "other"


class Meta(type):
    def __instancecheck__(cls, instance):
        calls.append(("instance", type(instance).__name__))
        if instance == "raise":
            raise LookupError(instance)
        return instance != "no"


class Any(metaclass=Meta):
    __match_args__ = ("real",)


class Attributes:
    __match_args__ = ("x", "y")

    def __init__(self, **kw):
        self.__dict__.update(kw)

    def __getattr__(self, name):
        calls.append(("getattr", name))
        if name == "broken":
            raise KeyError(name)
        raise AttributeError(name)


class NoTuple:
    x = 1


class NoStrings:
    __match_args__ = ("x", 3)
    x = 1


class Twice:
    __match_args__ = ("x", "x")
    x = 1


class Raises(type):
    @property
    def __match_args__(cls):
        raise ZeroDivisionError("match_args")


class BadArgs(metaclass=Raises):
    pass


class Own(dict):
    def get(self, key, default=None):
        calls.append(("get", key))
        if key == "fail":
            raise OSError(key)
        return super().get(key, default)


class OwnStatic(dict):
    get = lambda *args: calls.append(("static", len(args))) or 7


class Listy(list):
    pass


calls = []
Key.unhashable = []
NoTuple.__match_args__ = ["x"]


def keys(v):
    match v:
        case {Key.a: 1, Key.b: 2}:
            return "never"
        case _:
            return "other"


def mapping(v):
    match v:
        case {"fail": x}:
            return "fail", x
        case {"k": k, "l": [l0, *_], **rest}:
            return k, l0, rest
        case {"k": k}:
            return "k", k
        case {Key.other: o}:
            return "other", o
        case {**rest}:
            return "rest", sorted(rest.items())
        case _:
            return "none"


def unhashable(v):
    match v:
        case {Key.unhashable: x}:
            return x
        case _:
            return "no"


def classes(v):
    match v:
        case Attributes(x=1, z=z):
            return "xz", z
        case Attributes(x, y):
            return "xy", x, y
        case Attributes(broken=b):
            return "broken", b
        case bool(b):
            return "bool", b
        case int(n) | float(n):
            return "number", n
        case str(s):
            return "str", s
        case list([first, *_]) | tuple([first, *_]):
            return "first", first
        case dict(d):
            return "dict", d
        case bytes() | bytearray():
            return "bytes"
        case object(x=x):
            return "has x", x
        case _:
            return "other"


def odd(v, kind):
    match v:
        case kind(x):
            return "positional", x
        case _:
            return "no"


def names(v, kind):
    match v:
        case kind(1, x=1):
            return "both"
        case _:
            return "no"


def two(v, kind):
    match v:
        case kind(a, b):
            return a, b
        case _:
            return "no"


def sequences(values):
    out = []
    for v in values:
        match v:
            case []:
                out.append("empty")
            case [1, 2, *rest]:
                out.append(rest)
            case [x] | [x, _, _]:
                out.append(("x", x))
            case [*_, last] if last != 5:
                out.append(("last", last))
            case _:
                out.append(type(v).__name__)
    return out


def generate(values):
    for v in values:
        match v:
            case {"yield": x} | [x, *_]:
                got = yield x
                if got is not None:
                    yield got
            case str():
                return v


def outcome(function, *args):
    calls.clear()
    try:
        return function(*args), list(calls)
    except Exception as error:
        lines = traceback.format_exception(error)
        return type(error).__name__, str(error), list(calls), lines[2:]


def repeat(function, *args):
    results = [repr(outcome(function, *args)) for _ in range(40)]
    assert len(set(results)) == 1, set(results)
    print(function.__name__, results[0])


default = collections.defaultdict(list)
for v in ({}, {"same": 1}, 3):
    repeat(keys, v)
for v in (Own(k=1, l=[2, 3], z=4), Own(other=1), OwnStatic(), {"k": 1}, {"z": 1}, {}, {"k": 1, "l": []}, default, 5, None,
          collections.OrderedDict(k=2, l=(9,)), collections.ChainMap({"k": 1}, {"l": "ab"}), vars(Key), "k"):
    repeat(mapping, v)
print(dict(default))
repeat(mapping, Own(fail=1))
repeat(unhashable, {})
for v in (Attributes(x=1, z=2), Attributes(x=1), Attributes(x=1, y=3), Attributes(), True, 3, 2.5, "s", [1, 2], (3,), [], {"a": 1},
          b"x", bytearray(), NoTuple(), None, 1j, int):
    repeat(classes, v)
for v, kind in ((1, int), ("no", Any), (3, Any), ("raise", Any), (NoTuple(), NoTuple), (NoStrings(), NoStrings), (BadArgs(), BadArgs),
                (1, 5), (1, (int, str)), (object(), object), (1, "int"), (int, type)):
    if v.__class__ is not object:
        repeat(odd, v, kind)
for v, kind in ((NoStrings(), NoStrings), (Twice(), Twice), (3, int), (Attributes(x=1), Attributes), (Attributes(x=2), Attributes)):
    repeat(names, v, kind)
    repeat(two, v, kind)
for _ in range(3):
    print(sequences([[], (), [1, 2], (1, 2, 3), [4], [4, 5, 6], [1, 5], (7, 8), "ab", b"ab", bytearray(b"a"), range(3), Listy([1]),
                     collections.deque([1, 2]), memoryview(b"abc"), {1, 2}, {1: 2}, iter([]), None, ()] * 10)[:20])
for _ in range(30):
    g = generate([{"yield": 1}, [2, 3], 4, "end", [5]])
    seen = [next(g), g.send("sent"), next(g)]
    try:
        next(g)
    except StopIteration as stop:
        seen.append(stop.value)
print(seen)

subject, part = Attributes(x=object(), y=object()), object()
holder = {"k": part}
before = sys.getrefcount(subject.x), sys.getrefcount(subject), sys.getrefcount(part)
for _ in range(100):
    classes(subject), mapping(holder), outcome(odd, subject, NoTuple), outcome(two, subject, int)
calls.clear()
print([now - then for now, then in zip((sys.getrefcount(subject.x), sys.getrefcount(subject), sys.getrefcount(part)), before)])
