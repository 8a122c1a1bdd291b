"""Keywords and defaults are bound when the call is compiled."""


def scale(x, factor=2, offset=0):
    return x * factor + offset


def keyword_call(x):
    return scale(x, offset=1) + scale(x)


CALLS = [(4,), (9,)]
