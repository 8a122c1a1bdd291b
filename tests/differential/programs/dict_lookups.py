"""Keys of dictionaries and sets, found with and without a comparison that runs code of the program."""
import collections
import enum


class Same:
    """Equal to a str or an int of the same hash."""
    def __init__(self, value):
        self.value, self.log = value, []

    def __hash__(self):
        return hash(self.value)

    def __eq__(self, other):
        self.log.append(repr(other))
        return self.value == other


class Str(str):
    def __eq__(self, other):
        return "never"

    __hash__ = str.__hash__


class Int(int):
    pass


class Address:
    __hash__ = object.__hash__

    def __eq__(self, other):
        print("compared")
        return True


class Unhashable:
    __hash__ = None

    def __repr__(self):
        return "Unhashable()"


class Raises:
    def __hash__(self):
        return hash("b")

    def __eq__(self, other):
        raise LookupError("not comparable")


class Missing(dict):
    def __missing__(self, key):
        return ("missing", key)


class Own(dict):
    def __getitem__(self, key):
        return ("own", key)

    def get(self, key, default=None):
        return ("own get", key)

    def __contains__(self, key):
        return "yes"


class Color(enum.Enum):
    RED = 1
    BLUE = 2


class Shared:
    def __init__(self, b):
        self.a = 1
        if b:
            self.b = 2


def get_item(d, k):
    try:
        return d[k]
    except Exception as e:
        return type(e).__name__, str(e)


def get(d, k):
    try:
        return d.get(k), d.get(k, "default")
    except Exception as e:
        return type(e).__name__, str(e)


def contains(d, k):
    try:
        return k in d, k not in d
    except Exception as e:
        return type(e).__name__, str(e)


def show(value):
    return value if not callable(value) else "callable"


def containers():
    big = {i: i * i for i in range(70000)}
    collide = {i << 61: i for i in range(8)}
    collide.update({-1: "minus one", -2: "minus two", (1 << 61) - 1: "zero's hash", 0: "zero"})
    deleted = {str(i): i for i in range(40)}
    for i in range(0, 40, 3):
        del deleted[str(i)]
    general = {"a": 1, 2: "b", None: 3, True: "true", 1.5: "float", (1, 2): "tuple", len: "len", int: "int", Color.RED: "red"}
    same = Same("b")
    yield "strs", {"a": 1, "b": 2, "x" * 40: 3, "": 4, "\u1234": 5}
    yield "deleted", deleted
    yield "general", general
    yield "big", big
    yield "collide", collide
    yield "same", {same: "same", "a": 0}
    yield "raises", {Raises(): 0, "a": 1}
    yield "subclass keys", {Str("a"): 1, Int(2): 2, Str("b"): 3}
    yield "split", vars(Shared(False))
    yield "split full", vars(Shared(True))
    yield "missing", Missing(a=1)
    yield "own", Own(a=1)
    yield "default", collections.defaultdict(lambda: "made", a=1)
    yield "ordered", collections.OrderedDict(a=1)
    yield "counter", collections.Counter("abca")
    yield "empty", {}
    yield "address", {Address(): 1}


KEYS = ["a", "b", "c", "".join(["x"] * 40), "", "\u1234", 0, 1, 2, -1, -2, 1 << 61, 69999, 70000, (1 << 61) - 1, 1 << 90, None,
        True, 1.5, (1, 2), len, int, Color.RED, Color.BLUE, Str("a"), Int(2), Unhashable(), [1], "".join(["1", "0"]),
        "".join(["1", "2"])]


def main():
    for name, container in containers():
        for key in KEYS:
            if name == "default" and isinstance(key, (list, Unhashable)):
                continue
            shown = repr(key) if not callable(key) else type(key).__name__
            results = [show(f(container, key)) for f in (contains, get, get_item)]
            print(name, shown, *results)
        keyset = set() if name == "big" else set(k for k in container if not isinstance(k, Raises))
        frozen = frozenset(keyset)
        for key in KEYS:
            assert contains(keyset, key) == contains(frozen, key), key
            print(contains(keyset, key), end=" ")
        print()
    same = Same("b")
    d, s = {same: 1}, {same}
    for f in (contains, get, get_item):
        for _ in range(30):
            f(d, "b"), f(d, "a")
    for _ in range(30):
        contains(s, "b")
    print(len(same.log), sorted(set(same.log)))
    raises = {Raises()}
    print(contains(raises, "b"), contains(raises, "a"))
    numbers = set(range(0, 3000, 3)) - set(range(0, 3000, 9))
    print(sum(1 for i in range(3000) if i in numbers))
    names = ["n%d" % i for i in range(500)]
    some = set(names[::2])
    print(sum(1 for n in names if n in some), sum(1 for n in names if n + "" in some))


def sequences():
    names = ("alpha", "beta", "gamma", 5, "delta", 2.5)
    out = []
    for probe in ("alpha", "delta", "zeta", 5, 2.5, 5.0, "al" + "pha", Str("beta"), Same("delta")):
        out.append((probe in names, probe in list(names), contains(names, probe)))
    return out


for _ in range(2):
    main()
for _ in range(30):
    result = sequences()
print(result)
