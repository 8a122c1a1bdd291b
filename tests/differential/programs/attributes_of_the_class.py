"""Constants of classes read through instances: keys that grow meanwhile, shadowing, other classes, values that turn into descriptors."""
import gc


class Table:
    SIZE = 3
    NAMES = ["a", "b"]

    def __init__(self):
        self.first = self.SIZE          # the keys that instances share are not all there yet
        self.fill()
        self.last = self.NAMES[0]

    def fill(self):
        self.middle = self.SIZE + len(self.NAMES)


class Other:
    SIZE = 4
    NAMES = ("c",)


class Slotted:
    __slots__ = ("other",)
    SIZE = 5
    NAMES = "d"


class Hooked:
    SIZE = 6

    def __getattr__(self, name):
        return name


class Number(int):
    """A value whose class can change."""


def size(o):
    return o.SIZE


def both(o):
    return size(o), o.NAMES


objects = [Table(), Other(), Slotted(), Hooked(), Table()]
for _ in range(60):
    seen = [both(o) for o in objects]
print(seen)
for o in objects:                        # one class at a time: each takes the place of the one before it
    print([both(o) for _ in range(40)][-1])

objects[4].SIZE = "own"
print([size(o) for o in objects for _ in range(3)])
del objects[4].SIZE
print([size(o) for o in objects for _ in range(3)])
objects[0].__dict__["SIZE"] = "in the dictionary"
print([size(o) for o in objects for _ in range(3)])
Table.SIZE = "changed"
print([size(o) for o in objects for _ in range(3)])
Other.SIZE = Number(7)
print([size(o) for o in objects for _ in range(40)][40])
Number.__get__ = lambda self, instance, owner: ("bound", int(self), type(instance).__name__)
print(size(objects[1]))
Number.__set__ = lambda self, instance, value: None
print(size(objects[1]))
Slotted.SIZE = property(lambda self: "computed")
print(size(objects[2]))
del Hooked.SIZE
print(size(objects[3]))
del Other.SIZE
try:
    size(objects[1])
except AttributeError as error:
    print(error)


def short_lived(number):
    """A class whose place in memory another one may get."""
    made = type("Made", (), {"SIZE": [number]})
    return sum(size(made())[0] for _ in range(5))


totals = []
for number in range(60):
    totals.append(short_lived(number))
    gc.collect(0)
print(sum(totals))
