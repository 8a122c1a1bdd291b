"""What a loop's iterator keeps alive dies at the loop's line when it is exhausted, and at the line of the statement that ends the loop."""

import sys

lines = []


class Noted:
    def __del__(self):
        frame = sys._getframe(1)
        lines.append((frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))


def exhausted():
    for a, b in enumerate([Noted()]):
        a = b = None
    x = a
    return x


def broken():
    for a in reversed([Noted(), 1]):
        break
    a = None
    return a


def statement():
    x = 1
    (
        [Noted()],
        x,
    )
    return x


for _ in range(60):
    exhausted()
    broken()
    statement()
print(lines)
