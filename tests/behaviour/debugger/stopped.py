"""Stops in a signal for a debugger, in the way that argv names, with the addresses of its Python frames printed before."""

import ctypes
import functools
import os
import signal
import sys
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pyston_lite

ARMED = 7
WARM = 100
# PyFrameObject of CPython 3.11 (Include/internal/pycore_frame.h): the head, f_back, f_frame.
F_FRAME = object.__basicsize__ + 8


def show(frame: types.FrameType | None) -> None:
    while frame is not None:
        print("frame", hex(ctypes.c_void_p.from_address(id(frame) + F_FRAME).value or 0), frame.f_code.co_name)
        frame = frame.f_back
    print("compiled", *(f.__name__ for f in COMPILED if pyston_lite.is_compiled(f)), flush=True)


def stop(x: object) -> Any:
    if x == ARMED:
        show(sys._getframe())
        os.kill(os.getpid(), signal.SIGTRAP)
    return x


class Mortal:
    def __init__(self, x: object) -> None:
        self.x = x

    def __del__(self) -> None:
        stop(self.x)


class Made:
    def __init__(self, x: object) -> None:
        self.x = stop(x)

    def __getattr__(self, name: str) -> Any:
        return stop(int(name[1:]))


def plainly(x: int, n: int = 3) -> Any:
    return plainly(x, n - 1) if n else Made(x).x


def handing_over(x: int) -> Any:
    total: Any = 0
    for i in range(x, x + 3):
        total = total + i
        if i == ARMED:
            total = total + 0.5  # the rest of the loop was compiled for integers
    return stop(x)


def raising(x: int) -> Any:
    try:
        raise ValueError(x)
    except ValueError as error:
        return stop(error.args[0])


def releasing(x: int) -> int:
    kept: Any = Mortal(x)
    kept = None
    return x if kept is None else 0


def out_of_c(x: int) -> Any:
    return sorted([x], key=stop)


def out_of_builtin(x: int) -> Any:
    """Builtin functions out of variables: one of one argument calls one of an array."""
    return unknown(any, map(of_array, [x]))


def of_array(x: int) -> Any:
    return unknown(next, map(stop, [x]))


def argument_dies(x: int) -> Any:
    """What a builtin function out of a variable is given is given up by what calls it."""
    return dropping(id, x)


def dropping(f: Callable[..., Any], x: int) -> Any:
    return f(Mortal(x))


def looking_up(x: int) -> Any:
    return getattr(Made(0), f"a{x}")


def body() -> Generator[Any, Any, None]:
    got = yield None
    while True:
        got = yield stop(got)


def sending(x: int) -> Any:
    generator = body()
    next(generator)
    return generator.send(x)


def iterated(x: int) -> Generator[Any, None, None]:
    yield stop(x)


def iterating(x: int) -> Any:
    for y in iterated(x):
        return y


async def inner(x: int) -> Any:
    return stop(x)


async def outer(x: int) -> Any:
    return await inner(x)


def awaiting(x: int) -> Any:
    coroutine: Coroutine[Any, Any, Any] = outer(x)
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value


def fresh(x: int) -> Any:
    """Calls a function that runs in the stock evaluator, as its code is new, which calls one that does not."""
    scope: dict[str, Any] = {"stop": stop}
    exec("@suppress\ndef cold(x): return stop(x)", {"suppress": pyston_lite.suppress, **scope}, scope)
    return unknown(scope["cold"], x)


def unknown(f: Callable[..., Any], x: int, y: int = 1) -> Any:
    return f(x)


COMPILED = (
    plainly, handing_over, raising, releasing, out_of_c, out_of_builtin, argument_dies, looking_up, sending, iterating, awaiting, fresh,
    unknown, stop,
)  # fmt: skip
CASES = {f.__name__: f for f in COMPILED[:-2]}
CASES["partial"] = functools.partial(unknown, stop)

if __name__ == "__main__":
    case = CASES[sys.argv[1]]
    for i in range(WARM):
        unknown(case, i % 5)
    unknown(case, ARMED)
