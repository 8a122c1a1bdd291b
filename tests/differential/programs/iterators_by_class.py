"""Loops whose iterator, and subscripts whose container, is of another class each time: lists and tuples beside what looks like them."""

import gc
import sys
import weakref


class Items(list):
    def __getitem__(self, key):
        return "own", super().__getitem__(key)

    def __setitem__(self, key, value):
        super().__setitem__(key, (value,))


class Pair(tuple):
    def __iter__(self):
        return iter("pair")


class Number(int):
    pass


class Index:
    def __index__(self):
        return -1

    def __repr__(self):
        return "Index()"


class Watched:
    """Dies where it is replaced, and looks at who does it."""

    log = []

    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        Watched.log.append((self.name, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno, len(frame.f_locals)))


def each(iterable):
    out = []
    for item in iterable:
        out.append(item)
    return out


def each_of_iterator(iterator, limit):
    out = []
    for item in iterator:
        out.append(item)
        if len(out) == limit:
            break
    return out


def change_while(items, what):
    out = []
    for item in items:
        out.append(item)
        if len(out) > 20:
            break
        if what == "grow" and len(out) < 5:
            items.append(item)
        elif what == "shrink":
            del items[-1]
        elif what == "clear" and len(out) == 2:
            items.clear()
    return out, items


def twice(iterator):
    """An exhausted list iterator stays exhausted although the list grows."""
    items = [1, 2]
    it = iter(items) if iterator == "list" else iter((1, 2))
    first = each_of_iterator(it, 10)
    items.append(3)
    return first, each_of_iterator(it, 10), next(it, "none")


def get(container, key):
    return container[key]


def put(container, key, value):
    container[key] = value
    return container


def replace(container, key, name):
    note = name
    container[key] = None
    return note


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        where = error.__traceback__.tb_next
        return type(error).__name__, str(error), list(where.tb_frame.f_code.co_positions())[where.tb_lasti // 2]


def loops():
    kinds = [
        [1, 2, 3], (1, 2), "ab", {1: 2}, {5}, range(3), Items([1, 2]), Pair((1, 2)), [], (), iter([7, 8]), iter((7, 8)),
        (x for x in (1, 2)), zip([1], (2,)), enumerate((5, 6)), reversed([1, 2]), b"ab", map(str, [1]), {1: 2}.items(), 3, None,
    ]
    out = [attempt(each, kind) for kind in kinds]
    iterator = iter([1, 2, 3, 4])
    out += [each_of_iterator(iterator, 2), each_of_iterator(iterator, 1), each_of_iterator(iterator, 5)]
    out += [change_while([1, 2, 3, 4, 5], what) for what in ("grow", "shrink", "clear", "")]
    return out + [twice("list"), twice("tuple")]


def subscripts():
    keys = [0, 1, -1, -2, 2, -3, True, False, Number(1), Index(), 2**30, -(2**30), 2**64, 1.0, "0", None]
    out = []
    for container in ([10, 11], (10, 11), "ab", {0: 1, -1: 2, True: 3}, Items([10, 11]), Pair((10, 11)), b"ab", range(2), 5):
        out += [attempt(get, container, key) for key in keys]
    for make in (lambda: [10, 11], lambda: (10, 11), lambda: {0: 1}, lambda: Items([10, 11]), lambda: bytearray(b"ab"), lambda: 5):
        out += [attempt(put, make(), key, 7) for key in keys]
    return out


def deaths():
    Watched.log.clear()
    items, table, own = [Watched("list"), 1], {0: Watched("dict")}, Items([Watched("own")])
    out = [replace(items, -2, "a"), replace(table, 0, "b"), replace(own, 0, "c"), items, table, own]
    item = Watched("kept")
    alive = weakref.ref(item)
    put(items, 1, item)
    del item
    held = alive() is not None
    replace(items, -1, "d")
    return out, held, alive() is None, list(Watched.log)


def counts():
    value, items, key = object(), [None, None], object()
    before = sys.getrefcount(value)
    put(items, 0, value), put(items, -1, value), attempt(put, items, key, value), attempt(put, items, 5, value)
    taken = get(items, 0), get(items, -1), attempt(get, items, key), each(items), each(tuple(items))
    gc.collect()  # of the errors, which are in cycles with their frames
    return sys.getrefcount(value) - before, len(taken)


for topic in (loops, subscripts, deaths, counts):
    for _ in range(40):
        result = topic()
    print(topic.__name__)
    for line in result:
        print("   ", line)
