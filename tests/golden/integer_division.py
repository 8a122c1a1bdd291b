"""Floor division and remainder."""


def integer_division(n):
    total = 0
    while n > 0:
        total += n % 10
        n //= 10
    return total


CALLS = [(987654,), (3,)]
