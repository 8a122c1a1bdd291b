"""Calls of functions out of tables: with defaults for what is missing, with spread keywords, and loops over what is not one kind."""


def one(a, b=2, *, c=3):
    return a, b, c


def two(a, b=[], c="c"):
    b = list(b) + [a]
    return a, b, c


def three(a=1, b=2, c=3):
    d = a
    e = b
    return a, b, c, d, e


def rest(a, b="b", **more):
    more["seen"] = a
    return a, b, more


def all_of(*args, **more):
    return args, list(more.items())


class Method:
    def two(self, a, b=22):
        return a, b, type(self).__name__

    def __call__(self, a, b=33, **more):
        return a, b, more


class Made:
    def __new__(cls, *args, **options):
        self = object.__new__(cls)
        self.args, self.options = args, options
        return self


TABLE = {"one": one, "two": two, "three": three, "method": Method().two, "instance": Method(), "builtin": max, "rest": rest}


def call(name, *counts):
    function, out = TABLE[name], []
    for n in counts:
        try:
            if n == 0:
                out.append(function())
            elif n == 1:
                out.append(function(10))
            elif n == 2:
                out.append(function(10, 20))
            elif n == 3:
                out.append(function(10, 20, 30))
            else:
                out.append(function(10, 20, 30, 40))
        except TypeError as error:
            out.append(str(error))
    return out


def tables():
    for name in TABLE:
        for _ in range(120):
            row = call(name, 0, 1, 2, 3, 4)
        print(name, row)


def changing():
    function, rows = three, []
    for i in range(300):
        if i == 100:
            three.__defaults__ = (7, 8)
        if i == 150:
            three.__defaults__ = None
        if i == 200:
            three.__defaults__ = (4, 5, 6, 7, 8)
        if i == 250:
            three.__defaults__ = (4, 5, 6)
        row = []
        for n in range(4):
            try:
                row.append(TABLE["three"](*range(n)) if n % 2 else function() if n == 0 else TABLE["three"](1, 2))
            except TypeError as error:
                row.append(str(error))
        if not rows or row != rows[-1]:
            rows.append(row)
    for row in rows:
        print(row)


def owned():
    """A default lives on when its function loses it while it runs."""

    class Dying:
        def __init__(self, log):
            self.log = log

        def __del__(self):
            self.log.append("dead")

    log = []

    def loses(a, b=None):
        loses.__defaults__ = (None,)
        log.append("inside")
        return a

    table = [loses]
    for _ in range(100):
        loses.__defaults__ = (Dying(log),)
        table[0](1)
        log.append("behind")
    print(log[:6], log.count("dead"), log[-3:])


def spread():
    rows = []
    for i in range(120):
        hints = {f"k{j}": j for j in range(i % 15)}
        if i % 3 == 0:
            hints.pop("k1", None)
        made = all_of(i, **hints), rest(**hints, a=1), rest(1, **hints), Made(1, **hints).options, Method()(2, **hints)
        hints["later"] = 1
        rows.append(made)
        for wrong in ({1: 2}, {"a": 1}, {"b": 3}, None, [("b", 1)]):
            try:
                rows.append(rest(0, **wrong))
            except TypeError as error:
                rows.append(str(error))
    print(rows[:60])
    print(hash(repr(rows)) == hash(repr(rows)), len(rows))
    independent = {"x": 1}
    first, second = all_of(**independent), rest(1, **independent)
    print(independent, first, second)


def walk(things, limit=1000):
    out = []
    for thing in things:
        out.append(thing)
        if len(out) == 2 and isinstance(things, list) and len(things) < 5:
            things.append("added")
        if len(out) >= limit:
            break
    return out


def walk_on(iterator):
    out = []
    for thing in iterator:
        out.append(thing)
    return out


def loops():
    rows = []
    for i in range(200):
        shared = [1, 2, 3]
        over = iter(shared)
        pair = iter((1, 2))
        for things in ([1, 2, 3], (1, 2), {5: 6}, "ab", range(3), (x for x in "xyz"), [], (), iter([7]), iter((8,)), {9}):
            rows.append(walk(things))
        rows.append((walk_on(over), shared.append(4), walk_on(over), walk_on(pair), walk_on(pair), walk([1, 2, 3, 4, 5, 6], 2)))
        shrinking = list(range(6))
        for thing in shrinking:
            shrinking.pop()
            rows.append(thing)
    print(rows[:16], len(rows), len(set(map(repr, rows))))


tables()
changing()
owned()
spread()
loops()
