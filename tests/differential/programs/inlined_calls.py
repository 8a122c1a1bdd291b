"""Small callees, whose frames machine code elides: what can look for the frames finds them."""

import gc
import sys
import traceback


class Vector:
    def __init__(self, x, y):
        self.x = x
        self.y = y

    def dot(self, other):
        return self.x * other.x + self.y * other.y

    def plus(self, other):
        return Vector(self.x + other.x, self.y + other.y)

    def scaled(self, factor=2, *, shift=0):
        return Vector(self.x * factor + shift, self.y * factor + shift)

    def pair(self):
        return self.x, self.y


def sum_of_dots(vectors):
    total = 0
    for a in vectors:
        total += a.dot(vectors[0])
        total += a.plus(a).scaled(3).pair()[1]
    return total


def chain(n):
    v = Vector(1, 2)
    for _ in range(n):
        v = v.plus(v.scaled(-1)).plus(Vector(1, 1))
    return v.pair()


print([sum_of_dots([Vector(k, 2 * k) for k in range(20)]) for _ in range(60)][-1])
print([chain(30) for _ in range(60)][-1])
print(sum_of_dots([Vector(k + 0.5, 1) for k in range(20)]))
print(sum_of_dots([Vector(2**70, k) for k in range(20)]))


# Errors inside of elided frames: the traceback has them, with columns.
def describe(error):
    return [line for line in traceback.format_exception(error)]


def failing(vectors):
    try:
        return sum_of_dots(vectors)
    except Exception as error:
        return "".join(describe(error))


for odd in [None, Vector("a", 1), Vector([1], 2), 3]:
    print(failing([Vector(1, 2), Vector(3, 4), odd]))
broken = Vector(1, 2)
del broken.y
print(failing([Vector(1, 2), broken]))


# Code that is cold when its caller is compiled.
class Account:
    def __init__(self, amount):
        if amount < 0:
            raise ValueError(f"{amount} is negative")
        self.amount = amount

    def take(self, n):
        if n > self.amount:
            raise ArithmeticError(self.amount, n)
        self.amount -= n
        return self.amount


def spend(account, steps):
    done = 0
    try:
        for k in steps:
            account.take(k)
            done += 1
        account = Account(account.amount - 10**6 * (len(steps) == 7))
    except (ArithmeticError, ValueError) as error:
        return done, error.args, error.__traceback__.tb_next.tb_lineno
    return done, account.amount


for _ in range(80):
    spend(Account(100), [1, 2, 3])
print(spend(Account(100), [1, 2, 3]), spend(Account(4), [1, 2, 3]), spend(Account(100), [1] * 7))


class Picky:
    def __init__(self, value):
        self.value = value
        if value > 90:
            return value


def make(values):
    return [Picky(v).value for v in values]


for _ in range(60):
    make(range(20))
try:
    make(range(80, 100))
except TypeError as error:
    print(error, error.__traceback__.tb_next.tb_next.tb_lineno)


# Finalizers and the collector see the elided frames.
seen = []


def look():
    frame = sys._getframe(2)
    found = []
    while frame is not None:
        found.append((frame.f_code.co_name, frame.f_lineno, sorted(n for n in frame.f_locals if n != "self")[:4]))
        frame = frame.f_back
    return found


class Watched:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        if self.name == "watch":
            seen.append(self.report())

    def report(self):
        return look()


class Holder:
    def __init__(self):
        self.item = None

    def put(self, item):
        self.item = item
        other = item
        return other

    def swap(self, item, names):
        old = self.item
        self.item = item
        old = None
        names.append(1)
        return len(names)


def replace(holder, items):
    while items:
        holder.put(items.pop())
        holder.put(items.pop())
    holder.item = items
    return holder.swap(2, [])


for _ in range(60):
    replace(Holder(), [5, Watched("plain"), 6, Watched("plain")])
replace(Holder(), [5, Watched("watch"), 7, 8])
replace(Holder(), [Watched("watch"), 5, 5, 6])
replace(Holder(), [Watched("watch"), Watched("watch"), Watched("watch"), Watched("watch")])
for found in seen:
    print(found[:3])

collected = []


def on_collection(phase, info):
    if phase == "start":
        frame = sys._getframe(1)
        names = []
        while frame is not None:
            names.append(frame.f_code.co_name)
            frame = frame.f_back
        collected.append(tuple(names))


class Node:
    def __init__(self, link):
        self.link = link

    def next(self):
        return Node(self)


def grow(n):
    node = Node(None)
    for _ in range(n):
        node = node.next()
        if _ % 500 == 0:
            node.link = None
    return node


for _ in range(60):
    grow(30)
gc.collect()
threshold = gc.get_threshold()
gc.set_threshold(90)
gc.callbacks.append(on_collection)
grow(2000)
gc.callbacks.remove(on_collection)
gc.set_threshold(*threshold)
print(len(collected) > 10, {names[:-1] for names in collected} <= {("__init__", "next", "grow"), ("next", "grow"), ("grow",)})


# The recursion limit counts elided frames.
def leaf(n):
    return n + 1


def deep(n):
    if n == 0:
        return 0
    return leaf(deep(n - 1))


def deepest():
    low, high = 1, 3000
    while high - low > 1:
        middle = (low + high) // 2
        try:
            deep(middle)
            low = middle
        except RecursionError:
            high = middle
    return low


for _ in range(60):
    deep(20)
print(deepest())


# Functions that change.
def twice(x):
    return x * 2


def thrice(x):
    return x * 3


def apply(n):
    total = 0
    for k in range(n):
        if k == 40:
            globals()["twice"] = thrice
        total += twice(k)
    return total


print([apply(30) for _ in range(50)][-1], apply(50), apply(10))
twice.__code__ = leaf.__code__
print(apply(10))
twice.__defaults__ = (5,)
print(twice(), apply(10))


class Base:
    def value(self):
        return 1


class Derived(Base):
    pass


def values(objects):
    total = 0
    for o in objects:
        total += o.value()
    return total


print([values([Base(), Derived()] * 10) for _ in range(40)][-1])
Derived.value = lambda self: 100
print(values([Base(), Derived()] * 10))
Base.value = Derived.value
print(values([Base(), Derived()] * 10))


def counter():
    count = 0

    def step(by):
        nonlocal count
        count += by
        return count

    def peek():
        return count

    def run(n):
        for _ in range(n):
            step(2)
            peek()
        return peek()

    return run


run = counter()
print([run(10) for _ in range(50)][-1])
