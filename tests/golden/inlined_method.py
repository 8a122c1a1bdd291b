"""A method that reads an attribute is inlined; its frame is elided."""


class Shape:
    def __init__(self, side):
        self.side = side

    def area(self):
        return self.side * self.side


def inlined_method(shape):
    return shape.area()


CALLS = [(Shape(3),), (Shape(5),)]
