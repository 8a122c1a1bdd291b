"""Builtin functions and methods that are called out of variables: what they get, what dies when, what they raise; and isinstance for
classes of metaclasses."""
import signal
import sys

log = []


class Noted:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        frame = sys._getframe(1)
        log.append((self.name, frame.f_code.co_name, frame.f_lineno, dict(frame.f_locals) if len(log) < 3 else None))

    def __hash__(self):
        return 7


def one(f, x):
    return f(x)


def array(f, *args):
    if len(args) == 1:
        return f(args[0])
    if len(args) == 2:
        return f(args[0], args[1])
    return f(args[0], args[1], args[2])


def none(f):
    return f()


def fresh(f):
    f(Noted("argument"))
    return len(log)


def write(append, items):
    for item in items:
        append(item)
        append(str(item))


def attempt(f, *args):
    try:
        return f(*args)
    except Exception as error:
        where = error.__traceback__
        while where.tb_next is not None:
            where = where.tb_next
        return type(error).__name__, str(error), where.tb_lineno, list(where.tb_frame.f_code.co_positions())[where.tb_lasti // 2]


for turn in range(60):
    out = []
    write(out.append, [1, "a", None])
    shown = [
        out, one(ord, "a"), one(id, out) == id(out), one("abc".find, "c"), one({1: 2}.get, 1), array(max, 3, 1, 2), array(getattr, 1, "x", "none"),
        array("a-b".replace, "-", "+"), array(divmod, 7, 2), none([1, 2].pop), none("A".lower), one({1}.add, 2), array(isinstance, 1, int),
        one(repr, turn % 3), one([3, 1].index, 1), one(int, "7"), one(hash, 5), one(b"ab".find, b"b"), one((1, 2).count, 2), one(sum, [1, 2]),
    ]
print(shown)

for turn in range(60):
    errors = [
        attempt(one, ord, "ab"), attempt(one, [].remove, 1), attempt(array, getattr, 1, "x"), attempt(array, max, 1, "x"), attempt(one, len, 5),
        attempt(none, [].pop), attempt(array, "a".replace, 1, 2), attempt(none, ord), attempt(one, [].pop, "x"),
        attempt(array, [].append, 1, 2),
    ]
for error in errors:
    print(error)

# An argument that only the call holds dies behind the call, in its line; the function, which only the call holds, dies then, too.
for turn in range(60):
    fresh(id)
    fresh([].count)
    fresh({}.get)
print(len(log), sorted({entry[:3] for entry in log}), [sorted(entry[3]) for entry in log[:3]])


def counts(f, x):
    before = sys.getrefcount(f), sys.getrefcount(x), sys.getrefcount(None)
    for _ in range(100):
        one(f, x)
        array(f, x)
    return [now - then for now, then in zip((sys.getrefcount(f), sys.getrefcount(x), sys.getrefcount(None)), before)]


marked = object()
print(counts([].append, marked)[0], counts({}.get, marked), counts([].count, marked), counts(repr, marked))


# A level of recursion for each call of a builtin of one argument, as stock takes it.
def deep(f, n):
    return one(f, n) if n == 0 else deep(f, n - 1)


class Depth:
    def __init__(self):
        self.most = 0

    def __index__(self):
        return one(chr, self) if self.down() else 65

    def down(self):
        self.most += 1
        return True


for f in chr, bin, hex:
    probe = Depth()
    print(f.__name__, attempt(one, f, probe)[:2], probe.most > 50)


# A signal that arrives in the call is handled behind it.
def handle(number, frame):
    raise InterruptedError(frame.f_code.co_name)


signal.signal(signal.SIGUSR1, handle)
for turn in range(40):
    try:
        array(signal.raise_signal.__call__, signal.SIGUSR1) if turn % 2 else one(signal.raise_signal, signal.SIGUSR1)
    except InterruptedError as error:
        caught = str(error)
print(caught)


class Meta(type):
    pass


class Asked(type):
    def __instancecheck__(cls, instance):
        return instance == 5


class Base(metaclass=Meta):
    pass


class Derived(Base):
    pass


class Answers(metaclass=Asked):
    pass


def is_a(x, c):
    return isinstance(x, c)


def asked():
    return [is_a(x, c) for x in (Derived(), Base(), 5, "a") for c in (Base, Derived, Answers, (Answers, Base), int)]


for turn in range(60):
    answers = asked()
print(answers)
Meta.__instancecheck__ = lambda cls, instance: "by the metaclass"
print(asked(), is_a(Derived(), Base))
del Meta.__instancecheck__
print(asked() == answers)
Base.__class__ = Asked                  # another metaclass for the same class
print(asked(), is_a(5, Base))
Base.__class__ = Meta
print(asked() == answers)
for turn in range(60):
    class Short(metaclass=Meta):       # dies each time, and something else gets its memory
        pass

    assert is_a(Short(), Short) and not is_a(Derived(), Short) and not is_a(Short(), Derived)
print("short-lived classes")
