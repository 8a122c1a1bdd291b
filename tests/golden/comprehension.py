"""A list comprehension is a call of a function made on the spot."""


def comprehension(n):
    return [i * i for i in range(n)]


CALLS = [(10,), (0,)]
