"""Context managers that are entered often, in Python and in C, with and without exceptions."""

import contextlib
import sys
import threading
import traceback


class Manager:
    log = []

    def __init__(self, swallow=False, broken=None):
        self.swallow, self.broken, self.depth = swallow, broken, 0

    def __enter__(self):
        self.depth += 1
        if self.broken == "enter":
            raise OSError("enter")
        return self.depth

    def __exit__(self, kind, value, trace):
        self.depth -= 1
        if kind is not None:
            self.log.append((kind.__name__, str(value), trace.tb_lineno, sys.exc_info()[1] is value))
        if self.broken == "exit":
            raise KeyError("exit")
        return self.swallow


class HalfA:
    def __enter__(self):
        return self


class HalfB:
    def __exit__(self, *args):
        return None


def plain(manager, n):
    total = 0
    for i in range(n):
        with manager as depth:
            total += depth + i
    return total


def two(a, b, n):
    total = 0
    for i in range(n):
        with a as x, b as y:
            total += x * y
            if i % 7 == 3:
                continue
            total += 1
    return total


def raising(manager, n):
    out = []
    for i in range(n):
        try:
            with manager:
                out.append(i)
                if i % 3 == 0:
                    raise ValueError(i)
                if i % 3 == 1:
                    {}[i]
        except Exception as error:
            out.append((type(error).__name__, [(f.lineno, f.colno) for f in traceback.extract_tb(error.__traceback__)],
                        repr(error.__context__)))
    return out[-5:], len(out)


def returning(manager, n):
    def inner(i):
        with manager:
            if i % 2:
                return "early"
            if i % 4 == 0:
                raise LookupError
        return "late"

    out = []
    for i in range(n):
        try:
            out.append(inner(i))
        except LookupError:
            out.append("raised")
    return out[-5:]


def locks(lock, n):
    total = 0
    for i in range(n):
        try:
            with lock:
                total += i
                if i % 5 == 0:
                    raise ValueError
        except ValueError:
            total -= 1
    return total, lock.acquire(False), lock.release()


def not_managers(n):
    texts = set()
    for i in range(n):
        for thing in (3, HalfA(), HalfB(), None):
            try:
                with thing:
                    pass
            except TypeError as error:
                texts.add(str(error))
    return sorted(texts)


@contextlib.contextmanager
def generated(log):
    log.append("in")
    try:
        yield len(log)
    except ValueError as error:
        log.append(repr(error))
    finally:
        log.append("out")


def with_generators(n):
    log = []
    total = 0
    for i in range(n):
        with generated(log) as size:
            total += size
            if i % 2:
                raise ValueError(i)
    return total, log[-5:]


class Counting:
    def __enter__(self):
        return sys.getrefcount(self), sys.getrefcount(type(self).__enter__)

    def __exit__(self, kind, value, trace):
        self.seen = sys.getrefcount(self), sys.getrefcount(type(self).__exit__), sys.getrefcount(kind) > 3, value is None or sys.getrefcount(value)
        return True


def counting(n):
    out = []
    for i in range(n):
        manager = Counting()
        with manager as counts:
            if i % 2:
                raise ValueError(i)
        out.append((counts, manager.seen))
    return out[-2:]


def suppressing(n):
    count = 0
    for i in range(n):
        with contextlib.suppress(KeyError, IndexError):
            count += 1
            [][i]
            count += 1000
    return count


def stack(n):
    out = []
    for i in range(n):
        with contextlib.ExitStack() as stack:
            for k in range(3):
                stack.enter_context(Manager(swallow=k == 1))
            stack.callback(out.append, i)
            if i % 2:
                raise OSError(i)
    return out[-3:]


for turn in range(3):
    print(plain(Manager(), 40))
    print(two(Manager(), Manager(True), 40))
    print(raising(Manager(), 30))
    print(raising(Manager(swallow=True), 30))
    print(raising(Manager(broken="exit"), 30))
    print(raising(Manager(broken="enter"), 30))
    print(returning(Manager(), 30))
    print(returning(Manager(True), 30))
    print(locks(threading.Lock(), 40), locks(threading.RLock(), 40))
    print(not_managers(22))
    print(with_generators(30))
    print(suppressing(30))
    print(counting(30))
    print(stack(30))
    print(Manager.log[-6:], len(Manager.log))

for mode in (None, "exit"):
    try:
        for i in range(30):
            with Manager(broken=mode if i > 25 else None):
                if i == 28:
                    raise ValueError("at the end")
    except Exception as error:
        traceback.print_exception(error, file=sys.stdout)
