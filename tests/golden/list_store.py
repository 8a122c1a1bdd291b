"""Items of a list are replaced."""


def list_store(items, value):
    i = 0
    while i < 20:
        items[i] = value
        i += 1
    return items


CALLS = [([None] * 20, "a")]
