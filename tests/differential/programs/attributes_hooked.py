"""__getattr__ in Python: what it is asked for, what it gives and raises, and what changes meanwhile."""

class Plain:
    def __init__(self, n):
        self.n = n

    def __getattr__(self, name):
        if name.startswith("no"):
            raise AttributeError(name)
        return name, self.n


class Slots:
    __slots__ = ("n", "unset")

    def __init__(self, n):
        self.n = n

    def __getattr__(self, name, more=3, *, last=4):
        return name, self.n, more, last


class Raises:
    def __getattr__(self, name):
        raise KeyError(name) if name == "key" else ValueError(name)


class Proxy:
    def __init__(self, of):
        self.__dict__["of"] = of

    def __getattr__(self, name):
        return getattr(self.of, name)


class Property:
    def __getattr__(self, name):
        return "hooked " + name

    @property
    def broken(self):
        raise AttributeError("in the getter")

    def method(self):
        return "method"


class Own(Plain):
    def __getattribute__(self, name):
        if name == "mine":
            return "mine"
        return super().__getattribute__(name)


class Generates:
    def __getattr__(self, name):
        yield name


class Callable:
    def __call__(self, name):
        return "called with " + name


class ByCallable:
    __getattr__ = Callable()


class Static:
    @staticmethod
    def __getattr__(name):
        return "static " + name


class Changing:
    pass


def load(o):
    return o.zzz


def load_other(o):
    return o.nothing


def call(o):
    return o.zzz()


def attempt(f, *args):
    try:
        return f(*args)
    except Exception as error:
        where, lines = error.__traceback__, []
        while where is not None:
            lines.append((where.tb_frame.f_code.co_name, where.tb_lineno))
            where = where.tb_next
        return type(error).__name__, str(error), error.__context__, lines


def asked(o):
    return hasattr(o, "zzz"), hasattr(o, "nothing"), getattr(o, "nothing", "default"), getattr(o, "zzz", "default")


def unset(o):
    return o.unset


def own_dictionary(n):
    o = Plain(n)
    o.__dict__["zzz"] = "own"
    first = load(o)
    del o.zzz
    return first, load(o), vars(o)


def recursive():
    class Deep:
        def __getattr__(self, name):
            return getattr(self, name + "x")

    try:
        Deep().a
    except RecursionError as error:
        depth, where = 0, error.__traceback__
        while where is not None:
            depth, where = depth + 1, where.tb_next
        return depth > 100


def changing(o, turn):
    shown = [attempt(load, o), asked(o)]
    if turn % 8 == 1:
        Changing.__getattr__ = lambda self, name: ("first", name)
    elif turn % 8 == 3:
        Changing.__getattr__ = lambda self, name: ("second", name)
    elif turn % 8 == 5:
        Changing.zzz = "of the class"
    elif turn % 8 == 7:
        del Changing.__getattr__
        del Changing.zzz
    return shown


for turn in range(64):
    plain, slots = Plain(turn), Slots(turn)
    shown = [load(plain), attempt(load_other, plain), asked(plain), load(slots), unset(slots), asked(slots)]
    shown += [attempt(call, plain), attempt(load, Raises()), attempt(asked, Raises()), attempt(getattr, Raises(), "key", 1)]
    shown += [load(Proxy(plain)), attempt(load_other, Proxy(plain)), asked(Proxy(Proxy(slots))), Property().broken]
    shown += [hasattr(Property(), "broken"), Property().method(), load(Own(turn)), Own(turn).mine, asked(Own(turn))]
    shown += [list(load(Generates())), load(ByCallable()), load(Static()), own_dictionary(turn)]
    shown += changing(Changing(), turn)
    if turn < 8 or turn > 56:
        print(turn, shown)
print(recursive())
