"""Calls of functions that are found at run time only: of any shape, replaced, dying, recursive, observed."""

import sys
import types


def none():
    return "none"


def one(a):
    return ("one", a)


def two(a, b):
    c = a, b
    return c


def many(a, b, c, d, e, f, g):
    h = [a, b, c]
    i = h + [d, e, f]
    return i + [g]


def with_default(a, b="default"):
    return a, b


def with_rest(*args, **names):
    return args, sorted(names)


def keyword_only(a, *, b=1):
    return a + b


def generator(a, b):
    yield a
    yield b


async def coroutine(a):
    return a


def raising(a):
    raise ValueError(a)


def cells(a, b):
    def inner(c):
        return a + b + c

    b += 1
    return inner(1)


def closing_over(value):
    def closure(a):
        return value, a

    return closure


def looks(a):
    frame = sys._getframe()
    return frame.f_code.co_name, frame.f_back.f_code.co_name, sorted(frame.f_locals), frame.f_lineno - frame.f_code.co_firstlineno


def locals_of(a, b):
    c = a
    return sorted(locals())


class Shape:
    kind = "shape"

    def area(self, x):
        return self.kind, x

    @staticmethod
    def static(x):
        return "static", x

    @classmethod
    def cls(cls, x):
        return cls.kind, x

    def __call__(self, x):
        return "called", x


class Square(Shape):
    kind = "square"

    def area(self, x):
        return super().area(x), x


class Slow(Shape):
    def area(self, x, y=3):
        return "slow", x, y


def call(f, *arguments):
    """The calls are of fixed shapes, so that each is an instruction of its own."""
    n = len(arguments)
    if n == 0:
        return f()
    if n == 1:
        return f(arguments[0])
    if n == 2:
        return f(arguments[0], arguments[1])
    return f(arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5], arguments[6])


def outcome(f, *arguments):
    try:
        result = call(f, *arguments)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    if isinstance(result, types.GeneratorType):
        return list(result)
    if isinstance(result, types.CoroutineType):
        result.close()
        return "coroutine"
    return result


other_globals = types.FunctionType(looks.__code__, {"sys": sys, "sorted": lambda names: ["other", *names], "__builtins__": __builtins__})
CALLABLES = [
    none, one, two, many, with_default, with_rest, keyword_only, generator, coroutine, raising, cells, closing_over(5),
    looks, other_globals, locals_of, Shape().area, Square().area, Slow().area, Shape.static, Shape.cls, Shape(), Shape, len, "no callable",
]
ARGUMENTS = [(), ("x",), (1, 2), (1, 2, 3, 4, 5, 6, 7)]
for turn in range(40):
    results = [outcome(f, *arguments) for f in CALLABLES for arguments in ARGUMENTS]
    if turn in (0, 39):
        for result in results:
            print(result if "object at" not in repr(result) else type(result).__name__)


def areas(shapes, x):
    return [shape.area(x) for shape in shapes]


for turn in range(60):
    got = areas([Shape(), Square(), Slow()], turn)
    if turn == 40:
        Square.area = Slow.area
print(got)

held = [Shape().area, Square().area, types.MethodType(types.MethodType(two, 1), 2), types.MethodType(len, "four"), types.MethodType(one, None)]
passing = [lambda: Shape().area, lambda: Square().area]


def all_methods(x):
    return [outcome(method, x) for method in held] + [outcome(method) for method in held] + [make()(x) for make in passing]


for turn in range(60):
    before = [(sys.getrefcount(method), sys.getrefcount(method.__self__)) for method in held]
    got = all_methods(turn)
    after = [(sys.getrefcount(method), sys.getrefcount(method.__self__)) for method in held]
    if turn in (0, 59):
        print(got, before[:3] == after[:3])

# The function is replaced, changed and dies while it runs.
table = {}


def dies(a):
    del table["f"]
    return a, list(table)


def from_table(a):
    return table["f"](a)


for turn in range(60):
    table["f"] = types.FunctionType(dies.__code__, globals(), "dies")
    got = from_table(turn)
print(got, table)


def first_body(a):
    return "first", a


def second_body(a):
    x = [a]
    return "second", x, len(x)


for turn in range(60):
    if turn == 45:
        first_body.__code__ = second_body.__code__
    got = outcome(first_body, turn)
print(got)


class Dies:
    def __del__(self):
        ends.append(sys._getframe().f_back.f_code.co_name)


ends = []


def takes(thing):
    thing = None
    return thing


for _ in range(40):
    outcome(takes, Dies())
print(set(ends), len(ends))


def deep(f, n):
    return n if n == 0 else f(f, n - 1)


def too_deep(f, n):
    return f(f, n + 1)


for _ in range(40):
    got = deep(deep, 50)
print(got)
for _ in range(3):
    try:
        too_deep(too_deep, 0)
    except RecursionError as error:
        print(str(error)[:32])


def switches_on(a):
    sys.setprofile(lambda frame, event, argument: events.append((event, frame.f_code.co_name)))
    return a


def switches_off(a):
    sys.setprofile(None)
    return a


def around(on, between, off):
    on(1)
    between(2)
    return off(3)


events = []
for _ in range(40):
    around(one, one, one)
for _ in range(3):
    around(switches_on, one, switches_off)
print(events)
