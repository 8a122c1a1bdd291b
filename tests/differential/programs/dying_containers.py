"""Containers that die while numbers are unboxed: what is in them may have finalizers that look at the frame, or weak references."""
import sys
import weakref

log = []


class Noted:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        log.append((self.name, frame.f_code.co_name, frame.f_lineno, frame.f_locals.get("total"), frame.f_locals.get("k")))


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def method(self):
        return self.a


class Listed(list):
    def __del__(self):
        Noted.__del__(self)

    name = "listed"


def made(k, what):
    if k % 7 != 3:
        return k * 1000
    return Noted((what, k))


def tuples(n):
    total = 0
    for k in range(n):
        total += 3
        (made(k, "tuple"), total, "x")
    return total


def nested(n):
    total = 0
    for k in range(n):
        total += 3
        [((made(k, "nested"),), total), {"a": [total]}]
        {total: made(k, "value"), (total,): [()]}
        {total, (made(k, "set"), total)}
    return total


def deep(n):
    total = 0
    for k in range(n):
        total += 3
        [[[[[[[[[[[[[[[[[[made(k, "deep")]]]]]]]]]]]]]]]]]]
        [total] * 100 + [made(k, "long")]
    return total


def twice(n):
    """More references to one object than there is of its container."""
    total = 0
    for k in range(n):
        total += 3
        same = made(k, "twice")
        dying = [same, same, (same, same)]
        del same
        dying = None
        same = made(k, "in an object")
        dying = Pair(same, same)
        del same
        dying = Pair(total, [Pair(made(k, "in objects"), total)])
        dying = dying.method
        dying = None
    return total


def iterators(n):
    total = 0
    for k in range(n):
        total += 3
        for a, b in zip([total, made(k, "zip")], (1, 2)):
            if k % 5 == 4:
                break
        for a, b in enumerate([made(k, "enumerate")]):
            a = b = None
        for a in reversed([made(k, "reversed"), total]):
            break
        a = None
        iter({total: made(k, "items")}.items())
        slice(total, made(k, "slice"))
    return total


def kept(n):
    total, holder = 0, Noted("kept")
    for k in range(n):
        total += 3
        (holder, total)
        [holder, holder, holder]
    return total, sys.getrefcount(holder)


def watched(n):
    total = 0
    for k in range(n):
        total += 3
        seen = {total}
        weakref.finalize(seen, Noted.__del__, Noted("set")).atexit = False
        del seen
        lent = frozenset((total, k))
        ref = weakref.ref(lent, lambda r: log.append(("ref", total, k)))
        del lent
        Listed((total, k))
    return total


for turn in range(3):
    for f in (tuples, nested, deep, twice, iterators, kept, watched):
        print(f.__name__, f(40), len(log), log[:12])
        log.clear()
