"""Subscripts, slices and str comparisons of every class that has a way of its own, with bounds and errors."""

import array


class Mapping:
    def __init__(self):
        self.items = {}

    def __getitem__(self, key):
        return self.items[key]

    def __setitem__(self, key, value):
        if value == 99:
            raise ValueError("no")
        self.items[key] = value
        return "ignored"


def compare(a, b):
    return a == b, a != b


def cut(c, a, b):
    return c[a:b]


def cut_by(c, a, b, step):
    return c[a:b:step]


def put(c, a, b, value):
    c[a:b] = value
    return c


def get(c, key):
    return c[key]


def store(c, key, value):
    c[key] = value


def truth(x):
    if x:
        return 1
    return 0


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def strings():
    texts = ["", "a", "b", "ab", "ac", "\xe9", "\u1234", "a\u1234", "ab" * 10, "".join(list("ab")), "\x00", "\x00a"]
    return [(a, b, compare(a, b)) for a in texts for b in texts] + [compare("a", 1), compare(None, "a")]


def slices():
    out = []
    containers = [
        [1, 2, 3, 4, 5], (1, 2, 3, 4, 5), "hello", b"hello", bytearray(b"hello"), "h\u1234llo", range(9),
        array.array("i", [1, 2, 3]),
    ]
    for c in containers:
        for a in (None, 0, 2, -2, -100, 100, 2**40, True):
            for b in (None, 0, 3, -1, -100, 100, -(2**70)):
                out.append(attempt(cut, c, a, b))
        out += [attempt(cut, c, "x", 1), attempt(cut, 3, 0, 1), attempt(cut_by, c, None, None, 2)]
        out += [attempt(cut_by, c, 1, 4, None), attempt(cut_by, c, None, None, 0), attempt(cut_by, c, None, None, -1)]
        out += [attempt(get, c, key) for key in (0, -1, 4, -5, 5, -6, 2**33, "x", True, 1.0, slice(0, 2))]
    for a in (None, 0, 2, -2, 9, -9):
        for b in (None, 0, 3, -1, -100, 100):
            out.append(attempt(put, [1, 2, 3, 4], a, b, [7, 8]))
            out.append(attempt(put, [1, 2, 3, 4], a, b, 5))
            out.append(attempt(put, (1, 2), a, b, 5))
    for c in ([1, 2, 3, 4, 5], (1, 2, 3, 4, 5), [], (), "hello", range(9)):
        for step in (-1, 1, 2, -2, 5, -7, 2**29, -(2**29), 2**40, True, 1.0):
            for a in (None, 0, 1, 3, -1, -5, -6, 5, 100, -100, 2**40):
                out += [attempt(cut_by, c, a, b, step) for b in (None, 0, 2, -1, -6, 100, -(2**70))]
    whole = (1, 2, 3)
    out.append((cut_by(whole, None, None, 1) is whole, cut_by(whole, 3, None, -1), cut_by([], None, None, -1)))
    out.append((cut(whole, None, None) is whole, cut("text", 0, None) == "text", cut(b"text", None, 9)))
    return out


class Replaced:
    """Dies where a slice replaces it, and looks at the list."""

    log = []

    def __init__(self, number, owner):
        self.number, self.owner = number, owner

    def __del__(self):
        self.log.append((self.number, [type(x).__name__ for x in self.owner]))


def replacing():
    """Assignments of as many items as there are: a list to itself, its parts, and items that die by it."""
    Replaced.log.clear()
    items = [0, 1, 2, 3, 4, 5]
    out = [put(items, 0, 6, items) is items, put(items, 0, 3, items[2::-1]), put(items, 1, 3, items[1:3]), put(items, 0, 2, items)]
    for n in (0, 1, 3, 16, 17, 40):
        for values in (list(range(n)), tuple(range(n)), range(n), iter(range(n)), [None] * (n + 1)):
            out.append(put(list("abc" * 20), 2, 2 + n, values))
    watched = []
    watched.extend(Replaced(k, watched) for k in range(6))
    fresh = [7, 8, 9]
    put(watched, 1, 4, fresh)
    put(watched, 4, 6, (fresh, fresh))
    out += [len(watched), fresh, watched[1:], list(Replaced.log)]
    watched.clear()  # the rest die now and not when the collector finds them
    return out


def arrays():
    out = []
    for code in "bBhHiIlLqQfdu":
        a = array.array(code, "abc" if code == "u" else [1, 2, 3])
        for key in (0, -1, 3, -4, "x"):
            for value in (5, -1, 300, 70000, 2**40, 1.5, "z", None, -(2**31)):
                out.append((code, key, value, attempt(store, a, key, value), attempt(get, a, key)))
        out.append(a.tolist())
    return out


class Subarray(array.array):
    def __getitem__(self, key):
        return "mine", key


def others():
    m = Mapping()
    out = [attempt(store, m, 1, 2), attempt(get, m, 1), attempt(get, m, 3), attempt(store, m, 1, 99)]
    out += [truth(x) for x in (0, 1, 2**40, -1, None, True, False, "", "a", [], [0], 0.0, object)]
    out += [attempt(store, {}, [], 1), attempt(get, {"a": 1}, "a"), attempt(get, {"a": 1}, "b"), attempt(get, {1: 1}, [])]
    return out + [attempt(get, Subarray("i", [1]), 0)]


for topic in (strings, slices, replacing, arrays, others):
    for _ in range(30):
        lines = topic()
    print(topic.__name__, len(lines))
    for line in lines:
        print("   ", line)
