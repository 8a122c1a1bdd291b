"""Handlers under trace and profile functions that come and go, and under threads and signals."""

import signal
import sys

EVENTS = []


def fail(i):
    if i % 2:
        raise ValueError(i)
    return i


def busy(n):
    total = 0
    for i in range(n):
        try:
            total += fail(i)
        except ValueError as error:
            total -= error.args[0]
        finally:
            total += 1
    return total


def trace(frame, event, argument):
    if frame.f_code.co_name in ("busy", "fail", "switching"):
        what = argument[0].__name__ if event == "exception" else None
        EVENTS.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno, what))
    return trace


def profile(frame, event, argument):
    if frame.f_code.co_name in ("busy", "fail", "switching"):
        EVENTS.append((frame.f_code.co_name, event, frame.f_lineno - frame.f_code.co_firstlineno))


def switching(n, setter, function):
    """The handler itself switches tracing on, and a later one off again."""
    total = 0
    for i in range(n):
        try:
            total += fail(i)
        except ValueError:
            if i == 31:
                setter(function)
                sys._getframe().f_trace = function
            if i == 35:
                setter(None)
            total += 1
    return total


class OnRelease:
    """Switches tracing on while an exception unwinds the operand stack."""

    def __del__(self):
        sys.settrace(trace)


def unwinding(n):
    total = 0
    for i in range(n):
        try:
            if i == 40:
                (OnRelease(), fail(1))
            total += fail(i)
        except ValueError:
            total += 1
        if i == 42:
            sys.settrace(None)
    return total


def counted():
    text = []
    for event in EVENTS:
        text.append(" ".join(map(str, event)))
    EVENTS.clear()
    return text


for turn in range(3):
    print(busy(50))
    sys.settrace(trace)
    print(busy(4))
    sys.settrace(None)
    print(*counted(), sep="\n")
    sys.setprofile(profile)
    print(busy(4))
    sys.setprofile(None)
    print(*counted(), sep="\n")
    print(switching(50, sys.settrace, trace))
    print(*counted(), sep="\n")
    print(switching(50, sys.setprofile, profile))
    print(*counted(), sep="\n")
    print(unwinding(60))
    print(*counted(), sep="\n")


class Stop(Exception):
    pass


def alarm(number, frame):
    raise Stop


def forever():
    """Its only way round is through the handler."""
    n = 0
    while True:
        try:
            raise ValueError
        except ValueError:
            n += 1


signal.signal(signal.SIGALRM, alarm)
for turn in range(3):
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        forever()
    except Stop:
        print("stopped")


def refcounts(n):
    value = object()
    argument = [value]
    before = sys.getrefcount(value), sys.getrefcount(argument)
    for i in range(n):
        try:
            fail(i)
            argument[i]
        except (ValueError, IndexError) as error:
            kept = argument
            error = None
        finally:
            kept = None
    return sys.getrefcount(value) - before[0], sys.getrefcount(argument) - before[1]


def leak(n):
    error = ValueError()
    for i in range(n):
        try:
            raise error
        except ValueError as caught:
            caught.__traceback__ = None
    return sys.getrefcount(error), sys.getrefcount(ValueError) < 100000


for turn in range(3):
    print(refcounts(40), leak(50))
