"""A generator is one unit: making it, starting it, and going on behind its yield."""


def generator(n):
    total = 0
    for k in range(n):
        total += k
        yield total


for _ in range(30):
    list(generator(3))

CALLS = [(3,), (5,)]
