"""`python -m tests.bench.features`: one construct of the language, or one function that is used often, a row; slowest ratios first.

Whole programs hide a construct that is slower in machine code than in the stock evaluator behind ten that are faster. Here each one is a loop of its own,
compiled when it is due (PYSTON_LITE_SYNC). All rows run in one process a side; the sides alternate, and each row's best time on a side counts.
"""

import argparse
import copy
import itertools
import json
import struct
import sys
import textwrap
import time
import typing
from collections.abc import Callable

from tests.bench import runner, subjects, worker

# Statements that are run with i = 0, 1, ...; `INNER` marks those that loop themselves and are run a tenth as often.
FEATURES: dict[str, str] = {
    # attributes and methods
    "attribute": "point.x; point.y",
    "attribute, store": "point.y = i",
    "attribute, slots": "slotted.x = i; slotted.x",
    "attribute, property": "point.first",
    "attribute, descriptor": "described.field; described.field = i",
    "attribute, __getattr__": "helpful.missing",
    "attribute, class": "Point.plus; point.__class__.__name__",
    "attribute, named tuple": "triple.a; triple.b",
    "attribute, dataclass": "data.x; frozen.y",
    "attribute, enum member": "Colour.RED; Colour.RED is Colour.BLUE",
    "attribute, enum value": "Colour.RED.value; Colour.RED.name",
    "getattr, hasattr": "getattr(point, 'y', None); hasattr(point, 'zzz')",
    "setattr": "setattr(point, 'y', i)",
    "method": "point.plus(i)",
    "method, super": "derived.plus(i)",
    "method, class": "Point.of_class(i); point.of_class(i)",
    "method, static": "Point.of_nobody(i); point.of_nobody(i)",
    # special methods
    "special, eq": "point == other",
    "special, lt": "point < other",
    "special, add": "point + other",
    "special, len": "len(point)",
    "special, getitem": "point[i]",
    "special, setitem": "point[i] = i",
    "special, iter": "INNER for x in point: pass",
    "special, next": "INNER for x in Countdown(20): pass",
    "special, contains": "1 in point",
    "special, bool": "if point: pass",
    "special, call": "point(i)",
    "special, repr": "repr(point); f'{point!r}'",
    "special, hash": "hash(point); hash(text)",
    "with, class": "with point: pass",
    "with, generator": "with context(): pass",
    "with, suppress": "with contextlib.suppress(KeyError): pass",
    # making objects
    "make, class": "Point(i)",
    "make, super().__init__": "Derived(i)",
    "make, slots": "Slotted(i)",
    "make, dataclass": "Data(i)",
    "make, frozen dataclass": "Frozen(i)",
    "make, named tuple": "Triple(i, 2, 3)",
    "make, namedtuple._replace": "triple._replace(a=i)",
    "make, tuple": "(i, i, i)",
    "make, list": "[i, i, i]",
    "make, dict": "{'a': i, 'b': 2}",
    "make, set": "{i, 2}",
    "make, closure": "adder(i)",
    "make, list of range": "INNER list(range(20))",
    "comprehension, list": "INNER [x + 1 for x in numbers]",
    "comprehension, condition": "INNER [x for x in numbers if x & 1]",
    "comprehension, dict": "INNER {k: v for k, v in table.items()}",
    "comprehension, set": "INNER {x for x in numbers}",
    "comprehension, sum": "INNER sum(x for x in numbers)",
    "comprehension, any": "INNER any(x > 18 for x in numbers)",
    "comprehension, join": "INNER ','.join(str(x) for x in numbers)",
    # calls
    "call, defaults": "with_defaults(i)",
    "call, keywords": "with_defaults(i, c=5)",
    "call, keyword-only": "keyword_only(i, b=3)",
    "call, *args": "many(i, 2, 3)",
    "call, **kwargs": "named(a=i, b=3)",
    "call, both": "mixed(i, 2, x=3)",
    "call, star": "with_defaults(*pair)",
    "call, double star": "with_defaults(i, **keywords)",
    "call, closure": "closure(i)",
    "call, lambda": "(lambda x=i: x)()",
    "call, partial": "partial(i)",
    "call, decorated": "decorated(i)",
    "call, decorated, keyword": "decorated(i, y=2)",
    "call, lru_cache": "cached(3)",
    "call, singledispatch": "dispatched(i)",
    # builtin functions and types
    "isinstance": "isinstance(i, int)",
    "isinstance, tuple": "isinstance(point, (int, str, Point))",
    "isinstance, abstract": "isinstance(concrete, Abstract)",
    "isinstance, mapping": "isinstance(table, Mapping)",
    "issubclass": "issubclass(Derived, Point)",
    "type": "type(point) is Point",
    "id": "id(point)",
    "min, max": "min(i, 3); max(i, 3)",
    "abs, round": "abs(-i); round(i * 0.5)",
    "divmod": "divmod(i, 7)",
    "ord, chr": "chr(ord('a') + 1)",
    "sum": "sum(numbers_tuple)",
    "any, all": "any(numbers_tuple); all(numbers)",
    "sorted, key": "INNER sorted(numbers, key=lambda x: -x)",
    "map, lambda": "INNER list(map(lambda x: x + 1, numbers))",
    "filter, lambda": "INNER list(filter(lambda x: x & 1, numbers))",
    # loops
    "loop, zip": "INNER for a, b in zip(numbers, numbers_tuple): pass",
    "loop, enumerate": "INNER for a, b in enumerate(numbers): pass",
    "loop, reversed": "INNER for a in reversed(numbers): pass",
    "loop, items": "INNER for k, v in table.items(): pass",
    "loop, str": "INNER for c in text: pass",
    "loop, chain": "INNER for x in itertools.chain(numbers, numbers_tuple): pass",
    "loop, generator": "INNER for x in count_to(20): pass",
    "loop, yield from": "INNER for x in delegate(20): pass",
    "loop, while and break": "INNER k = 0\nwhile True:\n    k += 1\n    if k > 10:\n        break",
    "loop, nested": "INNER for j in range(10):\n    for k in range(10):\n        i + j + k",
    "generator, send": "echoing.send(i)",
    # exceptions
    "try": "try:\n    x = i\nexcept ValueError:\n    pass",
    "try, finally": "try:\n    x = i\nfinally:\n    y = i",
    "raise": "try:\n    raise ValueError\nexcept ValueError:\n    pass",
    "raise, as": "try:\n    raise ValueError('x')\nexcept (KeyError, ValueError) as error:\n    pass",
    "raise, KeyError of a dict": "try:\n    table['zz']\nexcept KeyError:\n    pass",
    "assert": "assert i >= 0",
    # text
    "str, methods": "text.upper(); text.split(); text.startswith('he')",
    "str, index and slice": "text[3]; text[2:5]",
    "str, compare": "text == 'hello world foo bar'; text < 'z'",
    "str, in": "'foo' in text",
    "str, f-string": "f'{i} and {text} {i:03d}'",
    "str, percent": "'%s %d' % (text, i)",
    "str, format": "'{} {}'.format(text, i)",
    "str, join": "''.join(['a', 'b', text])",
    "bytes": "octets[3]; octets[1:4]",
    "re, match and group": "search(text).group(1)",
    "format": "format(i, 'd')",
    # containers
    "list, append and pop": "numbers.append(i); numbers.pop()",
    "list, slice": "numbers[2:5]; numbers[:]",
    "list, extend": "made = []; made.extend(pair)",
    "list, in": "15 in numbers",
    "dict, get": "table.get('5'); table.get('x')",
    "dict, subscript": "table['5']",
    "set, in and add": "5 in numbers_set; numbers_set.add(5)",
    "deque": "deque.append(i); deque.popleft()",
    "Counter": "counter['a'] += 1",
    "defaultdict": "default_int['a'] += 1",
    "OrderedDict": "ordered[i & 7] = i",
    "ChainMap": "chained['5']",
    "itemgetter": "second(numbers_tuple)",
    "attrgetter": "x_of(point)",
    "weakref": "reference()",
    "unpack, star": "a, *b = numbers_tuple",
    "swap": "a, b = i, 2\na, b = b, a",
    # numbers
    "int": "(i * 3 + 7) // 2 % 5",
    "int, bits": "(i << 3) ^ (i >> 1) & 255",
    "int, large": "(1 << 100) + i",
    "int, true division": "i / 3",
    "int, flag": "Flags.READ | Flags.WRITE",
    "float": "i * 1.0001 + 0.5",
    "compare, chained": "0 <= i < 1000",
    # statements
    "match, literal": "match i:\n    case 0: pass\n    case 1 | 2: pass\n    case _: pass",
    "match, class": "match data:\n    case Data(x=1, y=y): pass",
    "match, mapping": "match table:\n    case {'5': v}: pass",
    "global": "global stored\nstored = i",
    "del": "x = i\ndel x",
    "import": "import os.path\nfrom collections import deque",
    # the standard library
    "enum, call": "Colour(1)",
    "typing.cast": "typing.cast(int, i)",
    "struct.pack": "struct.pack('<I', i)",
    "json.loads": "INNER json.loads('{\"a\": [1, 2, 3]}')",
    "copy.deepcopy": "INNER copy.deepcopy([1, [2, 3], {'a': 4}])",
}
INNER = "INNER "


def loops_of(name: str) -> int:
    return 400 if FEATURES[name].startswith(INNER) else 4000


def function_of(name: str) -> Callable[[int], None]:
    """The loop of one row, as a function of the number of its iterations."""
    statement = FEATURES[name].removeprefix(INNER)
    source = f"def feature(loops):\n    for i in range(loops):\n{textwrap.indent(statement, ' ' * 8)}\n"
    names = vars(subjects) | {module.__name__: module for module in (copy, itertools, json, struct, typing)}
    exec(compile(source, f"<feature {name}>", "exec"), names)
    return names["feature"]


def measure(names: list[str], rounds: int) -> dict[str, float]:
    """The best seconds of each row in this process."""
    functions = {name: function_of(name) for name in names}
    for name, function in functions.items():
        for _ in range(8):
            function(loops_of(name))
    best = dict.fromkeys(names, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            start = time.perf_counter()
            function(loops_of(name))
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.features", description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names of rows; default: all")
    parser.add_argument("--rounds", type=int, default=8, help="runs of each row in a process")
    parser.add_argument("--processes", type=int, default=3, help="processes of each side")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--accelerated", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = [name for name in FEATURES if not options.names or name.startswith(tuple(options.names))]
    if options.measure:
        if options.accelerated:
            worker.enable(sync=True)
        print(json.dumps(measure(names, options.rounds)))
        return 0
    best = [dict.fromkeys(names, float("inf")) for _ in range(2)]
    for number in range(options.processes):
        for accelerated in (False, True) if number % 2 == 0 else (True, False):
            arguments = [*names, "--measure", "--rounds", str(options.rounds)]
            found = runner.measured("tests.bench.features", arguments, accelerated)
            best[accelerated] = {name: min(seconds, found[name]) for name, seconds in best[accelerated].items()}
    print("ratio = stock time / accelerated time, above 1 is faster; ns = of one iteration on stock, loop included")
    stock, ours = best
    for name in sorted(names, key=lambda name: stock[name] / ours[name]):
        print(f"{stock[name] / ours[name]:6.2f} {1e9 * stock[name] / loops_of(name):9.0f}  {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
