"""The inner loop is peeled, the outer is not."""


def nested_loops(n):
    total = 0
    for i in range(n):
        for j in range(i):
            total += i * j
    return total


CALLS = [(12,), (3,)]
