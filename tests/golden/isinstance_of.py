"""isinstance of a known class, and of a tuple of known classes."""


class Shape:
    pass


class Circle(Shape):
    pass


def isinstance_of(shape):
    if isinstance(shape, Shape):
        return 1 if isinstance(shape, (Circle, int)) else 2
    return 0


CALLS = [(Circle(),), (Shape(),), (3,)]
