"""A long loop of a function that is called once is entered in the middle."""


def loop_entry(n):
    total = 0
    for i in range(n):
        total += i & 3
    return total


CALLS = [(500,)]
ENTRY = "loop"
