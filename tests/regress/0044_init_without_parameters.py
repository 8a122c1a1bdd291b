"""A class whose __init__ has no parameter but *args, as decorators that do not care make it: the class came first in args, not the instance.

Found by CPython's test_class."""


def counted(function):
    def wrapper(*args, **kwargs):
        wrapper.calls.append([type(argument).__name__ for argument in args])
        return function(*args, **kwargs)

    wrapper.calls = []
    return wrapper


class Point:
    @counted
    def __init__(self, x=0, y=0):
        self.x = x
        self.y = y


class Bag:
    def __init__(*items, **options):
        self, *rest = items
        self.rest = rest
        self.options = options


def points(n):
    return sum(Point(i, y=1).x + Point(i).y + Point().x for i in range(n))


def bags(n):
    return [Bag(i, i + 1, key=i).rest for i in range(n)] + [Bag().options for _ in range(n)]


for n in range(40):
    total, made = points(n), bags(n)
print(total, made[:3], made[-1])
print(len(Point.__init__.calls), {tuple(call) for call in Point.__init__.calls})
