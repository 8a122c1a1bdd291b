"""The else branch of a loop and the way out of its middle."""


def while_else(n, stop):
    while n > 0:
        if n == stop:
            break
        n -= 1
    else:
        n = -1
    return n


CALLS = [(20, 5), (20, 0)]
