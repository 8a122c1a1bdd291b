"""Generators: every way to run, feed, end and look at one."""
import gc
import inspect
import sys
import traceback


def count(n):
    i = 0
    while i < n:
        sent = yield i
        if sent is not None:
            i = sent
        i += 1
    return "done %d" % i


def floats(n):
    x, total = 0.5, 0
    for k in range(n):
        total += k
        x *= 1.5
        yield x
    return total, x


def nested(depth):
    if depth:
        yield from nested(depth - 1)
        yield depth
        yield from nested(depth - 1)
    return depth


def returned_values(depth):
    values = []
    for k in range(3):
        values.append((yield from floats(k)))
    values.append((yield from [depth]))
    return values


def guarded(log):
    try:
        while True:
            try:
                got = yield len(log)
                log.append(("got", got))
            except ValueError as e:
                log.append(("caught", str(e)))
                yield "handled"
    finally:
        log.append("finally")


def squares(n):
    return sum(x * x for x in range(n)), any(x > 3 for x in range(n)), [y for y in (z + 1 for z in range(n))]


def on_the_stack(n):
    for k in range(n):
        yield [k, k + 1, (yield k), "%s %s" % (k, (yield -k))]


def closures(n):
    total = 0

    def add(x):
        nonlocal total
        total += x
        return total
    for k in range(n):
        yield add(k), total
        total += 1


def consume(make, *args):
    out = []
    for v in make(*args):
        out.append(v)
    return out


def finish(gen):
    try:
        while True:
            next(gen)
    except StopIteration as e:
        return e.value


def drive():
    gen = count(10)
    return next(gen), gen.send(None), gen.send(4), next(gen), finish(gen)


def close_and_throw():
    log = []
    gen = guarded(log)
    out = [next(gen), gen.send("a"), gen.throw(ValueError("v")), next(gen), gen.send("b")]
    gen.close()
    gen.close()
    log2 = []
    gen = guarded(log2)
    next(gen)
    try:
        gen.throw(KeyError("k"))
    except KeyError as e:
        log2.append(repr(e))
    log3 = []
    gen = guarded(log3)
    next(gen)
    del gen
    return out, log, log2, log3


def raises_stop():
    yield 1
    raise StopIteration("inner")


def errors():
    out = []
    gen = count(3)
    for action in (lambda: gen.send(1), lambda: finish(raises_stop()), lambda: gen.throw(OSError("new")), lambda: next(gen)):
        try:
            out.append(action())
        except BaseException as e:
            out.append((type(e).__name__, str(e), type(e.__cause__).__name__))
    return out


def itself():
    yield next(running)


def executing():
    global running
    running = itself()
    try:
        next(running)
    except ValueError as e:
        return str(e)


def looking(names):
    local = 5
    frame = sys._getframe()
    names.append((frame.f_code.co_name, frame.f_back.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
    yield local
    local = 6.5
    names.append(frame.f_back.f_code.co_name)
    yield local
    for local in range(3):
        yield local


def look():
    names = []
    gen = looking(names)
    out = [inspect.getgeneratorstate(gen), gen.gi_frame.f_lineno - looking.__code__.co_firstlineno, gen.gi_running]
    for value in gen:
        frame = gen.gi_frame
        out.append((value, sorted(frame.f_locals), frame.f_locals["local"], frame.f_lineno - looking.__code__.co_firstlineno,
                    frame.f_back, inspect.getgeneratorstate(gen), gen.gi_yieldfrom))
    return out, names, gen.gi_frame, inspect.getgeneratorstate(gen)


def delegates():
    yield 1
    yield from inner_delegate()


def inner_delegate():
    yield 2
    yield 1 / 0


def failing():
    out = []
    gen = delegates()
    out.append(next(gen))
    out.append(next(gen))
    out.append((gen.gi_yieldfrom.__name__, gen.gi_yieldfrom.gi_frame.f_lineno - inner_delegate.__code__.co_firstlineno))
    try:
        next(gen)
    except ZeroDivisionError as e:
        entries = traceback.extract_tb(e.__traceback__)
        out.append([(t.name, t.lineno - failing.__code__.co_firstlineno, t.colno, t.end_colno) for t in entries])
    out.append(gen.gi_frame)
    return out


def handled(log):
    try:
        raise KeyError("outer")
    except KeyError:
        log.append(sys.exc_info()[0])
        yield 1
        log.append(sys.exc_info()[0])
        yield 2
    log.append(sys.exc_info()[0])


def exception_state():
    log = []
    try:
        raise OSError("mine")
    except OSError:
        for v in handled(log):
            log.append((v, sys.exc_info()[0]))
    log.append(sys.exc_info()[0])
    return log


class Tracked:
    alive = 0

    def __init__(self):
        Tracked.alive += 1

    def __del__(self):
        Tracked.alive -= 1


def holding(n):
    a = Tracked()
    for k in range(n):
        b = Tracked()
        yield k
    return a, b


def lifetimes():
    out = []
    gen = holding(3)
    out.append(Tracked.alive)
    for v in gen:
        out.append(Tracked.alive)
    out.append(Tracked.alive)
    gen = holding(3)
    next(gen)
    out.append(Tracked.alive)
    del gen
    out.append(Tracked.alive)
    cycle = [None]

    def circular():
        me = cycle
        t = Tracked()
        yield me, t
    cycle[0] = circular()
    next(cycle[0])
    del cycle, circular
    gc.collect()
    out.append(Tracked.alive)
    gen = holding(2)
    refs = [sys.getrefcount(holding), sys.getrefcount(gen)]
    next(gen)
    refs.append(sys.getrefcount(gen))
    finish(gen)
    refs.append(sys.getrefcount(gen))
    refs.append(sys.getrefcount(holding))
    return out, refs


def many_arguments(a, b=2, *rest, c=3, **more):
    yield a, b, rest, c, sorted(more.items())
    a = b
    yield a


def deep(n):
    if n:
        yield from deep(n - 1)
    yield n


def too_deep():
    try:
        return sum(deep(100000))
    except RecursionError as e:
        return str(e)[:32]


def main():
    functions = [
        lambda: consume(count, 5), lambda: consume(floats, 4), lambda: list(nested(4)), lambda: finish(returned_values(7)),
        drive, close_and_throw, errors, executing, look, failing, exception_state, lifetimes,
        lambda: squares(10), lambda: consume(on_the_stack, 3), lambda: consume(closures, 4),
        lambda: consume(many_arguments, 1), lambda: list(many_arguments(1, 5, 6, 7, c=8, d=9)),
        lambda: dict(zip(count(3), floats(3))), lambda: max(floats(3)), lambda: ",".join(str(x) for x in nested(3)),
        lambda: tuple(x for x in [1, 2.5, "s", None, 2 ** 70]), lambda: [a + b for a, b in zip(count(3), count(4))],
    ]
    first = [repr(f()) for f in functions]
    for _ in range(60):
        for k, f in enumerate(functions):
            again = repr(f())
            if again != first[k]:
                print("changed", k, first[k], again)
                first[k] = again
    for text in first:
        print(text)
    print(too_deep())


main()
