"""A method of a builtin class, called without a bound method."""


def list_append(n):
    out = []
    for i in range(n):
        out.append(i)
    return out


CALLS = [(30,), (0,)]
