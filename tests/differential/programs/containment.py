"""`in` for lists, tuples and other containers, with items that compare in their own way or change the container."""


class Equal:
    def __init__(self, value, act=None):
        self.value = value
        self.act = act

    def __eq__(self, other):
        if self.act is not None:
            self.act()
        return self.value == other

    __hash__ = None


class Text(str):
    def __eq__(self, other):
        return other == "magic" or str.__eq__(self, other)

    __hash__ = str.__hash__


class Fails:
    def __eq__(self, other):
        raise LookupError("compared")


class Holder:
    def __init__(self, items):
        self.items = items

    def __contains__(self, item):
        return item in self.items


def contains(item, container):
    return item in container, item not in container


def branch(item, container):
    if item in container:
        return "in"
    return "out"


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


NAN = float("nan")
ITEMS = [
    "a", "ab", "", "\xe9", "\u1234", "".join(list("ab")), 1, -1, 0, True, 2**29, 2**30, 2**70, 1.0, NAN, float("nan"), None,
    b"a", (1,), Text("a"), Text("zz"), Equal("a"), Fails(),
]
CONTAINERS = [
    [], (), ["a", "ab", 1, 2.0, None], ("ab", "x" * 3, "\xe9", 2**70, -1), ["\u1234", NAN, (1,), True], [Text("a")],
    (Equal(1), Equal("ab")), [1, Fails()], {"a": 1, 1: 2}, {"a", 1}, "abc", b"abc", range(3), Holder(["a", 1]), 5,
    frozenset([Text("a")]), ["a" * 50, "b" * 50], (2**30, 2**29, -(2**30)),
]


def shrinking():
    items = []
    items += [Equal(None, items.clear), "a", "b"]
    first = contains("b", items)
    growing = []
    growing += [Equal(None, lambda: growing.append("late") if len(growing) < 5 else None), "x"]
    return first, contains("late", growing), len(items), len(growing)


for _ in range(40):
    lines = []
    for item in ITEMS:
        lines.append([(attempt(contains, item, c), attempt(branch, item, c)) for c in CONTAINERS])
    lines.append(contains("magic", [Text("zz")]))
    lines.append(contains("magic", [Text("zz"), "other"]))
    lines.append(shrinking())
for line in lines:
    print(line)
