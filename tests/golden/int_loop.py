"""Ints stay unboxed around a loop, with an overflow check for each addition."""


def int_loop(n):
    i = total = 0
    while i < n:
        total += i
        i += 1
    return total


CALLS = [(50,), (3,)]
