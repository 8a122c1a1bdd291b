"""Compiling must not make the constants of a function larger, as asking a str for its UTF-8 does."""

import sys


def size():
    return sys.getsizeof("\xe4\xf6\xfc" * 20 + "\u4e00"), sys.getsizeof("\xe4\xf6\xfc")


for _ in range(60):
    sizes = size()
print(sizes)
