"""A function that a global names is called directly."""


def double(x):
    return x + x


def global_call(x):
    return double(x)


CALLS = [(4,), (9,)]
