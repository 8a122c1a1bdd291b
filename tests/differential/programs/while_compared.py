"""Comparisons that close while loops, in functions and generators, of operands whose classes change; numbers live across yields."""


class Limit:
    """An operand with comparisons of its own."""

    def __init__(self, n, log):
        self.n = n
        self.log = log

    def __gt__(self, other):
        self.log.append(other)
        return self.n > other

    def __ne__(self, other):
        self.log.append(other)
        return self.n != other

    def __repr__(self):
        return "Limit"

    __lt__ = __le__ = __ge__ = None


class Str(str):
    def __ne__(self, other):
        return len(self) < 3 and str.__ne__(self, other)


class Box:
    def __init__(self, limit):
        self.limit = limit
        self.at = 0


def counted(limit):
    i = 0
    while i < limit:
        i += 1
    return i


def unequal(limit):
    i = 10
    while i != limit:
        i -= 1
        if i < -3:
            break
    return i


def halves(limit):
    x = 0.25
    while x < limit:
        x += 0.5
    return x


def until(text, stop):
    k = 0
    part = text[:1]
    while part != stop:
        k += 1
        part = text[k:k + 1]
        if k > 9:
            break
    return k


def attributes(box):
    box.at = 0
    while box.at < box.limit:
        box.at += 1
    return box.at


def growing(limit):
    n = 1
    while n < limit:
        n *= 7
    return n


def chained(low, high):
    i = low
    while low <= i < high:
        i += 2
    return i


def yielded(limit, step):
    i, x, n, unused = 0, 0.5, 1, limit
    while i < limit:
        sent = yield x * n
        if sent is not None:
            x = sent
        i += 1
        if i & 1:
            n += step
        x += 0.25
    return i, x, n, unused


def kept(limit):
    """Ints and floats that live across yields: changed always, sometimes, never; a yield of each."""
    a, b, c, f, g = 1, 1000, 2**62, 1.5, -0.0
    while a < limit:
        yield a
        a += 1
        yield b
        if a % 3 == 0:
            b *= 3
            g += f
        yield c
        c += 2**60
        yield f
        yield g
    yield (a, b, c, f, g)


def seen(limit):
    """What its locals are while it is suspended."""
    g = kept(limit)
    out = []
    for value in g:
        out.append((value, sorted((k, repr(v)) for k, v in g.gi_frame.f_locals.items())))
    return out


def same_object(limit):
    """A local that did not change is the same object after the yield."""
    i, x, big = 0, limit + 0.5, limit + 10**6
    first = id(x), id(big)
    while i < limit:
        yield (id(x), id(big)) == first
        i += 1


def tried(function, *args):
    try:
        return function(*args)
    except TypeError as error:
        return str(error)


def generated(make, sent):
    out = []
    g = make()
    try:
        out.append(next(g))
        for value in sent:
            out.append(g.send(value))
        while True:
            out.append(next(g))
    except StopIteration as stop:
        out.append(stop.value)
    except TypeError as error:
        out.append(str(error))
    return out


log = []
limits = (3, 5.5, True, float("nan"), 2**70, Limit(4, log), "x", None)
for turn in range(40):
    for limit in limits[:1] if turn < 30 else limits:
        results = [
            tried(counted, limit if limit != 2**70 else 40), tried(unequal, limit), tried(halves, limit if limit != 2**70 else 7),
            tried(growing, limit), tried(attributes, Box(limit if limit != 2**70 else 40)),
            tried(chained, 0, limit if limit != 2**70 else 9),
            generated(lambda: yielded(limit if limit != 2**70 else 40, 1), (None, 1.5)),
            generated(lambda: yielded(limit if limit != 2**70 else 4, 2**62), (None, 3, 2**65)),
        ]
        if turn in (0, 39):
            print(limit, results)
    for text, stop in (("abc;", ";"),) if turn < 30 else (("abc;", ";"), ("abc", Str(";")), ("ab", 3), ("ab", b";"), (Str("abcd"), "d")):
        result = tried(until, text, stop)
        if turn in (0, 39):
            print(text, stop, result)
    observed = seen(7), list(same_object(5))
    if turn in (0, 39):
        print(observed)
print(len(log), log[:9], log[-9:])
