"""Handlers that run often: what they see of the exception, its context and traceback, and of the state around them."""

import sys
import traceback


class Custom(Exception):
    def __init__(self, *args):
        super().__init__(*args)
        self.seen = sys.exc_info()[1]


def fail(kind, value):
    if value % 3 == 0:
        raise kind(value)
    if value % 3 == 1:
        return {}[value]
    return value // 0


def lines(error):
    """Line numbers, columns and names of a traceback."""
    return [
        (frame.name, frame.lineno, frame.end_lineno, frame.colno, frame.end_colno)
        for frame in traceback.extract_tb(error.__traceback__)
    ]


def caught_in_loop(n):
    counts = {}
    total = 0
    last = None
    for i in range(n):
        try:
            total += i
            fail(Custom, i)
        except Custom as error:
            counts["custom"] = counts.get("custom", 0) + 1
            last = (error.args, error.seen, sys.exc_info()[1] is error)
        except (KeyError, IndexError) as error:
            counts["key"] = counts.get("key", 0) + error.args[0]
        except ArithmeticError as error:
            counts[str(error)] = i
        else:
            counts["never"] = 1
        total += 2
    return counts, total, last, sys.exc_info()


def raised_here(n):
    total = 0
    for i in range(n):
        try:
            if i % 2:
                raise KeyError(i)
            raise ValueError
        except KeyError as error:
            total += error.args[0]
        except ValueError:
            total += 1
    return total


def unbound_afterwards(n):
    for i in range(n):
        try:
            fail(ValueError, 3)
        except ValueError as error:
            kept = error.args
        try:
            error
        except UnboundLocalError as problem:
            text = str(problem)
    return kept, text


def nested(n):
    seen = []
    for i in range(n):
        try:
            try:
                fail(OSError, 0)
            except OSError as first:
                try:
                    fail(LookupError, 1)
                except KeyError as second:
                    seen.append((second.__context__ is first, sys.exc_info()[1] is second, lines(second)))
                seen.append((sys.exc_info()[1] is first, lines(first)))
                raise RuntimeError("outer") from first
        except RuntimeError as error:
            seen.append((error.__cause__ is error.__context__, error.__suppress_context__, lines(error)))
        seen.append(sys.exc_info())
    return seen[-4:]


def reraised(n):
    out = []
    for i in range(n):
        try:
            try:
                fail(ValueError, 0)
            except ValueError:
                if i % 2:
                    raise
                out.append("kept")
            finally:
                out.append("finally")
        except ValueError as error:
            out.append(lines(error))
    return out[-4:]


def bare_raise_of_nothing(n):
    texts = set()
    for i in range(n):
        try:
            raise
        except RuntimeError as error:
            texts.add((str(error), tuple(lines(error))))
    return texts


def named_again(error):
    """Raised with a traceback that it had already."""
    depths = []
    for i in range(25):
        try:
            raise error
        except ValueError as same:
            depths.append(len(lines(same)))
    return depths[0], depths[-1]


def returns_in_finally(n):
    def inner(i):
        try:
            return fail(ValueError, i)
        finally:
            if i % 2:
                return "swallowed", sys.exc_info()[0].__name__

    out = []
    for i in range(n):
        try:
            out.append(inner(i))
        except Exception as error:
            out.append(type(error).__name__)
    return out[-6:]


def break_and_continue(n):
    total = 0
    for i in range(n):
        for j in range(5):
            try:
                if j == 1:
                    continue
                fail(ValueError, i + j)
            except ValueError:
                total += 1
                continue
            except KeyError:
                total += 10
                if j == 3:
                    break
            except ZeroDivisionError:
                total += 100
            finally:
                total += 1000
        else:
            total += 100000
    return total


def retry(n):
    attempts = 0
    out = []
    for i in range(n):
        while True:
            attempts += 1
            try:
                if attempts % 4:
                    raise TimeoutError(attempts)
                out.append(attempts)
                break
            except TimeoutError:
                pass
    return attempts, out[-2:]


def numbers_across(n):
    """Unboxed numbers live across the handler, and it changes some of them."""
    a, b, c, flag = 0, 0.5, 1, False
    for i in range(n):
        a += i
        b += 0.25
        try:
            c += a % 7
            if i % 5 == 0:
                fail(ValueError, 0)
            b *= 1.0625
        except ValueError:
            a -= 1
            b -= 0.125
            flag = not flag
        if i % 2:
            c -= 1
    return a, b, c, flag


def changes_class(n, odd):
    total = 0
    for i in range(n):
        try:
            if i % 4 == 0:
                raise ValueError
            total += 1
        except ValueError:
            total = odd if i == n // 2 else total + 1
    return total


def bad_clause(n):
    texts = set()
    for i in range(n):
        for clause in (int, "text", (ValueError, 3)):
            try:
                try:
                    raise KeyError(1)
                except clause:
                    texts.add("caught")
            except TypeError as error:
                texts.add((str(error), repr(error.__context__)))
    return sorted(texts)


class Meta(type):
    def __subclasscheck__(cls, other):
        return True


class Pretender(Exception, metaclass=Meta):
    pass


def no_subclasscheck(n):
    out = set()
    for i in range(n):
        try:
            raise ValueError
        except Pretender:
            out.add("pretender")
        except ValueError:
            out.add("value")
    return out


class Loud:
    log = []

    def __del__(self):
        frame = sys._getframe(1)
        self.log.append((frame.f_code.co_name, frame.f_lineno, sys.exc_info()[0]))


def finalizers(n):
    for i in range(n):
        loud = Loud()
        try:
            fail(ValueError, 0)
        except ValueError:
            loud = None
        try:
            (Loud(), fail(KeyError, 0))
        except KeyError:
            pass
    return Loud.log[-4:], len(Loud.log)


def frame_of_handler(n):
    out = []
    for i in range(n):
        try:
            fail(ValueError, 0)
        except ValueError as error:
            frame = error.__traceback__.tb_frame
            out.append((frame.f_lineno, sorted(frame.f_locals)))
            del frame
    return out[-1]


def deep(n):
    try:
        if n == 0:
            raise ValueError("bottom")
        deep(n - 1)
    except ValueError as error:
        if n % 3 == 0:
            raise
        raise LookupError(n) from None
    except LookupError as error:
        if n == 5:
            return lines(error), repr(error.__context__)
        raise


def groups(n):
    out = []
    for i in range(n):
        try:
            raise ExceptionGroup("some", [ValueError(i), KeyError(1), ExceptionGroup("more", [OSError(2)])])
        except* ValueError as part:
            out.append(("value", repr(part)))
        except* OSError as part:
            out.append(("os", repr(part)))
        except* KeyError:
            out.append(("key", repr(sys.exc_info()[1])))
        try:
            try:
                raise KeyError(i)
            except* KeyError as part:
                raise ValueError(repr(part))
        except Exception as error:
            out.append(repr(error))
        try:
            try:
                raise ExceptionGroup("g", [ValueError(1), TypeError(2)])
            except* ValueError:
                pass
        except ExceptionGroup as rest:
            out.append((repr(rest), lines(rest)))
        try:
            try:
                raise ValueError
            except* ExceptionGroup:
                pass
        except TypeError as error:
            out.append(str(error))
    return out[-6:]


def arguments_only(handled):
    """The exception replaces an argument, which is observed afterwards."""
    for i in range(30):
        try:
            handled = fail(ValueError, i)
        except Exception as handled:
            pass
        try:
            handled
        except UnboundLocalError:
            handled = i
    return handled


for turn in range(3):
    print(caught_in_loop(30))
    print(raised_here(40))
    print(unbound_afterwards(25))
    print(nested(25))
    print(reraised(24))
    print(bare_raise_of_nothing(25))
    print(named_again(ValueError(turn)))
    print(returns_in_finally(30))
    print(break_and_continue(30))
    print(retry(30))
    print(numbers_across(60))
    print(changes_class(40, turn), changes_class(40, 1.5), changes_class(40, 1 << 70))
    print(bad_clause(22))
    print(no_subclasscheck(22))
    print(finalizers(24))
    print(frame_of_handler(25))
    print([deep(9) if k == 24 else deep(9) and None for k in range(25)][-1])
    print(groups(22))
    print(arguments_only(turn))

for k in range(30):
    try:
        deep(2)
    except Exception as error:
        if k == 29:
            traceback.print_exception(error, file=sys.stdout)
