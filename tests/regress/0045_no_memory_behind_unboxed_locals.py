"""Memory ends in a loop whose numbers are unboxed: where they were to be written back for a finalizer to see, the process gave up."""

import _testcapi


def total(n):
    whole, half = 0, 0.0
    for i in range(n):
        whole += i
        half += i / 2
    return whole, half


want = total(50)
for _ in range(40):
    assert total(50) == want
failures = 0
for first in range(30):
    for last in (first + 1, 0):
        _testcapi.set_nomemory(first, last)
        try:
            got = total(50)
        except MemoryError:
            got = None
        _testcapi.remove_mem_hooks()
        assert got is None or got == want
        failures += got is None
print(want, failures > 0)
