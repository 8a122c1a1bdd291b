"""A tuple of two is taken apart without a copy."""


def tuple_unpack(pairs):
    total = 0
    for a, b in pairs:
        total += a - b
    return total


CALLS = [([(5, 2), (7, 1)] * 10,)]
