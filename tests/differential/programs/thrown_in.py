"""What throw and close do to suspended generators and coroutines: handlers, with statements, delegation, chained contexts."""

import sys
import traceback
import types


class Boom(Exception):
    pass


class Manager:
    def __init__(self, log, swallow):
        self.log = log
        self.swallow = swallow

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, kind, value, tb):
        self.log.append(("exit", kind and kind.__name__, tb and tb.tb_lineno - tb.tb_frame.f_code.co_firstlineno))
        return self.swallow

    async def __aenter__(self):
        await step("aenter")
        return self.__enter__()

    async def __aexit__(self, *args):
        await step("aexit")
        return self.__exit__(*args)


@types.coroutine
def step(value):
    return (yield value)


def run(coroutine, thrown=()):
    """Drives a coroutine; what it awaits is listed. `thrown` are exceptions by the number of the step."""
    steps = []
    thrown = dict(thrown)
    try:
        value = coroutine.send(None)
        while True:
            steps.append(value)
            exception = thrown.pop(len(steps), None)
            value = coroutine.throw(exception) if exception is not None else coroutine.send(len(steps))
    except StopIteration as stop:
        return steps, stop.value
    except BaseException as error:
        return steps, describe(error)


def describe(error, depth=0):
    """An exception with the lines and columns of its traceback and its chain."""
    if error is None or depth > 5:
        return None
    entries = [
        (f.name, f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(error.__traceback__)
    ]
    return (
        type(error).__name__, error.args, entries, describe(error.__context__, depth + 1),
        describe(error.__cause__, depth + 1), error.__suppress_context__,
    )


def state(g):
    # CPython 3.11 looks for what a running generator delegates to behind the end of its stack, when an inline cache happens to
    # look like the instruction that follows a delegation.
    delegates = not g.gi_running and g.gi_yieldfrom is not None
    return g.gi_running, g.gi_suspended, g.gi_frame and g.gi_frame.f_lineno, delegates


# ---- handlers ------------------------------------------------------------------------------------------------------------


def catching(n):
    total, factor = 0, 0.5
    for i in range(n):
        try:
            sent = yield i * factor
            total += sent if sent is not None else 1
        except Boom as error:
            total += 100
            factor += 0.25
            yield "caught", error.args, total
        except (KeyError, ValueError):
            yield "other", sys.exc_info()[0].__name__
        else:
            total += i
        finally:
            total -= 1
    return total, factor


def finishing(log, n):
    i = 0
    try:
        while i < n:
            try:
                yield i
            finally:
                log.append(("inner", i, sys.exc_info()[0] and sys.exc_info()[0].__name__))
                i += 1
    finally:
        log.append(("outer", i))


def with_inside(log, n, swallow):
    for i in range(n):
        with Manager(log, swallow) as m:
            yield i
            log.append("behind")
        log.append("next")
    return len(log)


def stubborn():
    while True:
        try:
            yield 1
        except GeneratorExit:
            yield 2


def returning():
    try:
        yield 1
    except GeneratorExit:
        return "closed"
    finally:
        pass


def replacing():
    try:
        yield 1
    except Boom:
        raise KeyError("instead")


def replacing_from():
    try:
        yield 1
    except Boom as error:
        raise KeyError("instead") from error


def stopping():
    try:
        yield 1
    except Boom:
        raise StopIteration("from the handler")


def reraising():
    try:
        try:
            yield 1
        except Boom:
            raise
    except Boom as error:
        yield len(traceback.extract_tb(error.__traceback__))
        raise


def operands(a, b):
    return [a, b, (yield a) + sum([a, (yield b)])]


def in_operands(a):
    result = []
    for i in range(3):
        try:
            result.append(a + (yield i))
        except Boom:
            result.append(len(result))
    return result


def drain(g, thrown):
    out = []
    thrown = dict(thrown)
    try:
        value = next(g)
        while True:
            out.append(value)
            out.append(state(g))
            exception = thrown.pop(len(out) // 2, None)
            value = g.throw(exception) if exception is not None else g.send(2)
    except StopIteration as stop:
        out.append(("value", stop.value))
    except BaseException as error:
        out.append(describe(error))
    out.append(state(g))
    return out


def handlers():
    log = []
    print(drain(catching(4), {2: Boom("a", 1), 5: KeyError("k")}))
    print(drain(catching(4), {1: ValueError(), 3: ZeroDivisionError("not handled")}))
    print(drain(finishing(log, 4), {3: Boom("f")}), log)
    del log[:]
    print(drain(with_inside(log, 3, True), {2: Boom("w")}), log)
    del log[:]
    print(drain(with_inside(log, 3, False), {2: Boom("w")}), log)
    print(drain(replacing(), {1: Boom("r")}))
    print(drain(replacing_from(), {1: Boom("r")}))
    print(drain(stopping(), {1: Boom("r")}))
    print(drain(reraising(), {1: Boom("r")}))
    print(drain(reraising(), {1: Boom("r"), 2: Boom("s")}))
    print(drain(operands(1, 2), {1: Boom("o")}))
    print(drain(operands(1, 2), {2: Boom("o")}))
    print(drain(in_operands(5), {2: Boom("o")}))


def closing():
    log = []
    for make in (lambda: catching(3), lambda: finishing(log, 3), lambda: with_inside(log, 3, False), returning, replacing):
        g = make()
        next(g)
        print(g.close(), state(g), log)
        del log[:]
    g = with_inside(log, 3, True)             # what its __exit__ swallows is a GeneratorExit: it goes on
    next(g)
    try:
        print(g.close())
    except RuntimeError as error:
        print(describe(error), log)
    print(list(g))
    g = stubborn()
    next(g)
    for _ in range(2):
        try:
            g.close()
        except RuntimeError as error:
            print(describe(error), state(g))
        next(g)
    print(g.throw(GeneratorExit), state(g))
    try:
        g.throw(Boom)
    except Boom as error:
        print(describe(error), state(g))
    g.close()
    for kind in (catching(1), returning()):
        try:
            kind.throw(Boom("before the start"))
        except Boom as error:
            print(describe(error), state(kind))


def closing_itself():
    def inner():
        try:
            yield 1
        finally:
            for attempt, *args in ((g.close,), (g.throw, Boom), (g.send, None)):
                try:
                    attempt(*args)        # CPython 3.11 takes the cache entries of a plain CALL here for a RESUME, by chance
                except ValueError as error:
                    log.append((str(error), state(g)[:2]))

    log = []
    g = inner()
    next(g)
    g.close()
    print(log)


# ---- contexts ------------------------------------------------------------------------------------------------------------


def outside(g):
    """Throws while an exception is being handled, which becomes the context of what the generator raises."""
    try:
        raise ValueError("outer")
    except ValueError:
        try:
            return g.throw(Boom("in"))
        except Exception as error:
            return describe(error)


def inside():
    try:
        raise LookupError("inner")
    except LookupError:
        try:
            yield sys.exc_info()[0].__name__
        except Boom:
            yield sys.exc_info()[0].__name__
        yield sys.exc_info()[0].__name__
        raise KeyError("end")


def contexts():
    print(outside(replacing()))
    g = replacing()
    next(g)
    print(outside(g))
    g = inside()
    print(next(g), sys.exc_info()[0])
    print(outside(g), sys.exc_info()[0])
    print(next(g))
    print(outside(g))
    g = inside()
    next(g)
    g.throw(Boom)
    try:
        g.send(None)
        g.send(None)
    except KeyError as error:
        print(describe(error))


# ---- delegation ----------------------------------------------------------------------------------------------------------


class Iterator:
    """An iterator with throw and close of its own."""

    def __init__(self, log):
        self.log = log
        self.n = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.n += 1
        return self.n

    def throw(self, *args):
        self.log.append(("throw", [a if isinstance(a, type) else type(a).__name__ for a in args]))
        if len(self.log) > 2:
            raise StopIteration("thrown out")
        return -self.n

    def close(self):
        self.log.append("close")


def delegate(g):
    a, b = 1, 0.5
    while True:
        try:
            value = yield from g
            a += 1
            yield "value", value, a * b
            return a
        except Boom as error:
            a += 10
            b += 1.5
            yield "caught", error.args, a * b
            g = iter([7, 8])


def chain(n, log):
    if n == 0:
        try:
            yield "leaf"
        except Boom:
            log.append("leaf")
            return "leaf value"
        finally:
            log.append("leaf done")
    else:
        try:
            value = yield from chain(n - 1, log)
            log.append((n, value))
            yield n
        finally:
            log.append(n)
    return n


def delegation():
    log = []
    print(drain(delegate(catching(3)), {2: Boom("d")}))
    print(drain(delegate(catching(3)), {2: ZeroDivisionError("d")}))
    print(drain(delegate(replacing()), {1: Boom("d")}))
    print(drain(delegate(iter([1, 2, 3])), {2: Boom("d")}))
    print(drain(delegate(operands(1, 2)), {2: Boom("d")}))
    print(drain(delegate(Iterator(log)), {2: Boom("d"), 3: ValueError("e"), 5: KeyError("f")}), log)
    del log[:]
    g = delegate(Iterator(log))
    next(g)
    print(g.close(), log)
    del log[:]
    print(drain(chain(4, log), {1: Boom("c")}), log)
    del log[:]
    print(drain(chain(4, log), {1: ValueError("c")}), log)
    del log[:]
    g = chain(4, log)
    next(g)
    g.close()
    print(log, state(g))
    del log[:]
    g = chain(3, log)
    next(g)
    del g
    print(log)


# ---- coroutines ----------------------------------------------------------------------------------------------------------


async def leaf(log, name):
    try:
        return await step(name)
    except Boom as error:
        log.append((name, error.args))
        return -1
    finally:
        log.append((name, "finally"))


async def awaiting(log, n):
    total = 0
    weight = 0.5
    for i in range(n):
        total += await leaf(log, i)
        weight += i
        async with Manager(log, i % 2 == 0):
            total += await leaf(log, "in")
            await step("direct")
        total += 1
    return total, weight


async def counting(n, log):
    try:
        for i in range(n):
            try:
                yield i
            except Boom:
                log.append(("boom", i))
                yield -i
            await step("between")
    finally:
        await step("last")
        log.append("done")


async def iterating(log, n):
    out = []
    g = counting(n, log)
    async for i in g:
        out.append(i)
        if i == 1:
            out.append(await g.athrow(Boom("async")))
        if i == 3:
            await g.aclose()
    try:
        await g.athrow(Boom)
    except Boom as error:
        out.append(describe(error))
    return out


def coroutines():
    for thrown in ({}, {1: Boom("1")}, {2: Boom("2")}, {3: Boom("3")}, {4: Boom("4")}, {5: ValueError("5")}, {7: Boom("7")},
                   {8: Boom("8"), 9: Boom("9")}, {2: GeneratorExit()}):
        log = []
        print(run(awaiting(log, 3), thrown), log)
    for thrown in ({}, {1: Boom("1")}, {2: ValueError("2")}, {3: Boom("3")}):
        log = []
        print(run(iterating(log, 5), thrown), log)
    log = []
    c = awaiting(log, 2)
    c.send(None)
    print(c.cr_await is not None, c.cr_suspended)
    c.close()
    print(log, c.cr_frame, c.cr_await)


# ---- what else is seen ----------------------------------------------------------------------------------------------------


class Noisy:
    def __init__(self, log, name):
        self.log = log
        self.name = name

    def __iter__(self):
        return self

    def __next__(self):
        return self.name

    def __del__(self):
        self.log.append(("del", self.name))


def holding(log):
    first = Noisy(log, "first")
    for name in Noisy(log, "iterator"):
        second = Noisy(log, "second")
        try:
            for _ in Noisy(log, "deeper"):
                yield name
        except Boom:
            log.append("handler")
            yield "in the handler"
        finally:
            log.append("finally")
        log.append(first.name)
        return


def finalisation():
    for action in ("throw", "close", "drop", "handled"):
        log = []
        g = holding(log)
        next(g)
        if action == "throw":
            try:
                g.throw(KeyError)
            except KeyError:
                log.append("raised")
        elif action == "close":
            g.close()
            log.append("closed")
        elif action == "handled":
            print(g.throw(Boom), list(log))
            list(g)
        del g
        print(action, log)


class Normal(Exception):
    """Made by throw(type, value, traceback)."""

    def __init__(self, *args):
        super().__init__(*args)
        made.append(args)


made = []


def arguments():
    try:
        1 / 0
    except ZeroDivisionError as error:
        tb = error.__traceback__
    for args in ((Normal,), (Normal, 1), (Normal, (1, 2)), (Normal, Normal(3)), (Normal(4),), (Normal, None, tb)):
        g = delegate(catching(2))
        next(g)
        try:
            g.throw(*args)
        except Normal as error:
            print(describe(error))
    print(len(made), made)
    del made[:]
    for bad in ((1,), (Normal(1), 2), (Normal, 1, 2)):
        g = catching(2)
        next(g)
        try:
            g.throw(*bad)
        except TypeError as error:
            print(error)
        print(next(g))


def deep(n):
    try:
        yield n
        if n:
            yield from deep(n - 1)
    except Boom:
        yield "caught", n


def recursion():
    g = deep(200)
    for _ in range(150):
        next(g)
    print(g.throw(Boom))
    print(list(g)[:3])


def quiet(function):
    """Runs it without its output."""
    real, sys.stdout = sys.stdout, None
    try:
        return function()
    finally:
        sys.stdout = real


parts = (handlers, closing, closing_itself, contexts, delegation, coroutines, finalisation, arguments, recursion)
for part in parts:
    for _ in range(30):
        quiet(part)
for part in parts:
    print("==", part.__name__)
    part()
