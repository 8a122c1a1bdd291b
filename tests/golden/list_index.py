"""Items of a list by an unboxed index."""


def list_index(items):
    total = 0
    i = 0
    while i < 20:
        total += items[i]
        i += 1
    return total


CALLS = [(list(range(20)),), (list(range(1000, 1030)),)]
