"""The runtime of the compiler gave memory back in the background, and for that it took the two lowest free descriptors.

A program saw its files at other numbers, and one that closes what it did not open was ended by a fatal error.
"""

import os
import time


def make(lines):
    step = "    a = (a * 3 + b) % 1000; b = b + a - c; c = (a, b, c)[a % 3]\n"
    names = {}
    exec("def long(a, b, c):\n" + step * lines + "    return a + b + c\n", names)
    return names["long"]


def work(times):
    results = set()
    for _ in range(times):
        long = make(60)
        results |= {long(1, 2, 3) for _ in range(30)}
        time.sleep(0.01)
    return results


def free_now():
    first, second = os.open("/dev/null", os.O_RDONLY), os.open("/dev/null", os.O_RDONLY)
    os.close(first)
    os.close(second)
    return first, second


def lowest_free():
    """Looked at several times: the library of the compiler is read at some moment, through a descriptor that is closed again."""
    seen = []
    for _ in range(20):
        seen.append(free_now())
        time.sleep(0.002)
    return min(seen)


before = lowest_free()
print(work(20), lowest_free() == before)
os.closerange(3, 256)
print(work(20), lowest_free())
