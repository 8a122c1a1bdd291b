"""A chained comparison, identity and membership."""


def comparisons(a, b, c):
    return (a < b < c, a is b, a in (b, c), a != c)


CALLS = [(1, 2, 3), (3, 2, 3)]
