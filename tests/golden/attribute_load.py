"""The second load of an attribute needs no guard of its own."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"Point({self.x}, {self.y})"


def attribute_load(p):
    return p.x, p.y


CALLS = [(Point(1, 2),), (Point("a", "b"),)]
