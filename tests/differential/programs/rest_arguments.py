"""Calls of known functions with *args and **kwargs in their parameters."""
import gc
import sys


def rest(*args):
    return args


def first(a, *args):
    return a, args


def words(a, **kwargs):
    return a, kwargs


def both(a, b=2, *args, **kwargs):
    return a, b, args, kwargs


def only(a, *args, k, **kwargs):
    return a, args, k, kwargs


def defaulted(a, *args, k=5):
    return a, args, k


def changes(*args, **kwargs):
    kwargs["new"] = len(kwargs)
    args += (len(args),)
    return args, kwargs


def generates(a, *args, **kwargs):
    yield a
    yield args
    yield kwargs


def closure(n):
    def inner(*args, **kwargs):
        return n, args, kwargs
    return inner


inner = closure(7)


class Class:
    def __init__(self, a, *args, **kwargs):
        self.a, self.args, self.kwargs = a, args, kwargs

    def method(self, *args, **kwargs):
        return type(self).__name__, args, kwargs

    def __call__(self, *args):
        return args

    @classmethod
    def of_class(cls, *args, **kwargs):
        return cls.__name__, args, kwargs

    @staticmethod
    def static(*args):
        return args


class Only:
    def __init__(self, *args):
        self.args = args


def calls(x, c):
    out = [rest(), rest(x), rest(x, 1), rest(1, 2, 3, 4, 5, 6, 7, 8, 9, x), first(x), first(x, x), first(a=x), first(1, 2, 3)]
    out += [words(x), words(a=x), words(x, k=1), both(x), both(x, 1), both(x, 1, 2, 3), both(b=x, a=1), both(x, z=1), both(1, 2, 3, q=x)]
    out += [only(x, k=1), only(x, 2, 3, k=4), only(1, k=x, m=2), defaulted(x), defaulted(x, 1), defaulted(x, k=1)]
    out += [changes(), changes(x), changes(1, x), inner(), inner(x), inner(x, y=1)]
    out += [list(generates(x)), list(generates(1, x)), list(generates(x, 2, k=3))]
    i = Class(x)
    j = Class(1, x, 2)
    out += [(i.a, i.args, i.kwargs), (j.a, j.args, j.kwargs), Only().args, Only(x, 1).args]
    out += [c.method(), c.method(x), c.method(x, k=1), c(x), c(), Class.of_class(x), Class.of_class(), c.static(x), Class.static()]
    return out


def errors(x):
    out = []
    for f in (lambda: first(), lambda: words(), lambda: words(1, 2), lambda: both(), lambda: only(1), lambda: first(1, a=2),
              lambda: words(1, a=2), lambda: rest(k=1), lambda: Class(), lambda: Only(k=1)):
        try:
            out.append(f())
        except TypeError as e:
            out.append(str(e))
    return out


def identity(x):
    """The empty tuple is one object; each dictionary is another one."""
    a, b = rest(), rest()
    c, d = words(x)[1], words(x)[1]
    c["k"] = 1
    y = [x]
    first(y), rest(y, y), words(y)
    return a is b, c is d, c, d, sys.getrefcount(y), sys.getrefcount(rest(x, x)), sys.getrefcount(words(x)[1])


def deep(n, *args, **kwargs):
    """Deep enough for frames that find no room in the chunk."""
    if n == 0:
        return len(args), sorted(kwargs)
    return deep(n - 1, n, n)


def deep_words(n, m=0, *, k, **kwargs):
    return deep_words(n - 1, m + 1, k=k) if n else (m, k, kwargs)


def deep_rest(n, a=1, b=2, c=3, *args):
    return deep_rest(n - 1, a, b, c, n) if n else (a, b, c, args)


def deep_class(n):
    return Class(n, n + 1) if n == 0 else deep_class(n - 1)


class Fickle:
    """Changes the function that is about to be called."""
    def __del__(self):
        both.__defaults__ = (99,)


def dying():
    out = []
    for k in range(60):
        f = Fickle() if k == 40 else None
        out.append(both(k if f is None else 0))
        f = None
    both.__defaults__ = (2,)
    return out[38:43]


def collected():
    gc.set_threshold(1)
    try:
        return calls(3, Class(0))
    finally:
        gc.set_threshold(700)


def replaced():
    out = []
    global rest
    old = rest
    for k in range(60):
        if k == 30:
            def rest(*args, **kwargs):
                return "new", args, kwargs
        out.append(rest(k))
    rest = old
    return out[28:32]


def traced():
    events = []
    sys.setprofile(lambda frame, event, arg: events.append((frame.f_code.co_name, event, sorted(frame.f_locals))))
    both(1), rest(2), words(3)
    sys.setprofile(None)
    return events


def raised(*args, **kwargs):
    return args[3] + kwargs["missing"]


def traceback(x):
    try:
        return raised(x, 1)
    except IndexError as e:
        tb = e.__traceback__.tb_next
        return str(e), tb.tb_lineno - raised.__code__.co_firstlineno, sorted(tb.tb_frame.f_locals.items())


c = Class("c")
for n in range(40):
    result = calls(n, c)
for line in result:
    print(line)
for _ in range(30):
    result = errors(1), identity(object()), deep(300, 1), deep_words(300, k=1), deep_rest(300), deep_class(200).args, traceback(5)
print(*result, sep="\n")
print(dying())
print(collected() == calls(3, Class(0)))
print(replaced())
print(traced())
