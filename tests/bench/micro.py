"""Micro programs: one thing that a compiler should be good at in each. Every function runs its work `loops` times."""

from collections.abc import Callable


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def recursive_fib(loops):
    for _ in range(loops):
        fib(16)


def integer_while(loops):
    for _ in range(loops):
        n, total = 0, 0
        while n < 2000:
            total += n & 7
            n += 1


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def moved(self, dx):
        return self.x + dx


def attribute_access(loops):
    point = Point(1, 2)
    for _ in range(loops):
        for _ in range(1000):
            point.x = point.y
            point.y = point.x


def method_call(loops):
    point = Point(1, 2)
    for _ in range(loops):
        for i in range(1000):
            point.moved(i)


def object_creation(loops):
    for _ in range(loops):
        for i in range(500):
            Point(i, i)


def list_index(loops):
    items = list(range(100))
    for _ in range(loops):
        total = 0
        for i in range(100):
            items[i] = total
            total += items[-i]


def float_loop(loops):
    for _ in range(loops):
        x, total = 0.5, 0.0
        for _ in range(1000):
            x = 3.7 * x * (1.0 - x)
            total += x


def count_to(n):
    i = 0
    while i < n:
        yield i
        i += 1


def generator_loop(loops):
    for _ in range(loops):
        total = 0
        for value in count_to(1000):
            total += value


def raise_if_odd(n):
    if n & 1:
        raise ValueError(n)
    return n


def exception_loop(loops):
    for _ in range(loops):
        caught = 0
        for i in range(500):
            try:
                raise_if_odd(i)
            except ValueError:
                caught += 1


def with_keywords(a, b=2, *, c=3):
    return a + b + c


def keyword_call(loops):
    for _ in range(loops):
        for i in range(1000):
            with_keywords(i, c=i)


def string_work(loops):
    for _ in range(loops):
        words = []
        for i in range(300):
            word = "item" + str(i)
            if word.startswith("item1"):
                words.append(f"{word}:{len(word)}")
        ",".join(words)


def dict_work(loops):
    for _ in range(loops):
        counts = {}
        for i in range(1000):
            key = i % 37
            counts[key] = counts.get(key, 0) + 1


def closure_call(loops):
    total = 0

    def add(n):
        nonlocal total
        total += n

    for _ in range(loops):
        for i in range(1000):
            add(i)


PROGRAMS: dict[str, Callable[[int], None]] = {
    "micro_fib": recursive_fib,
    "micro_while": integer_while,
    "micro_attribute": attribute_access,
    "micro_method": method_call,
    "micro_object": object_creation,
    "micro_list": list_index,
    "micro_float": float_loop,
    "micro_generator": generator_loop,
    "micro_exception": exception_loop,
    "micro_keywords": keyword_call,
    "micro_string": string_work,
    "micro_dict": dict_work,
    "micro_closure": closure_call,
}
