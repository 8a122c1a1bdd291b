"""with_traceback(None) leaves None for a traceback; raising that exception again made None the next entry of the new one."""

import sys
import traceback


def boom(cause=None):
    raise RuntimeError(123) from cause


def bare(error):
    raise error.with_traceback(None)


def again(error):
    try:
        raise error
    except RuntimeError as caught:
        entries = [(e.name, e.lineno) for e in traceback.extract_tb(caught.__traceback__)]
        return entries, caught.__traceback__.tb_next is None


def without():
    try:
        boom(ValueError("cause"))
    except RuntimeError as error:
        error.__traceback__ = None
        return error


def through(error):
    bare(error)


def from_generator(error):
    yield 1
    raise error.with_traceback(None) from None


def count(error):
    lengths = set()
    for function in (bare, through, again, from_generator):
        try:
            list(function(error) or ())
        except RuntimeError as caught:
            lengths.add((function.__name__, len(traceback.format_exception(caught))))
    return sorted(lengths)


def in_handler(error):
    try:
        {}["key"]
    except KeyError:
        raise error.with_traceback(None)


for _ in range(60):
    results = again(without()), count(without())
print(results)
for function in (bare, through, in_handler):
    for _ in range(60):
        try:
            function(without())
        except RuntimeError as error:
            sys_error = error
    sys.excepthook(type(sys_error), sys_error, sys_error.__traceback__)
for error in [without() for _ in range(60)]:
    for _ in range(3):
        try:
            raise error.with_traceback(None)
        except RuntimeError:
            last = sys.exc_info()
sys.excepthook(*last)
through(without())
