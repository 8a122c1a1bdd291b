"""Globals and builtins that machine code takes to be constant: replaced, deleted, shadowed, uncovered, put back."""

import builtins
import math
import types


def first(x):
    return x + 1


def second(x):
    return x + 2


chosen = first
count = 0
shared = types.ModuleType("shared")
shared.pick = first
shared.scale = math.floor


def call_chosen(x):
    return chosen(x) + chosen(x)


def call_both(x):
    return first(x), second(x), len((x, x))


def call_builtin(xs):
    return len(xs) + abs(-len(xs))


def call_module(x):
    return shared.pick(x), shared.scale(x + 0.5), math.sqrt(x * x)


def counting(n):
    global count
    total = 0
    for i in range(n):
        count += 1
        total += chosen(i)
    return total


LIMIT = 10
SCALE = 1.5
VERBOSE = False
NAME = "n"
NOTHING = None


def with_numbers(x):
    total = x * SCALE
    if VERBOSE:
        total += 1000
    for i in range(LIMIT):
        if i == LIMIT - 1 and NOTHING is None:
            total += i
    return total, NAME + str(LIMIT), math.pi > SCALE


def set_numbers(limit, scale, verbose, name):
    global LIMIT, SCALE, VERBOSE, NAME
    LIMIT, SCALE, VERBOSE, NAME = limit, scale, verbose, name
    return LIMIT, SCALE, VERBOSE, NAME


def sums_while_it_changes(n):
    total = 0
    for i in range(n):
        total += LIMIT
        if i % 5 == 4:
            set_numbers(i, SCALE, VERBOSE, NAME)
    return total


MANY = 40                                          # more than a unit keeps versions for
for number in range(MANY):
    exec(f"def many_{number}(x):\n    return x * {number}")
exec("def many(x):\n    return [" + ", ".join(f"many_{number}(x)" for number in range(MANY)) + "]")


class Replacer:
    """Replaces a global in the middle of a function that has read it already."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __add__(self, other):
        globals()[self.name] = self.value
        return other

    def __del__(self):
        globals()[self.name] = self.value


def in_between(thing, x):
    a = chosen(x)
    thing + 0
    return a, chosen(x)


def dying(x):
    a = chosen(x)
    Replacer("chosen", second)
    return a, chosen(x)


def through_all(i):
    """What every function gives, errors included."""
    out = []
    for function, arguments in (
        (call_chosen, (i,)),
        (call_both, (i,)),
        (call_builtin, ([1] * (i % 3),)),
        (call_module, (i,)),
        (counting, (3,)),
        (with_numbers, (i,)),
        (in_between, (Replacer("chosen", second if i % 2 else first), i)),
    ):
        try:
            out.append(function(*arguments))
        except Exception as error:
            out.append(f"{type(error).__name__}: {error}")
    return out


def rounds(n, what):
    last = None
    for i in range(n):
        last = through_all(i)
    print(what, last, count)


rounds(40, "warm")
chosen = second
rounds(3, "replaced")
chosen = first
rounds(40, "put back")
del chosen
rounds(3, "deleted")
chosen = first
rounds(3, "defined again")


def len(x):
    return 100 + builtins.len(x)


rounds(3, "builtin shadowed")
del len
rounds(3, "builtin uncovered")
real_abs = builtins.abs
builtins.abs = lambda x: 1000 + real_abs(x)
rounds(3, "builtin replaced")
del builtins.abs
rounds(3, "builtin deleted")
builtins.abs = real_abs
rounds(3, "builtin put back")
for k in range(100):
    globals()[f"grown_{k}"] = k
rounds(20, "table grown")
for k in range(100):
    del globals()[f"grown_{k}"]
rounds(20, "table with holes")
shared.pick = second
rounds(3, "module attribute replaced")
del shared.pick
rounds(3, "module attribute deleted")
shared.pick = first
rounds(3, "module attribute put back")
shared = types.SimpleNamespace(pick=second, scale=round)
rounds(20, "another object in place of the module")
for _ in range(30):
    chosen = first
    result = dying(1)
print("at its end", result)
first, second = second, first
rounds(20, "two exchanged")
for _ in range(3):
    for limit, scale, verbose, name in ((10, 1.5, False, "n"), (12, 2, True, "m"), (True, 2**70, 0, "x"), (3, "ab", 1, "y")):
        print(set_numbers(limit, scale, verbose, name))
        rounds(14, "numbers changed")
set_numbers(7, 1.5, False, "n")
print(sums_while_it_changes(400))
del SCALE
rounds(3, "number deleted")
SCALE = 0.5
NOTHING = ...
rounds(12, "number defined again")
for turn in range(60):
    if turn == 50:
        many_39 = second
    if turn == 55:
        many_0 = first
    results = many(turn)
    if turn > 48:
        print(sum(results), results[0], results[39])
