"""Short-circuit operators of any objects."""


def bool_ops(a, b):
    return (a and b, a or b, not a)


CALLS = [(1, 2), (0, 2), ("", None), ([1], ())]
