"""Coroutines, async generators and what drives them."""
import asyncio
import contextlib
import inspect
import sys
import traceback
import types
import warnings


class Pause:
    def __init__(self, value):
        self.value = value

    def __await__(self):
        got = yield self.value
        return got


async def fib(n):
    if n < 2:
        return n
    return await fib(n - 1) + await fib(n - 2)


async def talk(log):
    total = 0
    for k in range(4):
        got = await Pause(k)
        log.append(got)
        total += k
    return total, log


def run(coro, answers=()):
    out, answers = [], list(answers)
    try:
        value = coro.send(None)
        while True:
            out.append(value)
            value = coro.send(answers.pop(0) if answers else None)
    except StopIteration as e:
        return out, e.value


@types.coroutine
def old_style(n):
    got = yield n
    return got, n


async def awaits_old():
    return await old_style(3), await old_style(4)


async def bad_await():
    return await 5


async def numbers(n):
    for k in range(n):
        if k % 2:
            await asyncio.sleep(0)
        got = yield k
        if got:
            yield got


async def collect(n):
    return [x async for x in numbers(n)], {x: y async for x, y in pairs(n)}, [x + 1 async for x in numbers(n) if x]


async def pairs(n):
    async for x in numbers(n):
        yield x, x * 1.5


@contextlib.asynccontextmanager
async def managed(log):
    log.append("enter")
    try:
        yield log
    finally:
        log.append("exit")


async def with_blocks():
    log = []
    async with managed(log) as inner:
        inner.append(1)
        await asyncio.sleep(0)
    try:
        async with managed(log):
            raise KeyError("k")
    except KeyError as e:
        log.append(repr(e))
    return log


class NoManager:
    async def __aenter__(self):
        return self


class BadManager(NoManager):
    def __aexit__(self, *args):
        return 5


async def not_managers():
    out = []
    for make in (object, NoManager, BadManager):
        try:
            async with make() as m:
                out.append(type(m).__name__)
        except TypeError as e:
            out.append(str(e))
    return out


async def gather():
    async def worker(n):
        for k in range(n):
            await asyncio.sleep(0)
        return n
    return await asyncio.gather(*(worker(n) for n in range(6)))


async def cancelled():
    log = []

    async def sleeper():
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise
        finally:
            log.append("finally")
    task = asyncio.create_task(sleeper())
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        log.append("seen")
    return log


async def aclose_athrow():
    log = []

    async def gen():
        try:
            while True:
                try:
                    yield len(log)
                except ValueError as e:
                    log.append(str(e))
        finally:
            await asyncio.sleep(0)
            log.append("closed")
    g = gen()
    log.append(await g.__anext__())
    log.append(await g.athrow(ValueError("v")))
    log.append(await g.asend("x"))
    await g.aclose()
    try:
        await g.__anext__()
    except StopAsyncIteration:
        log.append("stopped")
    return log


async def stops():
    raise StopIteration("s")


async def gen_stops():
    yield 1
    raise StopAsyncIteration


async def over_gen_stops():
    return [x async for x in gen_stops()]


async def inner_error():
    await Pause(1)
    return {}["missing"]


async def outer_error():
    return await inner_error()


def states():
    coro = talk([])
    out = [inspect.getcoroutinestate(coro), coro.cr_await, coro.cr_frame.f_lineno - talk.__code__.co_firstlineno]
    coro.send(None)
    out += [inspect.getcoroutinestate(coro), type(coro.cr_await).__name__, sorted(coro.cr_frame.f_locals)]
    coro.close()
    out += [inspect.getcoroutinestate(coro), coro.cr_frame]
    for action in (lambda: coro.send(None), lambda: run(stops()), lambda: run(bad_await()), lambda: asyncio.run(over_gen_stops())):
        try:
            action()
        except RuntimeError as e:
            out.append((str(e), type(e.__cause__).__name__))
        except TypeError as e:
            out.append(str(e))
    return out


def awaited_twice():
    coro = talk([])
    coro.send(None)

    async def second():
        await coro
    try:
        second().send(None)
    except RuntimeError as e:
        return str(e)
    finally:
        coro.close()


def tracebacks():
    coro = outer_error()
    coro.send(None)
    try:
        coro.send(None)
    except KeyError as e:
        base = tracebacks.__code__.co_firstlineno
        return [(t.name, t.lineno - base, t.colno, t.end_colno) for t in traceback.extract_tb(e.__traceback__)]


def origins():
    sys.set_coroutine_origin_tracking_depth(2)
    try:
        coro = talk([])
        return [(line - origins.__code__.co_firstlineno, name) for _, line, name in coro.cr_origin]
    finally:
        sys.set_coroutine_origin_tracking_depth(0)
        coro.close()


def never_awaited():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fib(3)
    return [str(w.message) for w in caught]


def main():
    functions = [
        lambda: run(fib(10)), lambda: run(talk([]), "abc"), lambda: run(awaits_old(), "xyz"), states, awaited_twice, tracebacks,
        never_awaited, origins,
        lambda: asyncio.run(collect(5)), lambda: asyncio.run(with_blocks()), lambda: asyncio.run(not_managers()), lambda: asyncio.run(gather()),
        lambda: asyncio.run(cancelled()), lambda: asyncio.run(aclose_athrow()),
    ]
    first = [repr(f()) for f in functions]
    for _ in range(30):
        for k, f in enumerate(functions):
            again = repr(f())
            if again != first[k]:
                print("changed", k, first[k], again)
                first[k] = again
    for text in first:
        print(text)


main()
