"""A function that asks for its locals, or whose frame is asked, gets a dictionary of them, which its frame owns. Called directly
from machine code it returned without giving the dictionary back."""

import gc
import sys


class Thing:
    pass


class Built:
    def __init__(self, thing):
        self.thing = thing
        looking_up(2)


def by_locals(thing):
    return len(locals())


def by_exec(thing):
    exec("copy = thing")
    return 1


def by_frame(thing):
    return len(sys._getframe().f_locals)


def looking_up(depth):
    return len(sys._getframe(depth).f_locals)


def looked_at(thing):
    return looking_up(1)


def by_loop(thing):
    names = locals()
    total = 0
    for i in range(100):
        total += i
    return total


def failing(thing):
    locals()
    raise ValueError


def calls(n, thing):
    total = 0
    for i in range(n):
        total += by_locals(thing) + by_exec(thing) + by_frame(thing) + looked_at(thing) + by_loop(thing)
        Built(thing)
        try:
            failing(thing)
        except ValueError:
            total += 1
    return total


for turn in range(5):
    thing = Thing()
    before = sys.getrefcount(thing)
    total = calls(60, thing)
    gc.collect()
    print(total, sys.getrefcount(thing) - before)
