"""Functions that get hot quickly, by calls, iterations and resumes."""


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def total(n):
    t = 0
    for i in range(n):
        t += i * 3 % 7
    return t


def running_totals(n):
    t = 0
    for i in range(n):
        t += i
        yield t
