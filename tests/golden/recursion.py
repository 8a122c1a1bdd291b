"""A function that calls itself."""


def recursion(n):
    if n < 2:
        return n
    return recursion(n - 1) + recursion(n - 2)


CALLS = [(8,)]
