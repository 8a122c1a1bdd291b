"""A list iterator is advanced in line; its items are objects."""


def list_loop(items):
    count = 0
    for item in items:
        if item is not None:
            count += 1
    return count


CALLS = [([1, None, "a"] * 10,), ([],)]
