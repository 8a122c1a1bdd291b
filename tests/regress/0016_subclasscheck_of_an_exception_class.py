"""An exception on its way to a handler asks its class whether it is a subclass of itself; a metaclass may answer anything.

The short way to handlers did not ask.
"""


class Meta(type):
    def __subclasscheck__(cls, sub):
        asked.append(sub.__name__)
        return ANSWERS[cls.__name__]()


class Broken(Exception, metaclass=Meta):
    pass


class Denied(Exception, metaclass=Meta):
    pass


class Fine(Exception, metaclass=Meta):
    pass


ANSWERS = {"Broken": lambda: 1 // 0, "Denied": lambda: False, "Fine": lambda: True}
asked = []


def show(error):
    return type(error).__name__, error.args, repr(error.__context__), error.__traceback__.tb_frame.f_code.co_name


def here(cls):
    try:
        raise cls(cls.__name__)
    except ZeroDivisionError as error:
        return "divided", show(error)
    except cls as error:
        return "itself", show(error)


def below(cls):
    raise cls("below")


def caller(cls):
    try:
        below(cls)
    except ZeroDivisionError as error:
        return "divided", show(error)
    except Exception as error:
        return "other", show(error)


def passed_on(cls):
    try:
        try:
            below(cls)
        finally:
            len(asked)
    except ArithmeticError as error:
        return show(error)
    except Exception as error:
        return show(error)


class Manager:
    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        self.seen = kind.__name__, repr(error)
        return True


def managed(cls):
    with Manager() as manager:
        below(cls)
    return manager.seen


def items(cls):
    try:
        yield 1
        raise cls("generator")
    except ZeroDivisionError as error:
        yield show(error)
    except Exception as error:
        yield show(error)


for function in (here, caller, passed_on, managed, lambda cls: list(items(cls))):
    for cls in (Broken, Denied, Fine):
        asked.clear()
        results = {repr(function(cls)) for _ in range(60)}
        print(sorted(results), len(asked), set(asked))
