"""Small callees that call builtins of every kind: what is called looks at the frames of its callers, raises, and runs Python code."""

import gc
import sys
import traceback
import weakref


def where():
    frame, names = sys._getframe(1), []
    while frame is not None:
        names.append((frame.f_code.co_name, frame.f_lineno, sorted(k for k in frame.f_locals if len(k) == 1)))
        frame = frame.f_back
    return names[:-1]


class Loud:
    """Each of its special methods says who called it."""

    def __init__(self, value):
        self.value = value

    def __len__(self):
        print("len", where())
        return self.value

    def __str__(self):
        print("str", where())
        return f"<{self.value}>"

    def __iter__(self):
        print("iter", where())
        yield self.value

    def __hash__(self):
        print("hash", where())
        return hash(self.value)

    def __eq__(self, other):
        print("eq", where())
        return isinstance(other, Loud) and self.value == other.value

    def __lt__(self, other):
        print("lt", where())
        return self.value < other.value


class Box:
    def __init__(self, item):
        self.item = item

    def size(self):
        n = len(self.item)
        return n + 1

    def text(self):
        s = str(self.item)
        return s + "!"

    def all(self):
        t = tuple(self.item)
        return t + (1,)

    def kind(self):
        k = type(self.item)
        return k.__name__

    def is_text(self):
        b = isinstance(self.item, (str, bytes))
        return not b

    def put(self, list_):
        list_.append(self.item)
        n = len(list_)
        return n

    def mixed(self):
        m = max(self.item, self.item)
        return [m]

    def found(self, dict_):
        d = dict_.get(self.item, 0)
        return d

    def number(self):
        i = int(self.item)
        return abs(i)

    def ordered(self, other):
        o = sorted([self.item, other.item])
        return o[0]

    def joined(self):
        p = ",".join(self.item)
        return p.upper()


def use(box, other, list_, dict_):
    out = [box.size(), box.text(), box.all(), box.kind(), box.is_text(), box.put(list_), box.mixed(), box.found(dict_)]
    out.append(box.ordered(other))
    del list_[:]
    return out


def convert(box):
    return box.number()


def join(box):
    return box.joined()


for k in range(120):
    result = use(Box("abc"), Box("abd"), [], {"abc": 1})
    numbers = convert(Box(str(-k)))
    joined = join(Box(["a", "b"]))
print(result, numbers, joined)


# Python code that the builtins run finds the elided frames.
print(use(Box(Loud(3)), Box(Loud(2)), [], {})[0])


# What they raise has the lines and columns of the callee.
def failing(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return "".join(traceback.format_exception(error))


class Broken:
    def __str__(self):
        raise ValueError("no text")

    def __len__(self):
        return -1

    def __int__(self):
        return "not a number"

    def __iter__(self):
        yield 1
        raise KeyError("in the middle")

    def __lt__(self, other):
        return NotImplemented


for odd in [None, 3, Broken(), [1, 2], {"a": 1}]:
    for call in (lambda b: use(b, Box(1), [], {}), convert, join):
        print(failing(call, Box(odd)))


# An argument dies in the callee; its finalizer looks around.
class Dying:
    def __del__(self):
        print("del", where())

    def __len__(self):
        return 4


class Maker:
    def measure(self):
        n = len(Dying())
        return n


def measure(maker, n):
    total = 0
    for _ in range(n):
        total += maker.measure()
    return total


class Quiet(Dying):
    def __del__(self):
        pass


loud, Dying = Dying, Quiet
for _ in range(60):
    measure(Maker(), 10)
Dying = loud
print(measure(Maker(), 3))


# Classes change under inlined code; builtins are replaced.
def length(box):
    return box.size()


for _ in range(120):
    length(Box("abc"))
Box.size = lambda self: "replaced"
print(length(Box("abc")))
del Box.size
print(failing(length, Box("abc")))


class Sized:
    def __init__(self, item):
        self.item = item

    def size(self):
        return len(self.item)


for _ in range(120):
    length(Sized("abc"))
len = lambda x: "mine"
print(length(Sized("abc")))
del len
print(length(Sized("abc")))

alive = weakref.WeakSet()


class Node:
    def __init__(self, children):
        self.children = list(children)
        alive.add(self)

    def count(self):
        return len(self.children)


def build(n):
    root = Node([])
    for _ in range(n):
        root = Node([root])
        root.count()
    return root


for _ in range(60):
    build(20)
gc.collect()
print(sum(1 for _ in alive))


# Tracing that a builtin switches on.
events = []


def tracer(frame, event, arg):
    events.append((frame.f_code.co_name, event, frame.f_lineno))
    return tracer


class Switch:
    def __len__(self):
        if on:
            sys.settrace(tracer)
        return 5


class Holder:
    def __init__(self, item):
        self.item = item

    def measure(self):
        n = len(self.item)
        return n


def outer(holder):
    a = holder.measure()
    b = holder.measure()
    return a + b


on = False
for _ in range(120):
    outer(Holder(Switch()))
on = True
outer(Holder(Switch()))
sys.settrace(None)
print(events)
