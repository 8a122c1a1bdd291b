"""Unpackings into many locals, which are one call of the shim: what is unpacked, what the variables held, who looks meanwhile."""
import sys

log = []


class Noted:
    def __init__(self, name, then=None):
        self.name = name
        self.then = then

    def __del__(self):
        frame = sys._getframe(1)
        shown = {k: getattr(v, "name", v) for k, v in frame.f_locals.items() if len(k) == 1}
        log.append((self.name, frame.f_code.co_name, frame.f_lineno, shown))
        if self.then is not None:
            self.then()


def eight(sequence):
    a, b, c, d, e, f, g, h = sequence
    return h, g, f, e, d, c, b, a


def again(sequences):
    total = 0
    for sequence in sequences:
        a, b, c, d, e, f, g, h, i = sequence
        total = total * 3 + a + i
        a, b, c, d, e, f, g, h, i = sequence
        total += b * h - c
    return total, a, b, c, d, e, f, g, h, i


def same_twice(sequence):
    a, b, a, b, a, b, a, b, c = sequence
    return a, b, c


def in_lines(sequence):
    (
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
    ) = sequence
    return a, h


def objects(sequence):
    a, b, c, d, e, f, g, h = sequence
    del sequence
    x = a
    a, b, c, d, e, f, g, h = (
        h,
        g,
        f,
        e,
        d,
        c,
        b,
        a,
    )
    return x.name, a.name, h.name


def dying(names, other):
    a = b = c = d = e = f = g = h = None
    for turn in range(2):
        fresh = [Noted(f"{turn}{name}") for name in names]
        a, b, c, d, e, f, g, h = fresh
        del fresh
    a, b, c, d, e, f, g, h = other
    return a, h


def emptied():
    """What is unpacked loses its items while they are stored."""
    source = [Noted(f"item {k}") for k in range(8)]
    a = Noted("old", source.clear)
    b = Noted("old too")
    a, b, c, d, e, f, g, h = source
    return [x.name for x in (a, b, c, d, e, f, g, h)], source


def generator(sequences):
    for sequence in sequences:
        a, b, c, d, e, f, g, h = sequence
        got = yield a + h
        a, b, c, d, e, f, g, h = h, g, f, e, d, c, b, a
        yield got, a, h


def numbers(n):
    a = b = c = d = e = f = g = h = 1
    for k in range(n):
        a, b, c, d, e, f, g, h = [b, c, d, e, f, g, h, a + k]
        a, b, c, d, e, f, g, h = (h, a, b, c, d, e, f, g)
        a += 1
        b *= 1.5 if k % 7 == 0 else 1
    return a, b, c, d, e, f, g, h


def inlined(sequence):
    return eight(sequence)[0]


def calls(sequences):
    total = 0
    for sequence in sequences:
        total += inlined(sequence)
    return total


def attempt(function, *args):
    try:
        return function(*args)
    except Exception as error:
        where = error.__traceback__
        while where.tb_next is not None:
            where = where.tb_next
        return type(error).__name__, str(error), where.tb_lineno, list(where.tb_frame.f_code.co_positions())[where.tb_lasti // 2]


class OwnList(list):
    def __iter__(self):
        return iter("ABCDEFGH")


for turn in range(60):
    nine, ten = list(range(turn, turn + 9)), tuple(range(9))
    shown = [eight("abcdefgh"), eight(tuple(range(8))), eight(list(range(8))), eight(iter(range(8))), eight(OwnList(range(8)))]
    shown += [again([nine, ten, ten, nine]), again([ten] * 3), again([nine] * 3), same_twice(nine), in_lines(ten[:8])]
    shown += [attempt(eight, nine), attempt(eight, ten), attempt(eight, ten[:7]), attempt(eight, 3), attempt(eight, nine[:3])]
    shown += [attempt(again, [nine, ten[:5]]), attempt(in_lines, nine), objects([Noted(k) for k in range(8)])]
    shown += [dying("abcdefgh", ten[:8]), dying("abcdefgh", nine[:8]), emptied(), numbers(turn), calls([ten[:8], nine[:8]] * 3)]
    made = generator([ten[:8], nine[:8]])
    shown += [next(made), made.send("got"), next(made), made.send(None)]
    if turn in (0, 1, 30, 59):
        print(shown, log)
    del shown, made
    log.clear()

events = []


def tracer(frame, event, arg):
    if frame.f_code in (in_lines.__code__, emptied.__code__):
        events.append((event, frame.f_lineno - frame.f_code.co_firstlineno, sorted(frame.f_locals)))
    return tracer


sys.settrace(tracer)
in_lines(range(8))
emptied()
sys.settrace(None)
print(events, log)
in_lines(range(8))
tokens = [object() for _ in range(8)]
for _ in range(10):
    in_lines(tokens)
    same_twice([*tokens, 1])
print([sys.getrefcount(token) for token in tokens])
