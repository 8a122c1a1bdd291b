"""An extension made by Cython: C calls hot Python functions, they call it, exceptions and generators pass through, its classes are
subclassed and its functions look at frames."""

import importlib
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

SOURCE = """
# cython: language_level=3
import sys

cdef class Vector:
    cdef public double x, y
    cdef public object note
    def __init__(self, x, y):
        self.x, self.y = x, y
    def __add__(self, other):
        return type(self)(self.x + other.x, self.y + other.y)
    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)
    def __len__(self):
        return 2
    def __getitem__(self, i):
        return (self.x, self.y)[i]
    def __iter__(self):
        yield self.x
        yield self.y
    @property
    def norm(self):
        return self.x * self.x + self.y * self.y
    cpdef double dot(self, Vector other):
        return self.x * other.x + self.y * other.y

def apply(function, n):
    cdef long i
    total = 0
    for i in range(n):
        total += function(i)
    return total

def squares(n):
    for i in range(n):
        got = yield i * i
        if got is not None:
            yield got

def guarded(function, value):
    try:
        return function(value)
    except ValueError as error:
        return ("caught", str(error))
    finally:
        seen.append(value)

def caller_locals():
    return sorted(sys._getframe(0).f_locals)

def call_locals(depth):
    return sorted(key for key in sys._getframe(depth).f_locals if not key.startswith("__"))

async def doubled(awaitable):
    return 2 * await awaitable

def key(item):
    return -item

seen = []
"""

with tempfile.TemporaryDirectory() as folder:
    Path(folder, "smoke_extension.pyx").write_text(SOURCE)
    command = [sys.executable, "-m", "Cython.Build.Cythonize", "-i", "-q", "smoke_extension.pyx"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, folder)
    extension = importlib.import_module("smoke_extension")


class Point(extension.Vector):
    def __init__(self, x, y, name="p"):
        super().__init__(x, y)
        self.name = name

    def dot(self, other):
        return super().dot(other) + 1

    def scaled(self, k):
        return Point(self.x * k, self.y * k)


def square_plus(i):
    return i * i + 1


def picky(i):
    if i % 5 == 3:
        raise ValueError(i)
    if i % 50 == 49:
        raise KeyError(i)
    return i


def vectors(n):
    total = Point(0.0, 0.0)
    for i in range(n):
        p = Point(i, i + 1.5)
        total = total + p + p.scaled(0.5)
        assert len(p) == 2 and p[0] == i and list(p) == [i, i + 1.5]
        total.y += p.dot(p) % 7 + p.norm % 3
    return total.x, total.y, type(total).__name__


def guards(n):
    found = []
    for i in range(n):
        try:
            found.append(extension.guarded(picky, i))
        except KeyError as error:
            found.append(traceback.extract_tb(error.__traceback__)[-1].name)
    return found[-5:], len(extension.seen)


def generators(n):
    total = 0
    for value in extension.squares(n):
        total += value
    sending = extension.squares(n)
    next(sending)
    for i in range(n - 2):
        total += sending.send(i)
        total += next(sending)
        if i > n // 3:
            break
    return total


def frames(n):
    here = names = None
    for i in range(n):
        here = i
        names = extension.call_locals(0)
    return names, here


async def leaf(i):
    return i


async def awaiting(n):
    total = 0
    for i in range(n):
        total += await extension.doubled(leaf(i))
    return total


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value


for turn in range(8):
    results = {
        "apply": extension.apply(square_plus, 300),
        "vectors": vectors(100),
        "guards": guards(100),
        "generators": generators(60),
        "frames": frames(60),
        "coroutines": drive(awaiting(60)),
        "sorted": sorted(range(50), key=extension.key)[:3]
        + sorted(range(50), key=lambda v: (extension.key(v), square_plus(v)))[:3],
    }
    for name, value in results.items():
        print(f"case {name}/{turn}: {value!r}", flush=True)
