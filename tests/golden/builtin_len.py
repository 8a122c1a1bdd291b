"""len of a list is a load."""


def builtin_len(items):
    n = len(items)
    return n + len(items)


CALLS = [([1, 2, 3],), ([],)]
