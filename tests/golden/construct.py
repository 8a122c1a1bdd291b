"""An instance of a class with a Python __init__."""


class Pair:
    def __init__(self, a, b):
        self.a = a
        self.b = b

    def __repr__(self):
        return f"Pair({self.a}, {self.b})"


def construct(a, b):
    return Pair(a, b)


CALLS = [(1, 2), ("a", "b")]
