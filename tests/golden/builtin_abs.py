"""abs of numbers is done in line."""


def builtin_abs(a, b):
    return abs(a) + abs(b)


CALLS = [(-3, 4), (5, -6)]
