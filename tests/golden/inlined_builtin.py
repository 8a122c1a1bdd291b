"""A function that calls a builtin is inlined: its CALL, which a specialised PRECALL skips, has run all the same."""


def width(side):
    return abs(side)


def inlined_builtin(side):
    return width(side - 4)


CALLS = [(3,), (5,)]
