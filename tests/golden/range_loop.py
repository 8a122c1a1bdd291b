"""A range iterator is advanced in line."""


def range_loop(n):
    total = 0
    for i in range(n):
        total += i
    return total


CALLS = [(50,), (3,)]
