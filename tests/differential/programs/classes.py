"""Instances: creation, attributes, methods, class variables, inheritance, super, dunder methods."""

class Shape:
    count = 0
    def __init__(self, name):
        self.name = name
        Shape.count += 1
    def area(self): return 0
    def describe(self): return f"{self.name}:{self.area()}"
    def __repr__(self): return f"<{type(self).__name__} {self.name}>"
    def __eq__(self, other): return self.area() == other.area()
    def __lt__(self, other): return self.area() < other.area()

class Rect(Shape):
    def __init__(self, w, h):
        super().__init__("rect")
        self.w, self.h = w, h
    def area(self): return self.w * self.h

class Square(Rect):
    def __init__(self, s):
        super().__init__(s, s)
        self.name = "square"
    def describe(self): return "!" + super().describe()

shapes = [Rect(i, i + 1) if i % 3 else Square(i) for i in range(30)]
print([s.describe() for s in shapes], Shape.count, sorted(shapes)[:3], shapes[0] == shapes[3])
shapes[1].area = lambda: -1
print(shapes[1].describe(), vars(shapes[1]).keys())
Rect.area = lambda self: 7
print([s.describe() for s in shapes[:5]])
del shapes[1].area
print(shapes[1].describe())
class Counter:
    def __init__(self): self.n = 0
    def inc(self): self.n += 1; return self
c = Counter()
for _ in range(500):
    c.inc().inc()
print(c.n, Square.__mro__, isinstance(shapes[0], Rect), issubclass(Rect, Square))
