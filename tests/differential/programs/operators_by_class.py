"""Every binary operator at one place for operands of all classes of numbers, with the values where representations change."""

import operator

edges = [0, 1, 2, 7, 63, 64, 2**30 - 1, 2**30, 2**45 + 12345, 2**60 - 1, 2**60, 2**61 + 3, 2**63 - 1, 2**63, 2**90]
ints = edges + [-x for x in edges[1:]]
others = [True, False, 0.0, -0.0, 1.5, -2.5, float("inf"), float("nan"), 1e300, 1 + 2j, "ab", [1, 2], (3,), None, {1, 2}]


def add(a, b):
    return a + b


def subtract(a, b):
    return a - b


def multiply(a, b):
    return a * b


def divide(a, b):
    return a / b


def floor_divide(a, b):
    return a // b


def remainder(a, b):
    return a % b


def both(a, b):
    return a & b


def either(a, b):
    return a | b


def one(a, b):
    return a ^ b


def right(a, b):
    return a >> b


def left(a, b):
    return a << b


def in_place(a, b):
    a ^= b
    a &= 2**62 - 1
    a -= b
    return a


def attempt(function, a, b):
    try:
        return repr(function(a, b))
    except Exception as error:
        return type(error).__name__, str(error)


small = [x for x in ints if abs(x) < 100]
functions = [add, subtract, multiply, divide, floor_divide, remainder, both, either, one, right, in_place]
for function in functions + [left]:
    seconds = small if function is left else ints
    for _ in range(3):
        results = [attempt(function, a, b) for a in ints + others[:8] for b in seconds + others[:8]]
    results += [attempt(function, a, b) for a in others for b in others + [3] if not (function is multiply and a == 1e300)]
    print(function.__name__, len(results))
    for line in results:
        print("   ", line)
print([one(a, b) is a ^ b for a, b in ((300, 300 ^ 5), (3, 6))], both(2**40, 2**40 - 1) is 0 + operator.and_(1, 2))
