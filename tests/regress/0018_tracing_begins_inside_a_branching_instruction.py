"""A trace function that is set while FOR_ITER, SEND or a truth test runs Python code sees the very next line of the caller.

The check behind these instructions, which end with a branch, was missing or taken for one behind nothing.
"""

import sys

EVENTS = []


def tracer(frame, event, argument):
    EVENTS.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    return tracer


def begin(now):
    """Trace all frames that run."""
    if now:
        sys.settrace(tracer)
        frame = sys._getframe(1)
        while frame is not None:
            frame.f_trace = tracer
            frame = frame.f_back


def numbers(n, when):
    for i in range(n):
        begin(i == when)
        yield i
    begin(when == n)
    return n


class Iterator:
    def __init__(self, n, when):
        self.n, self.when, self.i = n, when, 0

    def __iter__(self):
        return self

    def __next__(self):
        begin(self.i == self.when)
        if self.i == self.n:
            raise StopIteration
        self.i += 1
        return self.i


class Truth:
    def __init__(self, value, now):
        self.value, self.now = value, now

    def __bool__(self):
        begin(self.now)
        return self.value


def over_generator(n, when):
    total = 0
    for i in numbers(n, when):
        total += i
    total += 1
    return total


def over_iterator(n, when):
    total = 0
    for i in Iterator(n, when):
        total += i
    total += 1
    return total


def delegating(n, when):
    total = 0
    yield from numbers(n, when)
    total += 1
    yield total


def delegate(n, when):
    found = []
    for i in delegating(n, when):
        found.append(i)
    return found


class Awaited:
    def __init__(self, now):
        self.now = now

    def __await__(self):
        begin(self.now)
        yield 1
        begin(self.now)
        return 2


async def awaiting(n, when):
    total = 0
    for i in range(n):
        value = await Awaited(i == when)
        total += value
    return total


def drive(n, when):
    coroutine = awaiting(n, when)
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def truths(n, when):
    total = 0
    for i in range(n):
        if Truth(i % 2, i == when):
            total += 1
        else:
            total += 2
        total += 1
        while Truth(total % 3, i + 1 == when):
            total += 1
        value = Truth(i % 2, i == when) or total
        total += 1
        value = Truth(i % 2, i == when) and total
        total += 1
    return total


for function in (over_generator, over_iterator, delegate, drive, truths):
    for turn in range(40):
        function(20, -1)
    for when in (5, 6, 20):
        EVENTS.clear()
        result = function(20, when)
        sys.settrace(None)
        print(function.__name__, when, result, len(EVENTS))
        print(*EVENTS[:40], sep="\n")
