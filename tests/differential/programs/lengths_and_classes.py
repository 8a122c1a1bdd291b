"""len, truth, isinstance and the str methods that are looked up by C of our own, for operands of many classes."""
import abc
import collections
import collections.abc
import enum


class Sized:
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n


class Raises:
    def __len__(self):
        raise LookupError("no length")


class Truthful:
    def __bool__(self):
        return False

    def __len__(self):
        return 3


class List(list):
    def __len__(self):
        return 77


class Str(str):
    def __len__(self):
        return 88

    def startswith(self, *args):
        return "own", args


class PlainStr(str):
    pass


class Dict(dict):
    pass


def length(x):
    try:
        return len(x)
    except Exception as e:
        return type(e).__name__, str(e)


def compared(x):
    try:
        n = len(x)
        return n == 3, n < 2, n + 1, n * n, x[:n - 1] if isinstance(x, (list, str)) else None
    except Exception as e:
        return type(e).__name__, str(e)


def truth(x):
    try:
        return "yes" if x else "no"
    except Exception as e:
        return type(e).__name__, str(e)


class Liar:
    @property
    def __class__(self):
        return int


class Wrapper:
    def __getattribute__(self, name):
        return dict if name == "__class__" else object.__getattribute__(self, name)


class Hidden:
    def __getattr__(self, name):
        raise RuntimeError(name)


class Meta(type):
    pass


class Answers(type):
    def __instancecheck__(cls, x):
        return x == 5


class WithMeta(metaclass=Meta):
    pass


class SubMeta(WithMeta):
    pass


class WithAnswer(metaclass=Answers):
    pass


class Abstract(abc.ABC):
    pass


Abstract.register(tuple)


class Color(enum.Enum):
    RED = 1


class Changing:
    pass


CLASSES = [int, str, object, type, bool, list, dict, WithMeta, SubMeta, WithAnswer, Abstract, Meta, Color, Liar, Wrapper, Hidden,
           collections.abc.Sized, (int, str), (), (str, (int, list)), (WithAnswer, int), (SubMeta, WithMeta), 5, (str, 5), None]


def instance(x, c):
    try:
        return isinstance(x, c)
    except Exception as e:
        return type(e).__name__, str(e)


def only(x):
    if isinstance(x, int):
        return "int"
    if isinstance(x, (str, bytes)):
        return "text"
    if isinstance(x, WithMeta):
        return "with meta"
    return "other"


def strings(s, arg, *more):
    out = []
    for name in ("startswith", "endswith", "find"):
        try:
            out.append(getattr(s, name)(arg, *more))
        except Exception as e:
            out.append((type(e).__name__, str(e)))
    try:
        out.append(s.startswith(arg))
        out.append(s.endswith(arg))
        out.append(s.find(arg))
        out.append(s.startswith(arg, 1))
        out.append(s.endswith(arg, 0, 3))
        out.append(s.find(arg, 1, 2))
    except Exception as e:
        out.append((type(e).__name__, str(e)))
    return out


def no_arguments(s):
    out = []
    for f in (lambda: s.startswith(), lambda: s.find(), lambda: s.endswith("a", 1, 2, 3), lambda: s.startswith(prefix="a")):
        try:
            out.append(f())
        except Exception as e:
            out.append((type(e).__name__, str(e)))
    return out


def unknown(f, *args):
    """Builtins that only show up at the call."""
    try:
        if len(args) == 0:
            return f()
        if len(args) == 1:
            return f(args[0])
        return f(args[0], args[1])
    except Exception as e:
        return type(e).__name__, str(e)


VALUES = [[], [1], [1, 2, 3], (), (1,), {}, {"a": 1}, "", "abc", "\u1234\u5678", b"", b"xyz", set(), {1}, frozenset([1, 2]), range(0),
          range(5), Sized(0), Sized(4), Sized(-1), Sized("x"), Sized(1 << 80), Raises(), Truthful(), List(), List([1]), Str("a"),
          PlainStr("abc"), Dict(a=1), 0, 5, 1 << 90, 0.0, 1.5, None, True, False, bytearray(b"ab"), memoryview(b"abcd"), object]
OBJECTS = [5, "s", b"b", 1.5, True, None, [], int, type, Meta, WithMeta, WithMeta(), SubMeta(), WithAnswer(), Abstract(), (1,), Color.RED,
           Color, Liar(), Wrapper(), Hidden(), Changing()]


def main():
    lengths, truths, compares = [], [], []
    for value in VALUES:
        lengths.append(length(value))
        truths.append(truth(value))
        compares.append(compared(value))
    rows = [[instance(x, c) for c in CLASSES] for x in OBJECTS]
    kinds = [only(x) for x in OBJECTS]
    texts = [strings("abcabc", a) for a in ("a", "abc", "", "c", "bc", ("a", "b"), (), 5, None, b"a", PlainStr("ab"), ("x", 5))]
    texts.append(strings("", ""))
    texts.append(strings("\u1234ab", "\u1234"))
    texts.append(strings(PlainStr("abc"), "a"))
    texts.append(strings(Str("abc"), "a"))
    texts.append(strings("abc", "b", 1))
    texts.append(strings("abc", "b", None, 2))
    texts.append(no_arguments("abc"))
    calls = [unknown(f, *args) for f, args in [
        ([].append, (1,)), ([1, 2].pop, ()), ([1, 2].pop, (0,)), ({}.get, ("a", 2)), ("abc".startswith, ("a",)), ([].append, ()),
        ([].append, (1, 2)), (len, ()), (len, ("ab",)), (ord, ("a",)), (ord, (5,)), (divmod, (7, 2)), (print, ()), (abs, (-3,)),
        (iter, (5,)), (getattr, (5, "real")), (collections.deque([1, 2]).popleft, ()), ({}.setdefault, ("a", 1)), (hash, ("",)),
        (globals, ()), (sorted, ([2, 1],)), ({}.keys, ())]]
    calls[-3] = len(calls[-3]) > 5
    return lengths, truths, compares, rows, kinds, texts, [c if not isinstance(c, int) else c for c in calls]


class Base:
    pass


class SaysStr:
    __class__ = property(lambda self: str)


class Now(Base):
    pass


def changing():
    """A class whose instances say that they are of another one, for a while."""
    out = []
    x = Now()
    for i in range(60):
        out.append(isinstance(x, str))
        if i == 30:
            Now.__bases__ = (SaysStr,)
        if i == 50:
            Now.__bases__ = (Base,)
    return "".join(str(int(o)) for o in out)


def deep(n):
    return deep(n - 1) + isinstance(n, (str, WithMeta)) if n else len([])


for _ in range(40):
    result = main()
for part in result:
    for row in part:
        print(row)
print(changing())
for _ in range(30):
    depth = deep(200)
print(depth)
