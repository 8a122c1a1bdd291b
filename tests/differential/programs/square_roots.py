"""Square roots of floats, of what is no float, and outside of the domain; math.sqrt replaced and put back."""

import math
from math import sqrt


class Sub(float):
    pass


class Like:
    def __float__(self):
        return 16.0


def by_name(x):
    try:
        return sqrt(x * 1.0)
    except Exception as error:
        return type(error).__name__, str(error)


def by_module(x):
    try:
        return math.sqrt(x * 1.0).hex()
    except Exception as error:
        return type(error).__name__, str(error)


def any_class(x):
    try:
        return sqrt(x), type(sqrt(x)).__name__
    except Exception as error:
        return type(error).__name__, str(error)


def length(a, b):
    total = 0.0
    for k in range(50):
        total += a / math.sqrt(a * a + b * b + k)
    return total


def uncaught(x):
    return -math.sqrt(x * 2.0) + 1.0


values = [4.0, 2.0, 0.0, -0.0, -1.0, float("inf"), -float("inf"), float("nan"), 1e308, 5e-324, 9]
for n in range(80):
    result = [(by_name(v), by_module(v)) for v in (values if n % 7 == 3 else values[:3])]
    classes = [any_class(v) for v in (Sub(4.0), 4, 4.0, True, Like(), "4", None, 10**400, -1)]
print(result, [(by_name(v), by_module(v)) for v in values], classes)
print(sum(length(float(k), 3.0) for k in range(40)).hex(), length(0.0, 1.0), [uncaught(float(k)) for k in range(40)][-1])
try:
    uncaught(-1.0)
except ValueError as error:
    frame = error.__traceback__.tb_next
    print(error, frame.tb_lineno, list(frame.tb_frame.f_code.co_positions())[frame.tb_lasti // 2])
original, math.sqrt = math.sqrt, lambda x: x
print(by_module(9.0), length(3.0, 4.0))
math.sqrt = original
print(by_module(9.0), length(3.0, 4.0))
