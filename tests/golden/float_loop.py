"""Floats stay unboxed around a loop."""


def float_loop(x, n):
    total = 0.0
    i = 0
    while i < n:
        total = total * x + 0.5
        i += 1
    return total


CALLS = [(0.75, 50), (1.5, 3)]
