"""Generates random programs whose hot functions see types change midway.

A program is text, made by drawing from a `random.Random`. Hypothesis hands one in that it controls and can shrink; `make fuzz`
hands in one seeded by a number. Programs terminate by construction: loops have constant bounds, nest at most two deep, and a
function calls only functions that were generated before it. Every statement that can raise stands in a `try` or lets the
exception travel to the driver, which prints it with the lines and columns of its traceback.
"""

import random
import re

# Values of one kind each. A function is first called many times with one kind and then with others.
KINDS: dict[str, tuple[str, ...]] = {
    "int": ("0", "1", "-1", "7", "-13", "255", "4099"),
    # None below 2**59: a sequence times 2**31 would really be allocated, times these it raises at once.
    "big": ("2**59", "2**60 - 1", "-(2**62)", "2**63", "2**64 + 3", "-(2**100)"),
    "float": ("0.0", "-0.0", "1.5", "-2.25", "1e300", "float('inf')", "float('nan')"),
    "str": ("''", "'a'", "'hello'", "'é'"),
    "bool": ("True", "False"),
    "list": ("[]", "[1, 2, 3]", "['a', 2.5, None]", "[[1], [2]]"),
    "tuple": ("()", "(1, 2)", "(1.5, 'x', 3)"),
    "dict": ("{}", "{'a': 1}", "{1: 2, 'k': [3]}"),
    "point": ("Point(1, 2)", "Point(0.5, 3)", "Sub(3, 4)"),
    "slotted": ("Slotted(1, 2)", "Slotted(7, 2.5)"),
    "none": ("None",),
}

PRELUDE = """\
class Point:
    shared = 10
    def __init__(self, x, y): self.x = x; self.y = y
    def __add__(self, other): return Point(self.x, other)
    def __eq__(self, other): return isinstance(other, Point) and self.x == other.x
    def __repr__(self): return f"{type(self).__name__}({self.x!r}, {self.y!r})"
    def __len__(self): return 2
    def __getitem__(self, i): return (self.x, self.y)[i]
    def get(self): return self.x
    def put(self, v): self.y = v; return self
    @property
    def prop(self): return self.y
    def __call__(self, v=1, *rest, k=0, **more): self.y = rest; return v if k else len(more)
class Sub(Point):
    shared = 20
    def get(self): return super().get()
    def __lt__(self, other): return True
class Slotted:
    __slots__ = ("x", "y")
    shared = 30
    @property
    def prop(self): return self.x
    def __init__(self, x, y): self.x = x; self.y = y
    def __repr__(self): return "Slotted"
    def get(self): return self.y
    def put(self, v): self.x = v; return self
    def __call__(self, v): return v
class New:
    def __new__(cls, v, *rest, **more): made = super().__new__(cls); made.v = v; return made if rest else Point(v, more)
    def __init__(self, v, *rest): self.x = rest; self.get = lambda: v
def free(a, b=2, *rest, k=3, **more): return a if not rest else k + len(more)
def bare(*rest): return len(rest)
G = 5
H = [1, 2, 3]
def big(*values, len=len):
    for v in values:
        if isinstance(v, int):
            if v.bit_length() > 2000: return True
        elif isinstance(v, (str, list, tuple)) and len(v) > 2000: return True
    return False
"""

DRIVER = """\
def show(v, depth=0, len=len):
    if isinstance(v, int) and not isinstance(v, bool) and v.bit_length() > 4000: return "int#%d" % (v % 1000003)
    if isinstance(v, (str, bytes)) and len(v) > 200: return "str#%d" % len(v)
    if isinstance(v, (list, tuple)) and (len(v) > 50 or depth > 4): return "%s#%d" % (type(v).__name__, len(v))
    if isinstance(v, (list, tuple)): return "%s[%s]" % (type(v).__name__, ", ".join([show(x, depth + 1) for x in v]))
    if isinstance(v, dict): return "dict{%s}" % ", ".join([show(k) + ": " + show(x, depth + 1) for k, x in v.items()][:50])
    if callable(v) or hasattr(v, "__next__"): return type(v).__name__
    if isinstance(v, Point) and depth > 4: return "Point"
    if isinstance(v, Point): return "%s(%s, %s)" % (type(v).__name__, show(v.x, depth + 1), show(v.y, depth + 1))
    return repr(v)
def attempt(f, *args):
    try:
        return show(f(*args))
    except Exception as e:
        tb, places = e.__traceback__.tb_next, []
        while tb is not None:
            c = tb.tb_frame.f_code
            places.append((c.co_name, list(c.co_positions())[tb.tb_lasti // 2]))
            tb = tb.tb_next
        # Stock shows an unbound local at the load before it once two loads run as one: even the line depends on warmth.
        if isinstance(e, UnboundLocalError): places[-1] = places[-1][0]
        return type(e).__name__, str(e)[:200], places
def drive(f, make, times):
    last, n = object(), 0
    for _ in range(times):
        r = attempt(f, *make())
        if r != last:
            print(f.__name__, n, r)
        last, n = r, n + 1
"""

# What an expression is expected to be. Expectations make most operations succeed; they are broken on purpose now and then.
GROUPS: dict[str, tuple[str, ...]] = {
    "int": ("int", "int", "int", "big", "bool"),
    "float": ("float",),
    "str": ("str",),
    "seq": ("list", "list", "tuple"),
    "dict": ("dict",),
    "obj": ("point", "point", "slotted"),
    "none": ("none",),
}
GROUP_WEIGHTS = {"int": 9, "float": 5, "str": 2, "seq": 4, "dict": 2, "obj": 5, "none": 1}

# For each expectation, expressions that meet it. $int stands for an expression of that group, and likewise for the other
# groups; $num is an int or a float, $any of any group; the other placeholders are in Generator.part.
FORMS: dict[str, tuple[str, ...]] = {
    "int": (
        "($int + $int)",
        "($int - $int)",
        "($int * $int)",
        "($int + $int)",
        "($int - $int)",
        "($int // 3)",
        "($int % 7)",
        "($int // ($int or 3))",
        "($int % ($int or -3))",
        "(-$int)",
        "abs($int)",
        "($int & $int)",
        "($int | $int)",
        "($int ^ $int)",
        "(~$int)",
        "($int << 3)",
        "($int >> 2)",
        "($int ** 2)",
        "len($seq)",
        "len($str)",
        "$obj.x",
        "$obj.get()",
        "$obj.prop",
        "sum($ints)",
        "min($int, $int)",
        "max($int, $num)",
        "($num < $num)",
        "($num == $any)",
        "($num >= $num)",
        "($any is $any)",
        "isinstance($any, int)",
        "int($int)",
        "divmod($int, 3)[1]",
        "($int if $bool else $int)",
        "(not $any)",
        "sum(q for q in $ints)",
        "(lambda z: z + $int)($int)",
        "$call",
        "$obj.shared",
        "$obj.x",
        "$obj.get()",
        "$dict.get('a', 1)",
        "ord('a')",
        "bool($any)",
        "($num < $num < $num)",
        "[$int, $int][$small]",
        "($int, $num)[0]",
        "[*$seq, 1][$small]",
        "($seq or H)[$small]",
        "free($int)",
        "free($int, $any, $any, k=$int)",
        "free(b=$int, a=$int, z=$any)",
        "free(*$seq, **$dict)",
        "bare(*$seq, $int)",
        "bare($any, $int)",
        "$obj($int)",
        "$obj($int, k=$any)",
        "$obj(*$seq)",
        "New($int, $any).get()",
        "New($int, $any).v",
        "New($int).x",
        "max($int, $num, $int)",
        "(id($any) and $int)",
    ),
    "float": (
        "($float + $num)",
        "($num - $float)",
        "($float * $num)",
        "($int / 4)",
        "($float / ($num or 2.5))",
        "($float / ($num or 2.5))",
        "($float / $int)",
        "(-$float)",
        "abs($float)",
        "float($int)",
        "round($float, 2)",
        "($float if $bool else $float)",
        "max($float, 0.5)",
        "($float // 2)",
        "($float % 3)",
        "($float * $float + $float)",
        "sum([$float, $int])",
        "[$float, $float][0]",
        "$float",
    ),
    "str": (
        "($str + $str)",
        "($str * 2)",
        "str($int)",
        "repr($any)",
        "f'{$name}'",
        "f'{$name!r:>3}|{$name}'",
        "$str[:2]",
        "'xyz'[$small]",
        "$str.upper()",
        "type($any).__name__",
        "'-'.join(['a', $str])",
        "($str if $bool else $str)",
        "('%s' % ($any,))",
    ),
    "seq": (
        "[$num, $num]",
        "($num, $any)",
        "($list + $list)",
        "($list * 2)",
        "$seq[1:]",
        "$seq[::-1]",
        "list($seq)",
        "sorted([$num, $num])",
        "[q for q in $ints]",
        "[q + $num for q in $ints if q]",
        "[(q, $any) for q in $seq]",
        "tuple($seq)",
        "list(range(3))",
        "($seq if $bool else $seq)",
        "list(zip($seq, 'ab'))",
        "[*$seq, $any]",
    ),
    "dict": ("{'k': $any, 'a': $num}", "{**$dict, 'z': $num}", "{q: $num for q in $ints}", "dict($dict)"),
    "obj": ("Point($num, $num)", "Sub($num, $num)", "Slotted($int, $num)", "$obj.put($num)", "(Point(1, 2) + $any)"),
    "none": ("None", "$list.append($any)"),
}
PLACEHOLDER = re.compile(r"\$([a-z]+)")


# Iterations of a loop, at most, and steps of a function that is called from another one.
LOOP_STEPS = 14
MAX_STEPS = 50_000


class Generator:
    """Writes one program."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.lines: list[str] = []
        # The functions so far: name, groups of the parameters, and about how many steps a call takes.
        self.functions: list[tuple[str, list[str], int]] = []
        self.steps = 0
        # The names in scope, with the group that each should be of.
        self.hints: dict[str, str] = {}
        self.loops = 0
        self.budget = 0

    def pick(self, options: "tuple[str, ...] | list[str]") -> str:
        return options[self.rng.randrange(len(options))]

    def chance(self, percent: int) -> bool:
        return self.rng.randrange(100) < percent

    def group(self) -> str:
        return self.rng.choices(list(GROUP_WEIGHTS), weights=list(GROUP_WEIGHTS.values()))[0]

    def value(self, group: str) -> str:
        return f"({self.pick(KINDS[self.pick(GROUPS[group])])})"

    def emit(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def leaf(self, group: str) -> str:
        """A name that should be of the group, or a constant that is."""
        names = [name for name, hint in self.hints.items() if hint == group]
        if names and self.chance(80):
            return self.pick(names)
        return "G" if group == "int" and self.chance(30) else self.value(group)

    def call(self, depth: int) -> str:
        # Loops that call functions with loops that call functions would run for hours.
        weight = LOOP_STEPS**self.loops
        callable_here = [row for row in self.functions if row[2] * weight < MAX_STEPS]
        if not callable_here:
            return self.leaf("int")
        name, groups, steps = callable_here[self.rng.randrange(len(callable_here))]
        self.steps += steps * weight
        return f"{name}({', '.join(self.expression(group, depth + 1) for group in groups)})"

    def expression(self, group: str, depth: int = 0) -> str:
        """An expression that should be of the group. One in thirty is of another, and a deep one is a leaf."""
        if self.chance(3):
            group = self.group()
        if self.rng.randrange(4) < depth:
            return self.leaf(group)
        form = self.pick(FORMS[group])
        return PLACEHOLDER.sub(lambda match: self.part(match[1], depth + 1), form)

    def part(self, field: str, depth: int) -> str:
        """What a placeholder of a form stands for."""
        if field == "any":
            return self.expression(self.group(), depth)
        if field == "num":
            return self.expression(self.pick(("int", "int", "float")), depth)
        if field == "name":
            return self.pick(list(self.hints))
        if field == "call":
            return self.call(depth)
        if field == "bool":
            group = self.pick(("int", "int", "float", "str"))
            return f"{self.leaf(group)} {self.pick(('<', '>', '==', '!='))} {self.leaf(group)}"
        if field == "small":
            return self.pick(("0", "0", "0", "0", "-1", "-1", "-1", "0", "0", "-1", "1", "G"))
        if field == "ints":
            return self.pick(("range(5)", "range(5, 0, -2)", "H", "(1, 2.5, True)"))
        if field == "list":
            return self.pick(("[1, 2]", "[0.5]", "H[:]", "['a']"))
        return self.expression(field, depth)

    def variable(self) -> str:
        """A local name that is not a loop counter: a counter that is reassigned could make its loop endless."""
        return self.pick([name for name in self.hints if not name.startswith("i")])

    def assign(self, indent: int) -> None:
        if self.chance(30):
            name, group = f"v{len(self.hints)}", self.group()
        else:
            name = self.variable()
            group = self.hints[name] if self.chance(85) else self.group()
        self.emit(indent, f"{name} = {self.expression(group)}")
        self.hints[name] = group

    def condition(self) -> str:
        return self.part("bool", 2) if self.chance(60) else self.part("num", 1)

    def statement(self, indent: int) -> None:
        self.budget -= 1
        self.steps += LOOP_STEPS**self.loops
        roll = self.rng.randrange(100)
        if roll < 34 or self.budget < 0:
            self.assign(indent)
        elif roll < 46:
            name = self.variable()
            if self.hints[name] not in ("int", "float", "str"):
                self.assign(indent)
                return
            operator = self.pick(("+", "-", "*", "+")) if self.hints[name] in ("int", "float") else "+"
            self.emit(indent, f"{name} {operator}= {self.expression(self.hints[name], 1)}")
        elif roll < 62 and self.loops < 2:
            self.loop(indent)
        elif roll < 73:
            self.emit(indent, f"if {self.condition()}:")
            self.block(indent + 1)
            if self.chance(50):
                self.emit(indent, "else:")
                self.block(indent + 1)
        elif roll < 80:
            self.handler(indent)
        elif roll < 85:
            self.emit(
                indent,
                f"{self.leaf('obj')}.{self.pick(('x', 'x', 'y', 'y', 'x', 'y', 'x', 'y', 'x', 'fresh'))} = {self.part('num', 1)}",
            )
        elif roll < 88:
            name = f"v{len(self.hints)}"
            self.emit(indent, f"{name} = [*{self.leaf('seq')}, 0]")
            self.hints[name] = "seq"
            self.emit(indent, f"{name}[{self.part('small', 1)}] = {self.part('num', 1)}")
            self.emit(indent, f"{name}.{self.pick(('append(1)', 'pop()', 'reverse()', 'count(2)', 'copy()'))}")
        elif roll < 91:
            self.emit(
                indent, f"{self.leaf('dict')}[{self.expression(self.pick(('int', 'str')), 2)}] = {self.part('num', 1)}"
            )
        elif roll < 94:
            self.emit(indent, f"a, b = {self.part('num', 1)}, {self.part('num', 1)}")
            self.hints.update(a="int", b="int")
        elif roll < 95:
            name = self.variable()
            if name.startswith("p") and self.chance(80):
                self.assign(indent)
                return
            self.emit(indent, f"del {name}")
            if not name.startswith("p") and self.chance(80):
                del self.hints[name]
        elif roll < 96:
            self.emit(
                indent, f"if {self.condition()}: raise {self.pick(('ValueError(1)', 'KeyError(G)', 'IndexError'))}"
            )
        elif roll < 97:
            self.emit(indent, f"if {self.condition()}: return {self.part('num', 0)}")
        elif self.loops:
            self.emit(indent, f"if {self.condition()}: {self.pick(('break', 'continue'))}")
        else:
            self.emit(indent, f"assert {self.part('num', 1)}, {self.variable()}")

    def loop(self, indent: int) -> None:
        self.loops += 1
        name = f"i{self.loops}{indent}"
        bound = self.rng.randrange(2, 14)
        if self.chance(25):
            # The counter moves first, so that a `continue` in the body cannot make the loop endless.
            self.emit(indent, f"{name} = 0")
            self.emit(indent, f"while {name} < {bound}:")
            self.emit(indent + 1, f"{name} += 1")
        else:
            sources = [
                f"range({bound})",
                f"range({bound}, -2, -3)",
                "H",
                "(1, 2.5, True, 2**70)",
                "[0.5, 1, 2]",
                "'abc'",
            ]
            self.emit(indent, f"for {name} in {self.pick(sources)}:")
        # Values that are doubled in every iteration would otherwise end in gigabytes.
        self.emit(indent + 1, f"if big({', '.join(self.hints)}): break")
        self.hints[name] = "int"
        self.block(indent + 1)
        self.loops -= 1
        del self.hints[name]
        if self.chance(20):
            self.emit(indent, "else:")
            self.block(indent + 1)

    def handler(self, indent: int) -> None:
        self.emit(indent, "try:")
        self.block(indent + 1)
        caught = self.pick(
            ("TypeError", "(TypeError, ValueError, AttributeError)", "Exception", "LookupError", "ArithmeticError")
        )
        self.emit(indent, f"except {caught} as e:")
        self.emit(indent + 1, f"{self.variable()} = {self.pick(('str(e)', 'type(e).__name__', '1', '2.5'))}")
        if self.chance(30):
            self.emit(indent, "else:")
            self.block(indent + 1)
        if self.chance(30):
            self.emit(indent, "finally:")
            self.emit(indent + 1, f"w = {self.expression(self.group(), 2)}")

    def block(self, indent: int) -> None:
        # Deep nesting would only repeat what shallow nesting covers. Names that first appear in a block are rarely used
        # after it, where they may be unbound.
        before = set(self.hints)
        for _ in range(self.rng.randrange(1, 4 if indent < 4 else 2)):
            self.statement(indent)
        for name in [name for name in self.hints if name not in before]:
            if self.chance(93):
                del self.hints[name]

    def function(self, number: int) -> None:
        groups = [self.group() for _ in range(self.rng.randrange(1, 4))]
        self.hints = {f"p{i}": group for i, group in enumerate(groups)}
        parameters = ", ".join(self.hints)
        generator = self.chance(12)
        self.emit(0, f"def f{number}({parameters}):")
        self.loops, self.budget, self.steps = 0, 14, 0
        for _ in range(self.rng.randrange(2, 6)):
            self.statement(1)
        if generator:
            self.emit(1, f"for q in range({self.rng.randrange(1, 5)}):")
            self.emit(2, f"got = yield {self.part('num', 1)}")
        self.emit(1, f"return {self.part('num', 0)}")
        if generator:
            self.emit(0, f"def g{number}({parameters}):")
            self.emit(1, f"return sum(f{number}({parameters}))")
        self.functions.append((f"{'g' if generator else 'f'}{number}", groups, self.steps * (5 if generator else 1)))

    def drive(self, name: str, groups: list[str], times: int) -> None:
        self.emit(0, f"drive({name}, lambda: ({', '.join(self.value(group) for group in groups)},), {times})")

    def program(self) -> str:
        for number in range(self.rng.randrange(1, 5)):
            self.function(number)
        for name, groups, _ in self.functions:
            # Three sets of values of the expected groups (an int may become a float or a big int), then wrong groups.
            for times in (12, 4, 4):
                self.drive(name, groups, times)
            if self.chance(40):
                self.drive(name, [group if self.chance(50) else self.group() for group in groups], 3)
            if self.chance(20):
                changes = (
                    "G = 'text'",
                    "G = 2**80",
                    "G = 1",
                    "H = (4, 5)",
                    "Point.shared = 'moved'",
                    "Sub.shared = None",
                    "Point.get = lambda self: 3",
                    "Sub.prop = 8",
                    "len = lambda x: 1",
                    "free.__defaults__ = (7,)",
                    "free.__kwdefaults__ = None",
                    "bare = Point",
                    "Point.__call__ = free",
                    "New.__init__ = lambda self, *a: None",
                    "max = min",
                )
                self.emit(0, self.pick(changes))
                self.drive(name, groups, 3)
        return PRELUDE + DRIVER + "\n".join(self.lines) + "\n"


def generate(rng: random.Random) -> str:
    """The text of one program."""
    return Generator(rng).program()
