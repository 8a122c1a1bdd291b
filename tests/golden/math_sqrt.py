"""The square root of a float is an instruction, and its result stays in a register."""

import math


def math_sqrt(a, b):
    return a / math.sqrt(a * a + b * b)


CALLS = [(3.0, 4.0), (5.0, -6.0)]
