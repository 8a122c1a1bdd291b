"""Calls of Python functions that come from C: which functions take them by themselves, and until when."""

import ctypes
import functools
import types

import pyston_lite
import pytest

from tests.support import fresh

pytestmark = pytest.mark.usefixtures("accelerated")

CALLS = 40


def way_in(function: types.FunctionType) -> int:
    """The address that C calls it through; the last field but one of a function object (Include/cpython/funcobject.h, 3.11)."""
    return ctypes.c_void_p.from_address(id(function) + types.FunctionType.__basicsize__ - 16).value or 0


def version(function: types.FunctionType) -> int:
    """Its version, the last field; 0 when it has none."""
    return ctypes.c_uint32.from_address(id(function) + types.FunctionType.__basicsize__ - 8).value


def taken() -> int:
    return pyston_lite.stats()["run"]["functions_taken"]


def difference(a, b=1):
    return a - b


def numbers(n):
    yield n


def anything(*args, **kwargs):
    return args, kwargs


def keyword_only(a, *, b=2):
    return a, b


def never_called(a):
    return a


def test_a_function_that_was_called_a_few_times_takes_its_calls() -> None:
    f = fresh(difference)
    before = taken()
    assert way_in(f) == way_in(never_called)
    assert list(map(f, range(CALLS))) == list(range(-1, CALLS - 1))
    assert way_in(f) != way_in(never_called)
    assert taken() > before
    assert list(map(f, (5, 6), (1, 2))) == [4, 4]
    assert functools.partial(f, b=3)(7) == 4
    with pytest.raises(TypeError, match=r"difference\(\) takes from 1 to 2 positional arguments but 3 were given"):
        list(map(f, (1,), (2,), (3,)))


@pytest.mark.parametrize("function", [numbers, anything, keyword_only])
def test_functions_of_other_kinds_keep_cpythons_own_way(function) -> None:
    f = fresh(function)
    for _ in map(f, range(CALLS)):
        pass
    assert way_in(f) == way_in(never_called)


def test_a_function_that_was_changed_gets_another_version() -> None:
    """CPython gives versions only to functions with its own way in; the others get theirs from us."""
    f = fresh(difference)
    list(map(f, range(CALLS)))
    before = version(f)
    assert before != 0
    f.__defaults__ = (2,)
    assert version(f) == 0
    assert list(map(f, range(CALLS))) == list(range(-2, CALLS - 2))
    assert version(f) not in (0, before)
    pyston_lite.compile(f)
    assert list(map(f, range(CALLS))) == list(range(-2, CALLS - 2))


def test_disabling_gives_functions_their_own_way_back() -> None:
    f, other = fresh(difference), fresh(difference)
    list(map(f, range(CALLS)))
    try:
        pyston_lite.disable()
        assert way_in(f) == way_in(never_called)
        assert list(map(f, range(3))) == [-1, 0, 1]
        list(map(other, range(CALLS)))
        assert way_in(other) == way_in(never_called)
    finally:
        assert pyston_lite.enable()
    list(map(f, range(CALLS)))
    assert way_in(f) != way_in(never_called)
