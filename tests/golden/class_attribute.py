"""Attributes of a class, by its version."""


class Square:
    corners = 4

    @staticmethod
    def area(size):
        return size * size

    @classmethod
    def unit(cls):
        return cls.corners


def class_attribute(n):
    total = 0
    i = 0
    while i < n:
        total += Square.corners + Square.area(i) + Square.unit()
        i += 1
    return total


CALLS = [(20,), (30,)]
