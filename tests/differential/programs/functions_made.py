"""Functions that are made where they are used: what they are made of, when they die, and what dies with them."""

import gc
import weakref

log = []


class Noted:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        log.append(self.name)


def made_each_time(n):
    add = lambda a, b=n, *, c=3: a + b + c
    return add(1), add.__defaults__, add.__kwdefaults__, add.__module__, add.__qualname__, add.__closure__


def annotated(n):
    def f(a: int, b: "str" = n) -> float:
        """What it does."""
        return a, b

    return f(1), f.__doc__, f.__annotations__, f.__dict__, f.__globals__ is globals(), f.__builtins__["len"] is len


def with_attributes(n):
    def f():
        return f.count

    f.count = n
    result = f()
    f.__dict__.clear()
    return result, f.__dict__


def dies_with_what_it_closed_over(n):
    f = (lambda kept: lambda: kept)(Noted(n))
    f()
    log.append("before")
    del f
    log.append("after")


def dies_with_its_defaults(n):
    f = lambda a=Noted(n): a
    f()
    log.append("before")
    f = None
    log.append("after")


def is_watched(n):
    f = lambda: n
    ref = weakref.ref(f, lambda _: log.append(("gone", n)))
    alive = ref() is f
    f = None
    return alive, ref()


def chain(n):
    """Functions that close over each other, and die together."""
    f = lambda: 0
    for _ in range(n):
        f = (lambda inner: lambda: inner() + 1)(f)
    return f() if n < 100 else f


def cycle(n):
    """Found by the collector, not by its count."""
    f = lambda: f
    f.kept = Noted(n)
    return weakref.ref(f)


def sums(rows):
    return [sum(x * k for x in row) for k, row in enumerate(rows)], {k: [x for x in row if x] for k, row in enumerate(rows)}


def of_another_module(n):
    namespace = {"__name__": f"module{n}"}
    exec("def make():\n    return lambda: 0", namespace)
    make = namespace["make"]
    first = make().__module__
    namespace["__name__"] = "renamed"
    second = make().__module__
    del namespace["__name__"]
    third = make().__module__
    namespace["__builtins__"] = {"len": n}
    return first, second, third, sorted(make().__builtins__) == ["len"]


def main():
    for i in range(60):
        results = [
            made_each_time(i), annotated(i), with_attributes(i), is_watched(i), chain(i % 7),
            sums([[1, 2, 0], [i, 0, 3]]),
        ]
        dies_with_what_it_closed_over(i)
        dies_with_its_defaults(i)
        ref = cycle(i)
        gc.collect()
        results.append((ref(), log[-1]))
        if i % 10 == 0:
            results.append(of_another_module(i))
        print(results, log)
        log.clear()
    f = chain(5000)
    f = None
    print(chain(3), f)


main()
