"""An int and a float: the int is converted."""


def mixed_numbers(x, n):
    total = x
    for i in range(n):
        total = total + i
    return total / 2


CALLS = [(0.5, 10), (1.5, 3)]
