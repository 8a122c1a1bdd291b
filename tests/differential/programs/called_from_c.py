"""Python functions that C code calls: with every number of arguments, with defaults that change, and looked at from inside and after."""

import functools
import gc
import sys
import threading
import traceback
import types
import weakref

ROUNDS = 300


def one(a):
    return a * 2


def two(a, b):
    return a - b


def with_defaults(a, b=10, c=(1,)):
    return a, b, c


def none():
    return "none"


def keyword_only(a, *, k=3):
    return a, k


def many(*args, **kwargs):
    return args, kwargs


def positional_only(a, b=2, /):
    return a, b


def with_cells(a, b):
    def inner():
        return a + b

    return inner()


def with_loop(n):
    total = 0
    for i in range(n):
        total += i
    return total


def generates(n):
    yield n
    yield n + 1


async def waits(n):
    return n


def fails(n):
    if n % 7 == 3:
        raise ValueError(n)
    return n


def nests(n):
    return n if n <= 0 else next(map(nests, (n - 1,))) + 1


def changes_its_argument(a):
    local = a
    a = None
    return local, a, sorted(locals())


def keeps_its_frame(a, kept):
    b = a + 1
    kept.append(sys._getframe())
    return b


def unpacks(item):
    return item[1], item[0]


class Called:
    made = 0

    def __init__(self, a, b=5):
        self.a, self.b = a, b
        type(self).made += 1

    def __call__(self, x, y=1):
        return self.a, x, y

    def __eq__(self, other):
        return self.a == other.a

    def __hash__(self):
        return self.a % 5

    def __lt__(self, other):
        return self.a < other.a

    def __repr__(self):
        return f"Called({self.a})"

    def __len__(self):
        return self.a

    @property
    def double(self):
        return self.a * 2

    @staticmethod
    def fixed(a, b):
        return b, a

    @classmethod
    def of_class(cls, a):
        return cls.__name__, a

    def method(self, x, y=7):
        return self.a + x + y


class Dies:
    def __init__(self, log, name):
        self.log, self.name = log, name

    def __del__(self):
        self.log.append((self.name, sys._getframe(1).f_code.co_name))


def holds(a, log):
    mine = Dies(log, "mine")
    return len(mine.name) + a


def drops(a):
    a = None
    return a


def call_all():
    out = []
    for i in range(ROUNDS):
        out.append(list(map(one, (i, 1.5, "x"))))
        out.append(list(map(two, (i, 4), (2, i))))
        out.append([with_defaults(i), *map(with_defaults, (i,)), *map(with_defaults, (i,), (2,)), *map(with_defaults, (i,), (2,), (3,))])
        out.append(functools.partial(none)())
        out.append([*map(keyword_only, (i,)), functools.partial(keyword_only, k=i)(2)])
        out.append([*map(many, (i,), (2,)), functools.partial(many, k=i)(2)])
        out.append([*map(positional_only, (i,)), *map(positional_only, (i,), (3,))])
        out.append(list(map(with_cells, (i,), (1,))))
        out.append(list(map(with_loop, (i % 20,))))
        out.append([list(g) for g in map(generates, (i,))])
        for coroutine in map(waits, (i,)):
            try:
                coroutine.send(None)
            except StopIteration as stop:
                out.append(stop.value)
        out.append(list(map(nests, (i % 15,))))
        out.append(list(map(changes_its_argument, ([i],))))
        out.append(sorted([(3, i), (1, 2), (2, 1)], key=unpacks))
        out.append(functools.reduce(two, (i, 1, 2, 3)))
        out.append(list(filter(with_loop, (0, 1, i))))
        objects = [Called(i), Called(2, b=3), *map(Called, (1, i % 4))]
        out.append([sorted(objects), len(set(objects)), max(objects), {objects[0]: 1}.get(Called(i)), [len(o) for o in objects]])
        out.append([list(map(objects[0], (1,))), list(map(objects[0], (1,), (2,))), list(map(objects[0].method, (1,)))])
        out.append([objects[0].double, *map(Called.fixed, (1,), (i,)), *map(Called.of_class, (i,)), *map(objects[0].of_class, (i,))])
    return out


def errors():
    out = []
    wrong = (
        (two, (1,)), (two, (1, 2, 3)), (none, (1,)), (with_defaults, ()), (with_defaults, (1, 2, 3, 4)), (keyword_only, (1, 2)),
        (positional_only, ()), (fails, (3,)), (nests, (None,)),
    )  # fmt: skip
    for i in range(ROUNDS):
        for function, args in wrong:
            try:
                list(map(function, *((a,) for a in args))) if args else functools.partial(function)()
            except (TypeError, ValueError) as error:
                if i % 50 == 0:
                    out.append("".join(traceback.format_exception(error)))
        try:
            functools.partial(two, a=1)(2)
        except TypeError as error:
            out.append(str(error))
        try:
            out.append(list(map(fails, range(i % 8))))
        except ValueError as error:
            out.append((error.args, error.__traceback__.tb_next.tb_frame.f_locals))
    return out


def frames():
    kept, out = [], []
    for i in range(ROUNDS):
        out += map(keeps_its_frame, (i,), (kept,))
    out += [(f.f_code.co_name, sorted(f.f_locals), f.f_locals["b"], f.f_lineno) for f in kept[::20]]
    out.append(gc.is_tracked(kept[-1]))
    kept[-1].clear()
    out.append(kept[-1].f_locals)
    return out


def deaths():
    log, out = [], []
    for i in range(ROUNDS):
        out += map(holds, (i,), (log,))
        thing = Called(i)
        reference = weakref.ref(thing)
        out += map(drops, (thing,))
        del thing
        out.append(reference() is None)
    return out, log


def changing():
    """The same function object with other defaults, another code object, and no machine code for it."""
    out = []

    def changed(a, b=1):
        return a + b

    for i in range(ROUNDS):
        out += map(changed, (i,))
        if i == 100:
            changed.__defaults__ = (100,)
        if i == 150:
            changed.__defaults__ = None
            changed.__kwdefaults__ = {}
        if i >= 150:
            out += map(changed, (i,), (2,))
            changed.__defaults__ = (i, i)
        if i == 200:
            changed.__code__ = (lambda a, b: a * b).__code__
        if i == 250:
            changed.__code__ = (lambda a, b, c=2: a * b).__code__
            changed.__defaults__ = (3, 4)
    copy = types.FunctionType(changed.__code__, {}, "copy", (8, 9))
    return [*out, *map(copy, (2,)), changed.__defaults__]


def traced():
    events, out = [], []

    def tracer(frame, event, arg):
        events.append((frame.f_code.co_name, event, frame.f_lineno))
        return tracer

    for i in range(ROUNDS):
        if i in (120, 200):
            sys.settrace(tracer)
        if i == 260:
            sys.setprofile(lambda frame, event, arg: events.append((frame.f_code.co_name, event)))
        out += map(two, (i,), (1,))
        out += map(with_loop, (2,))
        if i in (123, 203):
            sys.settrace(None)
        if i == 263:
            sys.setprofile(None)
    return out, events


def in_threads():
    out = []

    def work(k):
        out.append((k, sum(map(with_loop, range(ROUNDS))), list(map(two, range(5), range(k, k + 5)))))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(out)


def deep():
    limit = sys.getrecursionlimit()
    try:
        return list(map(nests, (limit // 4,)))
    except RecursionError as error:
        return str(error)


print(call_all())
print(errors())
print(frames())
print(deaths())
print(changing())
print(traced())
print(in_threads())
print(deep())
