"""Fields of named tuples: read, asked for, missing, replaced."""
import collections
import typing

Point = collections.namedtuple("Point", "x y z", defaults=(3,))


class Typed(typing.NamedTuple):
    x: int
    y: str = "y"

    @property
    def both(self):
        return self.x, self.y


class Sub(Point):
    __slots__ = ()

    def length(self):
        return self.x + self.y + self.z


class Open(Point):
    pass


class Hooked(Point):
    def __getattr__(self, name):
        return "hooked", name, self.x


def fields(p):
    return p.x, p.y


def last(p):
    return p.z


def store(p, value):
    p.x = value


def delete(p):
    del p.x


def attempt(f, *args):
    try:
        return f(*args)
    except Exception as error:
        return type(error).__name__, str(error)


class Other:
    x = Point.x
    y = z = 0


for turn in range(60):
    p, typed, sub, opened = Point(turn, 2), Typed(turn), Sub(turn, 2, 3), Open(1, turn)
    opened.__dict__["x"] = "shadow"
    opened.own = turn
    short = tuple.__new__(Point, (turn,))
    shown = [fields(p), fields(typed), fields(sub), fields(opened), last(p), last(sub), sub.length(), typed.both, opened.own]
    shown += [attempt(fields, short), attempt(last, short), attempt(last, typed), attempt(store, p, 3), attempt(delete, sub)]
    shown += [getattr(p, "x"), getattr(p, "w", 7), hasattr(p, "z"), hasattr(short, "x"), attempt(hasattr, short, "z")]
    shown += [p._replace(x=5).x, attempt(fields, Other()), last(Hooked(1, 2)), Hooked(4, 5).w, attempt(last, tuple.__new__(Hooked, (1,)))]
    if turn == 30:
        Sub.z = property(lambda self: "property")
        Open.x = "class attribute"
    if turn == 45:
        Point.y = Point.x
    if turn in (0, 29, 30, 31, 44, 45, 46, 59):
        print(shown)
