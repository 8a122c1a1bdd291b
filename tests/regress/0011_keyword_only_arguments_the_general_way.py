"""A known function with keyword-only parameters was called with all arguments as positional ones where its frame could not be
pushed: for a generator with cells, and with a full data stack chunk."""


def generator(a, *, b, c=3):
    def inner():
        return a, b, c
    yield inner()


def plain(a, *, b, c=3):
    return a + b + c


def makes(x):
    return list(generator(x, b=x + 1)), list(generator(x, c=1, b=2)), plain(x, b=1)


def deep(n):
    if n == 0:
        return 0
    return plain(1, b=deep(n - 1), c=0) - 1 + len(list(generator(n, b=1)))


for k in range(200):
    result = makes(k)
print(result)
for k in range(40):
    result = deep(300)
print(result)
