"""Attributes are replaced in the inline values of an instance."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"Point({self.x}, {self.y})"


def attribute_store(p, value):
    p.x = value
    p.y = value
    return p


CALLS = [(Point(1, 2), 5), (Point("a", "b"), "c")]
