"""str.upper(x), list.sort(x): a method read from its builtin class was called whatever x is.

Found by CPython's test_descr before it was released."""


class Text(str):
    pass


class Fake:
    __class__ = str


def upper(x):
    return str.upper(x)


def split(x):
    return str.split(x, "-")


def add(x):
    return str.__add__(x, "c")


def append(x):
    list.append(x, 1)
    return x


def items(x):
    return sorted(dict.items(x))


global_upper = str.upper


def from_global(x):
    return global_upper(x)


def outcome(function, value):
    try:
        return function(value)
    except TypeError as error:
        return str(error)


for function, right, wrong in (
    (upper, "a-b", (5, b"a", [1], None, Fake())),
    (split, "a-b", (5, b"a", [1], None, Fake())),
    (add, "a-b", (5, b"a", [1], None, Fake())),
    (from_global, "a-b", (5, b"a", [1], None, Fake())),
    (append, [0], (5, (1,), {}, "a")),
    (items, {1: 2}, (5, (1,), [], "a")),
):
    for _ in range(60):
        function(type(right)(right))
    print(function.__name__, function(right), function(Text("x-y")) if isinstance(right, str) else "")
    for value in wrong:
        print("   ", outcome(function, value))
