"""Generators that die before their end: what is left of them ends in the order of CPython."""
import gc
import sys
import weakref

log = []
gc.disable()  # what is still alive in a cycle would die when the collector happens to run


class Noisy:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        depth = 0
        while frame is not None:
            depth += 1
            frame = frame.f_back
        log.append((self.name, sys._getframe(1).f_code.co_name, sys._getframe(1).f_lineno - sys._getframe(1).f_code.co_firstlineno,
                    depth, type(sys.exc_info()[1]).__name__))


class NoisyIterator(Noisy):
    def __iter__(self):
        return self

    def __next__(self):
        return self.name


class Resumes:
    """Holds its generator weakly and resumes it when it dies."""
    def __init__(self):
        self.target = None

    def __del__(self):
        try:
            g = self.target()
            log.append(("resumed", g is None or next(g)))
        except BaseException as e:
            log.append((type(e).__name__, str(e)))


def plain(a, b):
    c = Noisy("c")
    for x in NoisyIterator("outer"):
        for y in NoisyIterator("inner"):
            yield x, y, a, b, c


def handles(a):
    try:
        yield a
    except GeneratorExit:
        log.append("exit seen")
        raise
    finally:
        log.append("finally")


def refuses():
    try:
        yield 1
    except GeneratorExit:
        yield 2


def delegates(a):
    b = Noisy("delegating")
    yield from handles(a)


def delegates_plain(a):
    b = Noisy("delegating plain")
    yield from plain(a, Noisy("delegated"))


def manager(a):
    with open(__file__) as f:
        yield f.name and a


def any_of(items):
    return any(x > 2 for x in items)


def first(items):
    return next(x for x in items if x)


def drop_started():
    g = plain(Noisy("a"), Noisy("b"))
    next(g)
    del g


def drop_unstarted():
    g = plain(Noisy("a"), Noisy("b"))
    del g


def drop_with_frame():
    g = plain(Noisy("a"), Noisy("b"))
    next(g)
    f = g.gi_frame
    del g
    log.append((sorted(f.f_locals), f.f_lineno - f.f_code.co_firstlineno))


def drop_handling(make):
    g = make(Noisy("arg"))
    next(g)
    del g


def drop_in_cycle():
    g = plain(Noisy("a"), Noisy("b"))
    holder = [g]
    inner = plain(holder, Noisy("cyclic"))
    next(inner)
    holder.append(inner)
    next(g)
    del g, inner, holder
    gc.collect()


def drop_while_handling():
    try:
        raise KeyError("outer")
    except KeyError:
        drop_started()


def drop_with_resumer():
    r = Resumes()

    def gen(r):
        yield 1
        yield 2

    g = gen(r)
    r.target = weakref.ref(g)
    next(g)
    del r, g


def drop_with_callback():
    g = plain(1, 2)
    next(g)
    ref = weakref.ref(g, lambda r: log.append(("callback", r() is None)))
    del g
    log.append(ref() is None)


def closed_by_hand():
    g = plain(Noisy("a"), Noisy("b"))
    next(g)
    g.close()
    g.close()
    log.append(next(g, "end"))
    u = plain(Noisy("u"), Noisy("v"))
    u.close()
    log.append(next(u, "end"))


def traced():
    events = []

    def trace(frame, event, arg):
        events.append((frame.f_code.co_name, event))
        return trace

    g = plain(1, 2)
    next(g)
    sys.settrace(trace)
    del g
    sys.settrace(None)
    log.append(events)


def profiled():
    events = []
    g = plain(1, 2)
    next(g)
    sys.setprofile(lambda frame, event, arg: events.append((frame.f_code.co_name, event)))
    del g
    sys.setprofile(None)
    log.append(events)


def all_of_them():
    drop_started()
    drop_unstarted()
    drop_with_frame()
    for make in (handles, delegates, delegates_plain, manager):
        drop_handling(make)
    drop_in_cycle()
    drop_while_handling()
    drop_with_resumer()
    drop_with_callback()
    closed_by_hand()
    log.append((any_of([1, 2, 3, 4]), any_of([1]), first([0, 0, 7, 8]), any_of(range(10)), any_of((1, 5))))


class Odd:
    def __eq__(self, other):
        return (x for x in (1, 2, 3) if x == other)

    def __hash__(self):
        return 1


def listcomps(items):
    return [x for x in items], {x for x in items}, {x: 1 for x in items}, [y for x in items for y in (x, x)]


def comprehended():
    out = []
    for items in ([1, 2], (3, 4), range(3), "ab", {5: 6}, iter([7, 8]), {9}, [], (), enumerate("x"), [1, 2, 3], b"ab"):
        try:
            out.append(listcomps(items))
        except Exception as e:
            out.append((type(e).__name__, str(e)))
    return out


def growing():
    items = [1, 2, 3]
    return [items.append(x) or x for x in items if len(items) < 9]


for _ in range(30):
    log.clear()
    all_of_them()
for line in log:
    print(line)
log.clear()
traced()
profiled()
print(log)
for _ in range(40):
    result = comprehended(), growing()
print(result)


def made():
    """A function that is made anew at each call."""
    def inner(a, b=2, *, c: int = 3) -> str:
        """Its text."""
        return a, b, c

    return inner


for _ in range(40):
    f = made()
print(f.__name__, f.__qualname__, f.__module__, f.__doc__, f.__defaults__, f.__kwdefaults__, f.__annotations__, f.__closure__, f.__dict__,
      f.__globals__ is globals(), f.__builtins__ is __builtins__.__dict__, f(1), gc.is_tracked(f))
namespace = {"__builtins__": {"len": len, "range": range}, "result": None}
exec("def outer():\n    return lambda x: len(x)\nfor _ in range(40):\n    result = outer()", namespace)
print(namespace["result"].__module__, sorted(namespace["result"].__builtins__), namespace["result"]("abc"))
namespace = {"__name__": 5}
exec("def outer():\n    return [(lambda: x) for x in range(3)]\nfor _ in range(40):\n    result = outer()", namespace)
print(namespace["result"][0].__module__, [g() for g in namespace["result"]], namespace["result"][0].__qualname__)
