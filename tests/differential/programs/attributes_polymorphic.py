"""Attributes of objects of several classes at one place, of classes, and of objects whose dictionary has been made."""


class One:
    kind = "one"

    def __init__(self, x):
        self.x = x
        self.y = -x

    def method(self, n):
        return self.x + n


class Two(One):
    def __init__(self, x):
        self.y = 2 * x
        self.x = 3 * x

    def method(self, n):
        return self.x - n


class Three:
    __slots__ = ("x", "y")
    kind = "three"

    def __init__(self, x):
        self.x = x * x
        self.y = 0

    def method(self, n):
        return n


class Four:
    def __init__(self, x):
        self.z = x

    @property
    def x(self):
        return self.z + 0.5

    @x.setter
    def x(self, value):
        self.z = value

    y = 77

    def __getattr__(self, name):
        return "made " + name

    def method(self, n):
        return self, n


class Five(One):
    def __getattribute__(self, name):
        return object.__getattribute__(self, name)


class Six(One):
    def __setattr__(self, name, value):
        object.__setattr__(self, name, ("set", value))


ALL = [One, Two, Three, Four, Five, Six]


def load(o):
    return o.x, o.y


def store(o, value):
    o.x = value


def call(o, n):
    return o.method(n)


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return type(error).__name__, str(error)


def text(value):
    return tuple(text(v) for v in value) if isinstance(value, tuple) else value if not hasattr(value, "z") else "Four"


def polymorphic(classes):
    out = []
    for number, cls in enumerate(classes):
        o = cls(number + 1)
        out.append((cls.__name__, attempt(load, o), attempt(store, o, number), attempt(load, o), text(attempt(call, o, 5))))
    return out


def shapes():
    """Instances that lose attributes, get a dictionary, and hide methods."""
    out = []
    for how in range(8):
        o = One(how)
        if how == 1:
            del o.x
        elif how == 2:
            vars(o)["extra"] = 1
        elif how == 3:
            o.method = lambda n: ("mine", n)
        elif how == 4:
            vars(o)["method"] = lambda n: ("hidden", n)
        elif how == 5:
            o.__dict__ = {"x": "new", "y": "dict"}
        elif how == 6:
            vars(o).pop("x")
            vars(o)["x"] = "last"
        elif how == 7:
            o.__dict__ = {1: 2, "y": 3}
        out.append((attempt(load, o), attempt(call, o, how), attempt(store, o, 9), attempt(load, o), sorted(map(str, vars(o)))))
    return out


class Reader:
    def __init__(self, read):
        self.read = read


class Stream(Reader):
    def __init__(self, read):
        self.other = None
        self.read = read


class Slots:
    __slots__ = ("read",)

    def __init__(self, read):
        self.read = read


class Plain:
    read = len

    def __init__(self, read):
        pass


class Method(Reader):
    def __init__(self, read):
        self.no = read

    def read(self, text):
        return "method", text


def call_value(o, text):
    return o.read(text)


def callables():
    out = []
    for cls in (Reader, Stream, Slots, Plain, Method, Reader, Stream):
        o = cls(str.upper)
        out.append((call_value(o, "text"), call_value(o, "more")))
        o = cls("nothing to call")
        out.append(attempt(call_value, o, "text"))
        if cls not in (Slots, Plain):
            vars(o)["read"] = str.title
            out.append(call_value(o, "text"))
            del o.read
            out.append(attempt(call_value, o, "text"))
    return out


class Late:
    """More instances than room for attributes that come late: they all get dictionaries."""

    def __init__(self, n):
        self.n = n


def dictionaries():
    objects = [Late(n) for n in range(60)]
    for o in objects:
        o.x, o.y = o.n, -o.n
    total = 0
    for o in objects:
        x, y = load(o)
        total += x - y + o.n
    for o in objects[::7]:
        del o.x
    missing = [attempt(load, o) for o in objects[:9]]
    for o in objects[::7]:
        o.extra = o.n
        o.x = "back"
    return total, missing, [load(o) for o in objects[:9]]


class Direction:
    FORWARD = 1
    names = (None, "forward")

    @staticmethod
    def static(n):
        return "static", n

    @classmethod
    def make(cls, n):
        return cls.__name__, n

    def plain(self):
        return "plain", self

    @property
    def prop(self):
        return 1


def of_class(n):
    return Direction.FORWARD + n, Direction.names[1], Direction.static(n), Direction.make(n), Direction.plain(n)


def of_class_rare():
    return type(Direction.prop).__name__, Direction.__name__, Direction.mro()[1].__name__, Direction.__doc__


def missing():
    return Direction.nothing


def class_attributes():
    out = [of_class(1), of_class_rare(), attempt(missing)]
    return out


def report(name, lines):
    print(name)
    for line in lines:
        print("   ", line)


for _ in range(40):
    lines = polymorphic(ALL)
report("polymorphic", lines)
for _ in range(40):
    lines = polymorphic(ALL[:2]) + polymorphic(ALL[2:3])
report("few", lines)
for _ in range(40):
    lines = shapes()
report("shapes", lines)
for _ in range(40):
    lines = dictionaries()
report("dictionaries", lines)
for _ in range(40):
    lines = callables()
report("callables", lines)
for _ in range(60):
    lines = class_attributes()
report("class attributes", lines)

One.method = lambda self, n: ("replaced", n)
Two.y = property(lambda self: "now a property", lambda self, value: None)
for _ in range(3):
    lines = [attempt(load, One(1)), attempt(call, One(1), 2), attempt(load, Two(3))]
report("changed", lines)
Direction.FORWARD = 10
Direction.static = lambda n: ("no longer static", n)
Direction.make = classmethod(lambda cls, n: ("remade", n))
report("changed class", class_attributes())
del Direction.names
report("deleted", [attempt(of_class, 1)])
for n in range(50):
    Direction.FORWARD = n
    last = Direction.FORWARD
print(last)
for many in range(90):
    cls = type(f"Many{many}", (One,), {"kind": many})
    o = cls(many)
    last = load(o), attempt(call, o, 1)
print(last)
