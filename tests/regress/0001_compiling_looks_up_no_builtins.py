"""Compiling must run no code of the program: looking up builtins can, once their dictionary has keys with an __eq__."""

import builtins
import sys


class Empty:
    def __len__(self):
        return 0

    def __getitem__(self, i):
        raise StopIteration


def exhaust(item):
    """The lookup of `iter` exhausts the iterator, whose __getitem__ is compiled on that occasion."""
    it = iter(item)

    class Key:
        def __hash__(self):
            return hash("iter")

        def __eq__(self, other):
            list(it)
            return other == "iter"

    names, genuine = builtins.__dict__, builtins.iter
    del names["iter"]
    names[Key()] = genuine
    try:
        return it.__reduce__()
    finally:
        del names["iter"]
        names["iter"] = genuine


item = Empty()
for _ in range(30):
    exhaust(item)
print(sys.getrefcount(item))
