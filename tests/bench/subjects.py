"""What the statements of `features.py` use: a class, a function or a value of every kind."""

import abc
import collections.abc
import contextlib
import dataclasses
import enum
import functools
import operator
import re
import weakref

from tests.bench.micro import count_to

Mapping = collections.abc.Mapping


class Point:
    def __init__(self, x, y=2):
        self.x = x
        self.y = y

    def plus(self, number):
        return self.x + number

    @property
    def first(self):
        return self.x

    @classmethod
    def of_class(cls, x):
        return x

    @staticmethod
    def of_nobody(x):
        return x

    def __eq__(self, other):
        return self.x == other.x

    def __lt__(self, other):
        return self.x < other.x

    def __hash__(self):
        return hash(self.x)

    def __add__(self, other):
        return Point(self.x + other.x)

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return i

    def __setitem__(self, i, value):
        self.y = value

    def __iter__(self):
        return iter((1, 2, 3))

    def __contains__(self, item):
        return item == 1

    def __bool__(self):
        return True

    def __call__(self, x):
        return x

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        return False

    def __repr__(self):
        return "Point"


class Derived(Point):
    def __init__(self, x):
        super().__init__(x)

    def plus(self, number):
        return super().plus(number) + 1


class Slotted:
    __slots__ = ("x", "y")

    def __init__(self, x):
        self.x = x
        self.y = x


class Helpful:
    def __getattr__(self, name):
        return name


class Descriptor:
    def __get__(self, instance, owner):
        return 1

    def __set__(self, instance, value):
        pass


class Described:
    field = Descriptor()


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


class Abstract(abc.ABC):
    @abc.abstractmethod
    def method(self): ...


class Concrete(Abstract):
    def method(self):
        return 1


@dataclasses.dataclass
class Data:
    x: int
    y: int = 3


@dataclasses.dataclass(frozen=True)
class Frozen:
    x: int
    y: int = 3


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Flags(enum.IntFlag):
    READ = 1
    WRITE = 2


Triple = collections.namedtuple("Triple", "a b c")


def decorate(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@decorate
def decorated(x, y=1):
    return x + y


@functools.lru_cache(None)
def cached(x):
    return x


@functools.singledispatch
def dispatched(x):
    return x


@dispatched.register(int)
def _(x):
    return x


def keyword_only(a, *, b=1, c=2):
    return a + b + c


def with_defaults(a, b=1, c=2):
    return a + b + c


def many(*args):
    return args


def named(**kwargs):
    return kwargs


def mixed(a, *rest, **kwargs):
    return a


def delegate(n):
    yield from count_to(n)


def echo():
    x = 0
    while True:
        x = yield x


def adder(x):
    def add(y):
        return x + y

    return add


@contextlib.contextmanager
def context():
    yield 1


point, other, derived, slotted, described, helpful, concrete = Point(1), Point(1), Derived(1), Slotted(1), Described(), Helpful(), Concrete()
data, frozen, triple = Data(1), Frozen(1), Triple(1, 2, 3)
closure, partial = adder(3), functools.partial(with_defaults, 1, c=3)
numbers, numbers_tuple, numbers_set = list(range(20)), tuple(range(20)), set(range(20))
table = {str(i): i for i in range(20)}
text, octets, pair, keywords = "hello world foo bar", b"hello world", (1, 2), {"b": 1}
search = re.compile(r"(\w+) (\w+)").match
second, x_of, reference = operator.itemgetter(1), operator.attrgetter("x"), weakref.ref(point)
deque, counter, ordered = collections.deque(), collections.Counter(), collections.OrderedDict()
default_int, chained = collections.defaultdict(int), collections.ChainMap({}, table)
echoing = echo()
next(echoing)
