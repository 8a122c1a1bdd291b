"""A number that was just made is stored in an instance, which takes the only reference over."""


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def __repr__(self):
        return f"Point({self.x}, {self.y})"


def attribute_boxed_store(p, value):
    p.x = value + 1
    return p


CALLS = [(Point(1, 2), 5), (Point("a", "b"), 7)]
