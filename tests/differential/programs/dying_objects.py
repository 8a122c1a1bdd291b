"""Objects that die in loops over unboxed numbers: what a finalizer sees of the locals is current."""

import gc
import sys
import weakref

seen = []


class Plain:
    def __init__(self, value):
        self.value = value


class Watched:
    def __init__(self, value):
        self.value = value

    def __del__(self):
        frame = sys._getframe(1)
        seen.append((frame.f_code.co_name, frame.f_lineno, frame.f_locals.get("i"), frame.f_locals.get("total")))


class Slotted:
    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value


class Derived(Slotted):
    pass


def numbers(n):
    total = 0.0
    for i in range(n):
        total += i
        p = Plain(i)
        p = Plain(total)
        q = Plain("text")
        q.value = [i]
    return total, p.value, q.value


def finalizers(n, every):
    total = 0
    for i in range(n):
        total += i * 2
        p = Plain(Watched(i) if i % every == 0 else i)
        p = Plain(total)
    return p.value


def nested(n, every):
    total = 0
    for i in range(n):
        total += i
        Plain(Plain(Plain(Watched(total) if i % every == 0 else None)))
    return total


def slots(n, every):
    total = 0
    for i in range(n):
        total += i
        Derived(Watched(i) if i % every == 0 else i)
        d = Slotted(total)
        d.value = Watched(i) if i % every == 1 else total
    return d.value


def items(n, every):
    total, held = 0, [None, None]
    for i in range(n):
        total += 3
        held[i & 1] = Watched(i) if i % every == 0 else total
    return held[1]


def references(n):
    total, gone = 0, []
    for i in range(n):
        total += i
        p = Plain(i)
        if i % 10 == 3:
            gone.append(weakref.ref(p, lambda _: seen.append(sys._getframe(1).f_locals["total"])))
        if i % 10 == 4:
            p.__dict__["other"] = Watched(total)
    return len(gone)


def last_of_class(n):
    total = 0
    for i in range(n):
        total += i
        Local = type("Local", (Plain,), {"__slots__": ()} if i % 2 else {"tag": Watched(i)})
        Local(i)
    return total


for _ in range(40):
    results = (numbers(30), finalizers(30, 100), nested(30, 100), slots(30, 100), items(30, 100))
print(results)
seen.clear()
print(finalizers(20, 7), nested(20, 7), slots(20, 7), items(20, 7), references(40))
print(seen)
seen.clear()
print(last_of_class(5))
gc.collect()  # classes are cycles
print(len(seen))
