"""A local that is returned: what finalizers of the other locals see of it, and what frame objects keep."""

import sys


class Noisy:
    """Says at its end how many references the watched object has."""

    def __init__(self, name, watched):
        self.name = name
        self.watched = watched

    def __del__(self):
        seen.append((self.name, sys.getrefcount(self.watched[0])))


seen = []


def in_front(noisy, value):
    return value


def behind(value, noisy):
    return value


def between(first, value, second):
    second.name += "!"
    return value


def own(value):
    return value


def kept(value):
    frames.append(sys._getframe())
    return value


def generated(value):
    yield value
    return value


def caught(value):
    try:
        return value
    finally:
        seen.append("left")


def in_turn(value, count):
    while count:
        count -= 1
        value = own(value)
    return value


box = [None]
frames = []
for turn in range(40):
    thing = object()
    box[0] = thing
    before = sys.getrefcount(thing)
    results = [
        in_front(Noisy("front", box), thing),
        behind(thing, Noisy("behind", box)),
        own(thing),
        kept(thing),
        caught(thing),
        in_turn(thing, turn % 7),
    ]
    held = sys.getrefcount(thing)
    between(Noisy("first", box), thing, Noisy("second", box))
    made = generated(thing)
    next(made)
    try:
        next(made)
    except StopIteration as stop:
        results.append(stop.value)
    stop = made = None
    if turn in (0, 39):
        print(before, held, sys.getrefcount(thing), all(r is thing for r in results), seen)
        print(frames[-1].f_locals["value"] is thing, frames[-1].f_back is None, len(frames))
    results = None
    frames.clear()
    box[0] = None
    print(sys.getrefcount(thing) - before)
    seen.clear()
