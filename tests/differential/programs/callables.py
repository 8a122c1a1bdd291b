"""Calls with any arguments of anything that runs a Python function: functions with *args, **kwargs and keyword-only parameters,
classes with __new__ and __init__, instances with __call__, properties; and min, max and id."""

import sys


def every(a, /, b, c=10, *args, d, e=20, **kw):
    return (a, b, c, args, d, e, kw)


def only(*, k=1, **kw):
    return k, kw


def rest(*args):
    return args


class Both:
    def __init__(self, x, *rest, k=3, **kw):
        self.x, self.rest, self.k, self.kw = x, rest, k, kw

    def __call__(self, y, *a, z=5, **kw):
        return (self.x, y, a, z, kw)

    @property
    def twice(self):
        return self.x * 2

    @property
    def fails(self):
        return self.nothing


class Derived(Both):
    @property
    def twice(self):
        return super().twice + 1


class New:
    def __new__(cls, v, *a, **k):
        made = object.__new__(cls)
        made.v = v
        return made


class NewAndInit(New):
    def __init__(self, v, w=2, **k):
        self.w, self.k = w, k


class Other:
    def __new__(cls, v):
        return v


class Swapped:
    def __new__(cls, kind=None):
        return super().__new__(kind or cls)

    def __init__(self, *a):
        self.a = a


class SwappedDerived(Swapped):
    def __init__(self, *a):
        self.b = a


class BadInit:
    def __init__(self):
        return 3


class Meta(type):
    def __call__(cls, *a, **k):
        return super().__call__(*a, **k)


class WithMeta(metaclass=Meta):
    def __init__(self, v, *, w=1):
        self.v, self.w = v, w


class Name(str):
    pass


def attempt(f, *a, **k):
    try:
        return f(*a, **k)
    except (TypeError, AttributeError) as error:
        return str(error)


def calls(i):
    yield every(1, 2, d=i)
    yield every(1, 2, 3, 4, 5, d=i, e=7, zz=9, a=44)
    yield every(1, d=2, b=3, c=5)
    yield only(), only(k=i), only(j=i, k=2), rest(), rest(i), rest(*[i, i])
    for bad in ((), (1,), (1, 2)):
        yield attempt(every, *bad)
    yield attempt(every, 1, 2, d=1, b=3), attempt(every, b=1, a=2, d=3), attempt(only, 1), attempt(rest, a=1)
    both = Both(i, 2, 3, k=4, l=5)
    yield both.x, both.rest, both.k, both.kw, both(1, 2, 3, z=4, q=5), both.twice, Derived(i).twice
    yield attempt(Both), attempt(both), attempt(lambda: both.fails), attempt(lambda: both.twice())
    made = NewAndInit(i, w=5)
    yield made.v, made.w, made.k, attempt(NewAndInit), Other(i), New(1, 2, b=3).v
    swapped = Swapped(SwappedDerived)
    yield type(swapped).__name__, len(swapped.b), attempt(BadInit), attempt(New)
    args, kw = (1, 2, 3), {"d": 4, "e": 5}
    yield every(*args, **kw), both(*args, **kw), vars(Both(*args, **kw)), rest(*args)
    yield attempt(every, *args, **{"d": 1, "a": 2}), every(1, 2, **{Name("d"): 3})
    method = both.__call__
    yield method(*args), method(9, k=2), WithMeta(i, w=2).w, attempt(WithMeta)
    yield max(i, 5), min(i, 4), max(i, 3, 2.5), min(True, 1, 0.5), max("b", "abc"), min((1, 2), (1,)), max([i, 3])
    yield max(2, 2.0), max(2.0, 2), min(0.0, -0.0), max(float("nan"), 1), max(1, float("nan"))
    yield attempt(max), attempt(min, 1), attempt(min, 1, "a"), max(1, -5, key=abs), max([], default=i)
    yield id(both) == id(both), id(i) is id(i), id(None) == id(None)


for i in range(60):
    shown = list(calls(i))
for line in shown:
    print(line)


def counts():
    both = Both(1)
    before = [sys.getrefcount(o) for o in (both, Both, every, New)]
    for i in range(50):
        list(calls(i))
        both(1), both.twice, every(1, 2, d=both), rest(both), New(both), Both(both)
    return [sys.getrefcount(o) - n for o, n in zip((both, Both, every, New), before)]


print(counts())


class Deep:
    def __call__(self, n):
        return self(n + 1)

    def __init__(self, n=None):
        if n is not None:
            Deep(n + 1)


class DeepNew:
    def __new__(cls, n):
        DeepNew.reached = n
        return DeepNew(n + 1)


def depths():
    reached = []
    for start in (lambda: Deep()(0), lambda: Deep(0), lambda: DeepNew(0), lambda: max(deep, deep)):
        try:
            start()
        except RecursionError as error:
            reached.append((str(error), len(list(walk(error.__traceback__)))))
    return reached, DeepNew.reached


def walk(traceback):
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


class Compared:
    def __gt__(self, other):
        return max(self, other)


deep = Compared()
for _ in range(30):
    print(depths())
