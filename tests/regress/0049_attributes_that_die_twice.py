"""An object that its dying owner refers to twice, and nobody else, dies with it; its finalizer finds the numbers of the loop."""

import sys

seen = []


class Noted:
    def __del__(self):
        seen.append(sys._getframe(1).f_locals.get("total"))


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b


def made(n):
    total = 0
    for k in range(n):
        total += 3
        same = Noted()
        pair = Pair(same, same)
        del same
        pair = None
    return total


for _ in range(20):
    made(20)
print(seen)
