"""except*: what is caught, what goes on, with notes, chains and positions; and the rarely deleted names."""

import sys
import traceback


def describe(error, depth=0):
    if error is None or depth > 4:
        return None
    lines = [(f.name, f.lineno, f.colno, f.end_colno) for f in traceback.extract_tb(error.__traceback__)]
    parts = [describe(e, depth + 1) for e in error.exceptions] if isinstance(error, BaseExceptionGroup) else error.args
    return (
        type(error).__name__, getattr(error, "message", None), parts, lines, getattr(error, "__notes__", None),
        describe(error.__context__, depth + 1), describe(error.__cause__, depth + 1), error.__suppress_context__,
    )


def tried(function, *args):
    try:
        return function(*args)
    except BaseException as error:
        return describe(error)


class Group(ExceptionGroup):
    derived = 0

    def derive(self, parts):
        Group.derived += 1
        return Group(self.message + "'", parts)

    def subgroup(self, condition):
        raise AssertionError("not called by except*")


class Broken(ExceptionGroup):
    def derive(self, parts):
        raise LookupError("derive")


def made(kind=ExceptionGroup):
    def raised(e):
        try:
            raise e
        except Exception as caught:
            return caught

    group = kind("outer", [
        ValueError(1), raised(TypeError(2)),
        kind("inner", [raised(ValueError(3)), KeyError(4), kind("deep", [OSError(5), TypeError(6)])]),
        KeyError(7),
    ])
    group.add_note("a note")
    group.exceptions[2].add_note("an inner note")
    return group


def catching(error, log):
    total = 0
    try:
        raise error
    except* ValueError as group:
        log.append(describe(group))
        total += len(group.exceptions)
    except* (TypeError, OSError) as group:
        log.append(describe(group))
        total += 10 * len(group.exceptions)
    else:
        log.append("else")
    finally:
        log.append("finally")
    return total


def raising(error, kind):
    try:
        raise error
    except* ValueError:
        raise kind("new")
    except* KeyError as group:
        raise


def raising_from(error):
    try:
        raise error
    except* ValueError as group:
        raise RuntimeError("from") from group
    except* TypeError as group:
        group.add_note("changed")
        raise
    except* KeyError as group:
        raise group.exceptions[0]


def reraising(error):
    try:
        raise error
    except* ValueError as group:
        raise group
    except* TypeError:
        raise


def nested(error):
    try:
        try:
            raise error
        except* ValueError:
            pass
    except* TypeError:
        rest = "rest"
    else:
        rest = "nothing"
    return rest


def without(error):
    for i in range(3):
        try:
            if i == 1:
                raise error
        except* KeyError:
            pass
        finally:
            i += 1
    return i


def named(error, what):
    try:
        raise error
    except* what:
        pass
    return "caught"


def generator(error):
    try:
        yield 1
    except* ValueError as group:
        yield describe(group)
    except* TypeError:
        raise
    yield 3


def stars():
    for kind in (ExceptionGroup, Group):
        log = []
        print(tried(catching, made(kind), log), log, Group.derived)
        print(tried(raising, made(kind), ArithmeticError), Group.derived)
        print(tried(raising_from, made(kind)))
        print(tried(reraising, made(kind)))
        print(tried(nested, made(kind)))
        print(tried(without, made(kind)))
        Group.derived = 0
    for function in (nested, reraising, raising_from, lambda e: catching(e, []), lambda e: raising(e, KeyboardInterrupt)):
        for error in (ValueError("naked"), TypeError("naked"), KeyError("naked"), BaseExceptionGroup("base", [KeyboardInterrupt()]),
                      ExceptionGroup("one", [ValueError()])):
            print(tried(function, error))
    print(tried(catching, made(Broken), []))
    print(tried(raising, made(Broken), ValueError))
    for what in (ExceptionGroup, 3, (ValueError, BaseExceptionGroup), (), ValueError):
        print(tried(named, made(), what))
    g = generator(None)
    next(g)
    print(tried(g.throw, made()))
    print(tried(next, g))
    g = generator(None)
    next(g)
    print(tried(g.throw, ValueError("thrown")), tried(next, g), tried(next, g))


def deletions():
    out = []

    def cells(n):
        kept = [n]
        if n % 2:
            del kept

        def reader():
            return kept

        try:
            return reader()
        except NameError as error:
            return str(error)

    def deleter(n):
        value = n

        def delete():
            nonlocal value
            del value

        delete()
        out.append(tried(delete))
        try:
            return value
        except NameError as error:
            return str(error)

    def twice(n):
        value = n
        f = lambda: value
        del value
        try:
            del value
        except NameError as error:
            return str(error)
        return f

    for i in range(3):
        out.append((cells(i), deleter(i), twice(i)))
    print(out)


def globals_deleted(n):
    global passing, missing
    passing = n
    before = passing
    del passing
    try:
        return before, passing
    except NameError as error:
        text = str(error)
    try:
        del missing
    except NameError as error:
        return before, text, str(error)


def class_bodies(outer):
    class Body:
        seen = []
        for i in range(30):
            seen.append(outer)
            if i == 20:
                vars()["outer"] = "own"
        seen = seen[19:23]

    return Body.seen, Body.outer


def rounds(n):
    for _ in range(n):
        stars()
        deletions()
        print(globals_deleted(n), class_bodies(n))


class Nowhere:
    def write(self, text):
        pass

    def flush(self):
        pass


real, sys.stdout = sys.stdout, Nowhere()
rounds(25)
sys.stdout = real
rounds(1)
