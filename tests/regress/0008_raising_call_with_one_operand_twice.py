"""A call that raises has consumed each of its operands once for every time it got them, also those that are passed twice."""

import sys


def fail(a, b, c=None):
    raise ValueError


def twice(make, call):
    x = make()
    try:
        call(x, x)
    except (ValueError, TypeError):
        return sys.getrefcount(x)


def from_cell(make):
    x = make()
    inner = lambda: max(x, x)
    try:
        inner()
    except TypeError:
        return sys.getrefcount(x)


def result(make, call):
    try:
        return (lambda y: call(y, y, y))(make())
    except (ValueError, TypeError) as error:
        return type(error).__name__


def shared(make, call, kept):
    try:
        call(kept[0], kept[0])
    except (ValueError, TypeError):
        return sys.getrefcount(kept[0])


kept = [object()]
for _ in range(40):
    found = [
        twice(object, fail), twice(object, max), twice(object, divmod), from_cell(object), result(object, fail),
        result(object, max), shared(object, fail, kept), shared(object, max, kept),
    ]
print(found)
