"""Compares every runtime helper with the bytecode instruction it stands for, run by the stock interpreter.

Results are compared by type and repr, exceptions by type, text, name, path and context, each inside and outside of an
exception handler. Afterwards reference counts must be where they were. Prints the number of comparisons; exits with 1
when something differs.
"""

import builtins
import collections
import copy
import importlib
import math
import os
import random
import re
import sys
import tempfile
import types
from pathlib import Path

from shimtest import NULL, call

compared = 0
wrong = 0


def outcome(action):
    try:
        value = action()
    except BaseException as error:
        return (
            "raises", type(error), str(error), getattr(error, "name", None), getattr(error, "path", None),
            type(error.__context__), type(error.__cause__),
        )
    return "gives", type(value), re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def outcome_in_handler(action):
    try:
        raise LookupError("outer")
    except LookupError:
        return outcome(action)


def check(label, stock, helper):
    """`stock` and `helper` are functions without arguments."""
    global compared, wrong
    for run in (outcome, outcome_in_handler):
        compared += 1
        want, got = run(stock), run(helper)
        if want != got:
            wrong += 1
            print(f"{label} ({run.__name__}):\n    stock  {want}\n    helper {got}")


def stock(parameters, text):
    """The function that evaluates an expression, or runs statements that set `result`."""
    scope = {}
    body = f"return {text}" if "\n" not in text else text.replace("\n", "\n    ") + "\n    return result"
    exec(f"def function({parameters}):\n    {body}", globals() | {"__builtins__": builtins}, scope)
    return scope["function"]


# ---- objects to try things on ------------------------------------------------------------------------------------------


class OddComparison:
    def __eq__(self, other):
        return []

    def __lt__(self, other):
        return "x"

    def __gt__(self, other):
        raise KeyError("gt")

    __hash__ = None


class NoTruth:
    def __bool__(self):
        raise ZeroDivisionError("no truth")


class ComparisonWithoutTruth:
    def __eq__(self, other):
        return NoTruth()

    __hash__ = None


class Plain:
    x = 1

    def method(self, *args, **kwargs):
        return args, kwargs

    @property
    def failing(self):
        raise AttributeError("inner")

    @classmethod
    def of_class(cls):
        return cls.__name__


class Slotted:
    __slots__ = ("q",)


class IterFails:
    def __iter__(self):
        raise KeyError("iter")


class OldSequence:
    def __getitem__(self, index):
        if index > 2:
            raise IndexError
        return index


class NextFails:
    def __iter__(self):
        return self

    def __next__(self):
        raise ValueError("next")


class Stops(NextFails):
    def __next__(self):
        raise StopIteration(5)


class Mapping:
    def __init__(self, **values):
        self.values = values

    def keys(self):
        return list(self.values)

    def __getitem__(self, key):
        if key == "fails":
            raise ValueError(key)
        return self.values[key]

    def __setitem__(self, key, value):
        self.values[key] = value

    def __delitem__(self, key):
        del self.values[key]


class KeysNoAttribute(Mapping):
    def keys(self):
        return self.nowhere


class ItemMissing(Mapping):
    def keys(self):
        return ["a"]

    def __getitem__(self, key):
        raise KeyError("boom")


class KeyTwice(ItemMissing):
    def keys(self):
        return ["a", "a"]

    def __getitem__(self, key):
        return 1


class DictWithMissing(dict):
    def __missing__(self, key):
        if key == "made_up":
            return "missing"
        raise KeyError(key)


class DictThatFails(dict):
    def __getitem__(self, key):
        raise ValueError(key)


class Formatted:
    def __format__(self, spec):
        return "F" + spec

    def __str__(self):
        return "S"

    def __repr__(self):
        return "R\xe9"


class BadFormat:
    def __format__(self, spec):
        return 3


class StrSubclass(str):
    pass


class Manager:
    def __enter__(self):
        return 5

    def __exit__(self, *args):
        return args


class NoExit:
    def __enter__(self):
        return 5


class EnterFails(Manager):
    def __enter__(self):
        raise KeyError("enter")


def failing_generator():
    yield 1
    raise ValueError("generator")


def keywords(*args, **kwargs):
    return args, kwargs


plain = Plain()
nan = float("nan")
values = [0, 1, -7, 3, 2**70, True, 1.5, -2.0, 0.0, "ab", [1, 2], (1,), {1}, None, {"a": 1}, 3j, b"x"]
callables = [keywords, plain.method, Plain.method, len, int, 3, [].append, "a".join, dict, Plain]

# ---- the instructions ------------------------------------------------------------------------------------------------------


def check_operators():
    operators = {
        "+": "Add", "&": "And", "//": "FloorDivide", "<<": "Lshift", "@": "MatrixMultiply", "*": "Multiply",
        "%": "Remainder", "|": "Or", "**": "Power", ">>": "Rshift", "-": "Subtract", "/": "TrueDivide", "^": "Xor",
    }
    for sign, name in operators.items():
        plain_form = stock("a, b", f"a {sign} b")
        in_place = stock("a, b", f"a {sign}= b\nresult = a")
        for a in values:
            for b in values:
                if sign in ("<<", "**", "*") and 2**70 in (a, b) and {type(a), type(b)} <= {int, str, list, tuple, bytes}:
                    continue      # results that fill the memory
                check(f"{a!r} {sign} {b!r}", lambda: plain_form(a, b), lambda: call(name, a, b))
                check(f"{a!r} {sign}= {b!r}", lambda: in_place(copy.copy(a), b),
                      lambda: call("Inplace" + name, copy.copy(a), b))
    for sign, name in {"-": "Negative", "+": "Positive", "~": "Invert"}.items():
        form = stock("a", f"{sign}a")
        for a in values:
            check(f"{sign}{a!r}", lambda: form(a), lambda: call(name, a))


def check_comparisons():
    tried = [*values, nan, OddComparison(), ComparisonWithoutTruth()]
    for sign, name in {"<": "LT", "<=": "LE", "==": "EQ", "!=": "NE", ">": "GT", ">=": "GE"}.items():
        form = stock("a, b", f"a {sign} b")
        branch = stock("a, b", f"1 if a {sign} b else 0")
        for a in tried:
            for b in tried:
                check(f"{a!r} {sign} {b!r}", lambda: form(a, b), lambda: call("Compare" + name, a, b))
                check(f"if {a!r} {sign} {b!r}", lambda: branch(a, b), lambda: call("CompareBool" + name, a, b))
    for container in ([1, 2], {}, "abc", 3, (nan, nan)):
        for a in tried:
            check(f"{a!r} in {container!r}", lambda: int(a in container), lambda: call("Contains", a, container))
    for a in tried:
        check(f"bool({a!r})", lambda: 1 if a else 0, lambda: call("Truth", a))
        check(f"len({a!r})", lambda: len(a), lambda: call("GetLen", a))
    check("Truth", lambda: 1 if NoTruth() else 0, lambda: call("Truth", NoTruth()))
    check("isinstance", lambda: int(isinstance(3, int)), lambda: call("IsInstance2", 3, int))
    check("isinstance", lambda: isinstance(3, 4), lambda: call("IsInstance2", 3, 4))


def check_numbers():
    rng = random.Random(311)
    numbers = [0.0, -0.0, 1.0, 0.1, 0.3, 5e-324, 1e308, 3.0, 2.5, 1e16, math.inf, nan]
    numbers += [-a for a in numbers] + [k / 10 for k in range(-30, 30)] + [rng.uniform(-100, 100) for _ in range(60)]
    done = 0
    for sign, name in {"//": "FloorDivFloat", "%": "ModFloat", "**": "PowFloat"}.items():
        form = stock("a, b", f"a {sign} b")
        for a in numbers:
            for b in numbers:
                value, refused = call(name, a, b)
                if not refused:
                    done += 1
                    check(f"{a} {sign} {b}", lambda: form(a, b), lambda: value)
    assert done > 20000, done


def check_attributes():
    for a, name in ((plain, "nowhere"), (plain, "failing"), (Slotted(), "q"), (3, "real"), (plain, "x")):
        check(f"get {name}", lambda: stock("a", f"a.{name}")(a), lambda: call("GetAttr", a, name))
    delete, assign = stock("a", "del a.nowhere\nresult = 0"), stock("a", "a.x = 1\nresult = 0")
    check("delete", lambda: delete(plain), lambda: call("DelAttr", plain, "nowhere"))
    check("set", lambda: assign(3), lambda: call("SetAttr", 3, "x", 1))
    check("set item", lambda: stock("a", "a[1] = 2\nresult = 0")(()), lambda: call("SetItem", (), 1, 2))
    check("get item", lambda: stock("a", "a[3]")([1]), lambda: call("GetItem", [1], 3))
    check("slice", lambda: stock("a", "a[1:-1]")("text"), lambda: call("GetSlice", "text", 1, -1, NULL))
    check("slice of no sequence", lambda: stock("a", "a[1:2]")(3), lambda: call("GetSlice", 3, 1, 2, NULL))
    check("put slice", lambda: stock("a", "a[1:2] = [0]\nresult = 0")([1, 2]), lambda: call("SetSlice", [1, 2], 1, 2, NULL, [0]))
    check("delete item", lambda: stock("a", "del a[1]\nresult = 0")([]), lambda: call("DelItem", [], 1))
    for a, name in ((plain, "method"), (plain, "of_class"), (plain, "x"), ([], "append"), (plain, "nowhere"), (3, "no")):
        bound = stock("a", f"a.{name}")

        def get_method():
            method, self = call("GetMethod", a, name)
            return self if method is NULL else method.__get__(self, type(self))

        check(f"method {name}", lambda: bound(a), get_method)


def call_ex_of_mapping():
    """CALL_FUNCTION_EX straight on a mapping, which the compiler of CPython 3.11 always copies before."""
    code = bytes([151, 0, 2, 0, 124, 0, 100, 1, 124, 1, 142, 1, 83, 0])
    template = (lambda a, b: None).__code__
    return types.FunctionType(
        template.replace(co_code=code, co_consts=(None, ()), co_stacksize=8, co_linetable=b"", co_exceptiontable=b""), {}
    )


def merged(function, base, update):
    call("DictMerge", base, update, function)
    return call("CallEx", function, (), base)


def check_calls():
    star_star = call_ex_of_mapping()
    mappings = [3, None, [], Mapping(a=1, b=2), KeysNoAttribute(), ItemMissing(), KeyTwice(), {1: 2}, {"a": 1},
                collections.OrderedDict(a=1)]
    iterables = {
        "3": lambda: 3, "None": lambda: None, "iter fails": IterFails, "old sequence": OldSequence, "str": lambda: "abc",
        "iterator": lambda: iter([1, 2]), "generator": failing_generator, "list": lambda: [1],
    }
    for f in callables:
        for args in ((), (1,), ("abc",), (1, 2, 3), ([1],)):
            n = len(args)
            check(f"{f}{args}", lambda: f(*args), lambda: call("PyCall", (NULL, f, *args), n, NULL))
            check(f"{f}{args}", lambda: f(*args), lambda: call("CallEx", f, args, NULL))
            check(f"{f}{args} sep", lambda: f(*args, sep=1, z=2),
                  lambda: call("PyCall", (NULL, f, *args, 1, 2), n + 2, ("sep", "z")))
            check(f"{f}{args} sep", lambda: f(*args, sep=1, z=2), lambda: call("CallEx", f, args, {"sep": 1, "z": 2}))
            if args:
                check(f"{f}{args} method", lambda: f(*args), lambda: call("PyCall", (f, *args), n - 1, NULL))
        for name, make in iterables.items():
            check(f"{f} *{name}", lambda: f(*make()), lambda: call("CallEx", f, make(), NULL))
        for m in mappings:
            check(f"{f} **{m!r}", lambda: f(**m), lambda: merged(f, {}, m))
            check(f"{f} a=5 **{m!r}", lambda: f(a=5, **m), lambda: merged(f, {"a": 5}, m))
            check(f"{f} {m!r}", lambda: star_star(f, m), lambda: call("CallEx", f, (), m))


def with_statement(manager):
    with manager as value:
        return value


def make_function():
    k = 1

    def inner(a, b=2, *, c=3) -> int:
        return a + b + c + k

    return inner


def check_functions():
    want = make_function()
    annotations = tuple(part for item in want.__annotations__.items() for part in item)
    got = call("MakeFunction", want.__code__, globals(), 15,
               (want.__defaults__, want.__kwdefaults__, annotations, want.__closure__))
    for attribute in ("__defaults__", "__kwdefaults__", "__annotations__", "__qualname__", "__module__", "__closure__"):
        check(attribute, lambda: getattr(want, attribute), lambda: getattr(got, attribute))
    check("made function", lambda: want(1), lambda: got(1))
    for manager in (3, None, Manager(), NoExit(), EnterFails()):
        check(f"with {manager}", lambda: with_statement(manager), lambda: call("BeforeWith", manager)[1])
    for traceback in (True, False):
        error = ValueError("x")
        if traceback:
            try:
                raise error
            except ValueError:
                pass
        check("exit", lambda: (ValueError, error, error.__traceback__),
              lambda: call("WithExceptStart", Manager().__exit__, error))


def filled(name, container, value):
    call(name, container, value)
    return container


def check_builders():
    iterables = [lambda: 3, lambda: None, IterFails, OldSequence, lambda: "ab", lambda: {1: 2}, failing_generator]
    for make in iterables:
        check("list *", lambda: [1, *make()], lambda: filled("ListExtend", [1], make()))
        check("set *", lambda: {1, *make()}, lambda: filled("SetUpdate", {1}, make()))
    for m in (3, None, [1], Mapping(a=1), KeysNoAttribute(), ItemMissing(), KeyTwice(), {1: 2}):
        check("dict **", lambda: {"z": 1, **m}, lambda: filled("DictUpdate", {"z": 1}, m))
    unhashable = []
    check("set", lambda: {1, 2, unhashable}, lambda: call("BuildSet", (1, 2, unhashable), 3))
    check("set", lambda: {3, 1, 2}, lambda: call("BuildSet", (3, 1, 2), 3))
    check("map", lambda: {1: 5, 3: 4}, lambda: call("BuildMap", (1, 2, 3, 4, 1, 5), 3))
    check("map", lambda: {unhashable: 2}, lambda: call("BuildMap", (unhashable, 2), 1))
    for n in (0, 1, 5, 6, 10, 11, 21, 22, 43):
        keys = tuple(f"k{i}" for i in range(n))
        literal = eval("{" + ", ".join(f"{k!r}: n" for k in keys) + "}", {"n": n})
        check("size", lambda: sys.getsizeof(literal), lambda: sys.getsizeof(call("BuildConstMap", (n,) * n, n, keys)))
        check("map", lambda: literal, lambda: call("BuildConstMap", (n,) * n, n, keys))
    check("map", lambda: {}["x"], lambda: call("BuildConstMap", (), 0, ())["x"])
    check("tuple", lambda: (1, "x", [2]), lambda: call("BuildTuple", (1, "x", [2]), 3))
    check("tuple", lambda: (), lambda: call("BuildTuple", (), 0))
    check("list", lambda: [1, "x"], lambda: call("BuildList", (1, "x"), 2))
    check("list", lambda: list(range(50)), lambda: [filled("ListAppend", [], i)[0] for i in range(50)])
    grown = []
    check("append", lambda: None, lambda: [call("ListAppend", grown, i) for i in range(50)] and None)
    check("append", lambda: [*range(50), *range(50)], lambda: grown)
    check("str", lambda: "a\xe9x", lambda: call("BuildString", ("a", "\xe9", "x"), 3))
    check("slice", lambda: slice(1, 2), lambda: call("BuildSlice", 1, 2, NULL))
    check("slice", lambda: slice(1, 2, 3), lambda: call("BuildSlice", 1, 2, 3))
    check("add", lambda: {1}, lambda: filled("SetAdd", set(), 1))
    check("add", lambda: {u for u in [unhashable]}, lambda: filled("SetAdd", set(), unhashable))
    check("to tuple", lambda: (1, 2), lambda: call("ListToTuple", [1, 2]))
    for v in (Formatted(), 3, "x", 2.5, None, BadFormat(), StrSubclass("q")):
        check("f", lambda: f"{v}", lambda: call("FormatValue", v, NULL, 0))
        check("f!s", lambda: f"{v!s}", lambda: call("FormatValue", v, NULL, 1))
        check("f!r", lambda: f"{v!r}", lambda: call("FormatValue", v, NULL, 2))
        check("f!a", lambda: f"{v!a}", lambda: call("FormatValue", v, NULL, 3))
        check("f:", lambda: f"{v:>5}", lambda: call("FormatValue", v, ">5", 4))
        check("f!r:", lambda: f"{v!r:>9}", lambda: call("FormatValue", v, ">9", 6))


def check_iteration():
    makers = [lambda: (1, 2), lambda: [1, 2], lambda: "ab", lambda: (1,), lambda: [1, 2, 3], lambda: {1: 2, 3: 4}, lambda: 3,
              lambda: None, OldSequence, failing_generator, NextFails, Stops, lambda: iter([1, 2, 3]), lambda: (),
              lambda: range(10), IterFails, list, lambda: int]
    targets = {"a, b": 2, "a, b, c": 3, "a,": 1}
    starred = {"*a,": (0, 0), "a, *b, c": (1, 1), "a, b, *c": (2, 0), "*a, b, c": (0, 2)}
    for make in makers:
        for target, n in targets.items():
            form = stock("x", f"{target} = x\nresult = ({target.replace('*', '').rstrip(',')},)")
            check(target, lambda: form(make()), lambda: call("Unpack", make(), n))
        for target, (before, after) in starred.items():
            form = stock("x", f"{target} = x\nresult = ({target.replace('*', '').rstrip(',')},)")
            check(target, lambda: form(make()), lambda: call("UnpackEx", make(), before, after))
        check("iter", lambda: type(iter(make())), lambda: type(call("Iter", make())))
        check("for", lambda: [i for i in make()], lambda: list(iterated(make())))


def iterated(iterable):
    iterator = call("Iter", iterable)
    while (item := call("Next", iterator)) is not NULL:
        yield item


def run_in(code, scope, mapping):
    exec(code, scope, mapping)
    try:
        return mapping["r"]
    except KeyError:
        return None


def check_names():
    helper_scope = {"call": call, "sys": sys}
    for name in ("known", "len", "nowhere", "made_up", "x" * 300, "\xe9"):
        for kind, library in ((dict, builtins.__dict__), (DictWithMissing, builtins.__dict__),
                              (DictThatFails, builtins.__dict__), (dict, DictWithMissing(len=7)), (dict, DictThatFails())):
            scope = kind(known=1, __builtins__=library)
            function = types.FunctionType(stock("", name).__code__, scope)
            check(f"global {name[:9]}", function,
                  lambda: call("LoadGlobal", scope, function.__builtins__, sys.intern(name)))
    delete = types.FunctionType(stock("", "global known\ndel known\nresult = 0").__code__, {})
    check("delete global", delete, lambda: call("DeleteGlobal", sys._getframe(), "known"))
    for name in ("local", "known", "len", "nowhere", "fails"):
        for make in (lambda: {"local": 1}, lambda: Mapping(local=1), lambda: DictWithMissing(local=1)):
            for kind in (dict, DictWithMissing):

                def both(label, text, helper_text):
                    check(f"{label} {name}", lambda: run_in(text, kind(known=2, __builtins__=builtins), make()),
                          lambda: run_in(helper_text, kind(helper_scope, known=2, __builtins__=builtins), make()))

                both("load", f"r = {name}", f"r = call('LoadName', sys._getframe(), '{name}')")
                both("delete", f"del {name}\nr = 0", f"r = call('DeleteName', sys._getframe(), '{name}')")
                both("store", f"{name} = 5\nr = {name}",
                     f"call('StoreName', sys._getframe(), '{name}', 5)\nr = {name}")
                both("annotate", f"{name}: int = 5\nr = __annotations__",
                     f"call('SetupAnnotations', sys._getframe())\n__annotations__['{name}'] = int\nr = __annotations__")


def closure():
    later = 1

    def free():
        return later

    return free


def own_cell():
    def inner():
        return later

    if len(inner.__name__) == 0:
        later = 1
    return later


def check_cells():
    free, empty = closure(), types.CellType()
    unbound = types.FunctionType(free.__code__, {}, closure=(empty,))
    check("free", unbound, lambda: call("LoadDeref", empty, free.__code__, 0))
    own = own_cell.__code__
    check("own", own_cell, lambda: call("LoadDeref", empty, own, (*own.co_varnames, *own.co_cellvars).index("later")))
    check("full", lambda: 5, lambda: call("LoadDeref", types.CellType(5), free.__code__, 0))
    check("new cell", lambda: types.CellType().cell_contents, lambda: call("NewCell", NULL).cell_contents)
    check("new cell", lambda: types.CellType(3).cell_contents, lambda: call("NewCell", 3).cell_contents)
    for contents in ((), (11,)):
        for prefix in ("", "locals()['v'] = 3; "):
            check("class", lambda: class_body(prefix + "r = v", contents), lambda: class_body(
                prefix + "r = call('LoadClassDeref', sys._getframe(), cell, sys._getframe().f_code.co_freevars.index('v')"
                " + len(sys._getframe().f_code.co_cellvars)); v", contents))


def class_body(body, contents):
    bind = f"v = {contents[0]}" if contents else "pass"
    cell = f"types.CellType({contents[0] if contents else ''})"
    text = f"def f(cell):\n    if 1: {bind}\n    class C:\n        {body}\n    return C.r\n    v = 0"
    scope = {"call": call, "sys": sys, "types": types}
    exec(text, scope)
    return scope["f"](eval(cell))


def check_imports():
    place = tempfile.TemporaryDirectory()
    sys.path.insert(0, place.name)
    folder = Path(place.name)
    (folder / "circular_a.py").write_text("from circular_a import x\n")
    (folder / "circular_b.py").write_text("from shimtest import call\nimport circular_b\ncall('ImportFrom', circular_b, 'x')\n")
    no_path, no_name, bad_name = types.ModuleType("no_path"), types.SimpleNamespace(), types.SimpleNamespace(__name__=3)
    no_path.__file__ = "/x/y"
    sys.modules |= {"no_path": no_path, "no_name": no_name, "bad_name": bad_name}
    for name in ("os", "no_path", "no_name", "bad_name", "sys"):
        form = stock("", f"from {name} import nowhere\nresult = 0")
        check(f"from {name}", form, lambda: call("ImportFrom", sys.modules[name], "nowhere"))
    check("from", lambda: os.path, lambda: call("ImportFrom", os, "path"))
    sys.modules["no_path.hidden"] = hidden = types.ModuleType("hidden")
    check("from", lambda: hidden, lambda: call("ImportFrom", no_path, "hidden"))
    want, got = (outcome(lambda: importlib.import_module(name)) for name in ("circular_a", "circular_b"))
    check("circular", lambda: str(want).replace("circular_a", "M"), lambda: str(got).replace("circular_b", "M"))
    check("import", lambda: os, lambda: call("ImportName", sys._getframe(), "os.path", None, 0))
    check("import", lambda: os.path, lambda: call("ImportName", sys._getframe(), "os.path", ("join",), 0))
    check("import", stock("", "import nowhere_to_be_found\nresult = 0"),
          lambda: call("ImportName", sys._getframe(), "nowhere_to_be_found", None, 0))

    def bare(text, **library):
        return run_in(text, {"__builtins__": library, "call": call, "sys": sys}, {})

    def importer(*args):
        return args[0] + "!"

    helper = "r = call('ImportName', sys._getframe(), 'thing', None, 0)"
    check("own import", lambda: bare("import thing\nr = thing", __import__=importer), lambda: bare(helper, __import__=importer))
    check("no import", lambda: bare("import thing"), lambda: bare(helper))
    check("no class", lambda: bare("class C: pass"), lambda: bare("call('LoadBuildClass', sys._getframe())"))
    check("class", lambda: __build_class__, lambda: call("LoadBuildClass", sys._getframe()))
    place.cleanup()


# ---- reference counts -------------------------------------------------------------------------------------------------------


class Everything:
    def __add__(self, other):
        return self

    def __eq__(self, other):
        return self

    def __hash__(self):
        return 1


def check_references():
    """Calls each helper many times and looks whether the count of any object involved moved."""
    global compared, wrong
    o, k, name, bound, empty = Everything(), object(), "some_attribute", plain.method, types.CellType()
    o.some_attribute = k
    function = make_function()
    free = closure().__code__
    calls = {
        "Add": [(o, k)], "CompareEQ": [(o, k)], "CompareBoolEQ": [(o, k)], "Contains": [(k, [k])],
        "GetAttr": [(o, name), (k, name)], "GetMethod": [(o, name), (plain, "method"), (k, name)],
        "PyCall": [((NULL, bound, k, o), 2, NULL), ((NULL, len, k), 1, NULL), ((NULL, bound, k, o), 2, ("x",)),
                   ((Plain.method, plain, k), 1, NULL)],
        "CallEx": [(keywords, (k, o), {"a": k}), (keywords, [k], Mapping(a=k)), (keywords, 3, NULL), (keywords, (), 3),
                   (keywords, (), KeyTwice())],
        "BuildTuple": [((k, o), 2)], "BuildList": [((k, o), 2)], "BuildSet": [((k, o), 2), ((k, []), 2)],
        "BuildMap": [((k, o), 1), (([], k), 1)], "BuildConstMap": [((k, o), 2, ("a", "b")), ((k, o), 2, ("a",))],
        "ListAppend": [([], k)], "ListExtend": [([], [k, o]), ([], k)], "DictUpdate": [({}, {k: o}), ({}, k)],
        "DictMerge": [({}, {"a": k}, keywords), ({"a": 1}, {"a": k}, keywords), ({}, k, keywords)],
        "FormatValue": [(o, NULL, 0), ("s", NULL, 0), (o, ">3", 4), (o, NULL, 2)],
        "Unpack": [((k, o), 2), ([k, o], 2), ([k, o, k], 2), ([k], 2), (k, 2), ({k: 1, o: 2}, 2)],
        "UnpackEx": [([k, o, k, o], 1, 1), ([k], 1, 1), ([], 1, 1), (k, 1, 1)],
        "LoadGlobal": [({"a": k}, {}, "a"), ({}, {"a": k}, "a"), ({}, {}, name), (DictWithMissing(a=k), {}, "a")],
        "DeleteGlobal": [(sys._getframe(), name)], "DeleteDeref": [(empty, free, 0)], "NewCell": [(k,)],
        "LoadDeref": [(types.CellType(k), free, 0), (empty, free, 0)],
        "BeforeWith": [(Manager(),), (k,), (NoExit(),), (EnterFails(),)],
        "WithExceptStart": [(Manager().__exit__, ValueError())],
        "MakeFunction": [(function.__code__, globals(), 15, (function.__defaults__, {}, (), function.__closure__))],
        "ImportFrom": [(os, "path"), (os, name), (sys.modules["no_name"], name), (sys.modules["bad_name"], name)],
        "MatchKind": [([k], 1 << 5), (k, 1 << 6)],
        "MatchKeys": [({"a": k}, ("a",)), ({"a": k}, ("b",)), ({"a": k}, ("a", "a")), ({"a": k}, ([],)), (k, ("a",)), ({}, ())],
        "MatchClass": [(o, Everything, (name,), 0), (o, Everything, ("none",), 0), (o, Everything, (name, name), 0),
                       (k, Everything, (), 0), (k, k, (), 0), (k, object, (), 1), (2**40, int, (), 1), (o, Everything, (), 1)],
        "BuildSlice": [(k, o, NULL)], "BuildString": [(("a", "b"), 2)], "ListToTuple": [([k],)],
    }
    watched = [o, k, bound, keywords, function, function.__code__, function.__closure__, free, os, Plain,
               Plain.method, Manager, plain, globals(), empty, len, sys.modules["no_name"], AssertionError]
    for helper, rows in calls.items():
        for row in rows:

            def once():
                first, *rest = row
                if isinstance(first, (list, dict)) and helper not in ("Unpack", "UnpackEx", "ListToTuple", "LoadGlobal"):
                    first = copy.copy(first)
                outcome(lambda: call(helper, first, *rest))

            once()
            before = [sys.getrefcount(x) for x in watched]
            for _ in range(100):
                once()
            after = [sys.getrefcount(x) for x in watched]
            compared += 1
            if before != after:
                wrong += 1
                print(f"{helper}{row}: reference counts moved from\n    {before} to\n    {after}")


for part in (check_operators, check_comparisons, check_numbers, check_attributes, check_calls, check_functions, check_builders,
             check_iteration, check_names, check_cells, check_imports, check_references):
    part()
print(f"{compared} comparisons, {wrong} wrong")
sys.exit(wrong != 0)
