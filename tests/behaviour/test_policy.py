"""What is compiled and when: by calls, iterations and on demand; what is refused, left alone, or given up."""

import json
import subprocess
import sys
import time
import types
from collections.abc import Generator
from typing import Any

import pyston_lite
import pytest

from tests.behaviour.hot import fib, running_totals, total
from tests.support import assert_compiled, compiled, fresh, stock_copy

pytestmark = pytest.mark.usefixtures("accelerated")


def rows_of(qualname: str) -> list[dict[str, Any]]:
    return [row for row in pyston_lite.functions() if row["qualname"] == qualname]


def test_compile_and_report() -> None:
    f = fresh(total)
    assert not pyston_lite.is_compiled(f)
    pyston_lite.compile(f)
    assert_compiled(f)
    before = sum(row["entries"] for row in rows_of("total"))
    assert f(1000) == total(1000)
    rows = rows_of("total")
    assert sum(row["entries"] for row in rows) > before
    assert all(
        set(row) >= {"qualname", "filename", "line", "state", "code_bytes", "compile_ms", "entries", "deopts"}
        for row in rows
    )
    assert pyston_lite.stats()


OUTCOMES = """
import gc, json
import pyston_lite

pyston_lite.enable(threshold=50)  # with the usual one, code that is called a few times is not looked at
names = {}
exec("def plain(x): return x + 1\\ndef guessed(x): return x.real\\nclass Body: pass", names)
before = pyston_lite.stats()["functions"]
pyston_lite.compile(names["plain"])
names["plain"](1)
for value in (1, 2.5):
    names["guessed"](value)
pyston_lite.suppress(names["guessed"])(1)
exec("class Another: pass")
names.clear()
gc.collect()
after = pyston_lite.stats()["functions"]
print(json.dumps({name: after[name] - before[name] for name in after}))
"""


def test_outcomes_are_counted_of_functions_that_are_gone_too() -> None:
    """In a process of its own, in which nothing else gets hot meanwhile."""
    grown = json.loads(subprocess.run([sys.executable, "-c", OUTCOMES], capture_output=True, check=True).stdout)
    assert grown["compiled"] == grown["without_exits"] == grown["suppressed"] == 1
    assert grown["bodies"] == 2
    assert grown["called"] == sum(grown[name] for name in grown if name not in ("called", "without_exits"))


FULL = """
import gc, json
import pyston_lite

BODY = "\\n".join(f"    t = t * 3 + [x, {k}][{k} % 2] - len(str(x))" for k in range(60))
pyston_lite.enable(compile_all=True, code_cap_mb=1)

def make(n):
    scope = {}
    exec(f"def f{n}(x):\\n    t = {n}\\n{BODY}\\n    return t", scope)
    return scope[f"f{n}"]

def plain(n, x):
    t = n
    for k in range(60):
        t = t * 3 + [x, k][k % 2] - len(str(x))
    return t

functions = [make(n) for n in range(100)]
right = all(f(7) == plain(n, 7) for n, f in enumerate(functions))
stats = pyston_lite.stats()
compiled = sum(map(pyston_lite.is_compiled, functions))
right = right and all(f(70) == plain(n, 70) for n, f in enumerate(functions))
del functions
gc.collect()
later = make(1000)
right = right and later(5) == plain(1000, 5)
print(json.dumps({
    "right": right, "compiled": compiled, "refused": stats["refused"], "mapped": stats["service"]["code_mapped"],
    "later": pyston_lite.is_compiled(later),
}))
"""


def test_where_code_memory_ends_compilation_stops_by_name_until_there_is_room() -> None:
    shown = json.loads(subprocess.run([sys.executable, "-c", FULL], capture_output=True, check=True).stdout)
    assert shown["right"] and shown["later"]
    assert shown["compiled"] > 0 and shown["refused"] == {"code memory full": 100 - shown["compiled"]}
    assert shown["mapped"] == 1 << 20


def test_becomes_hot_by_calls() -> None:
    pyston_lite.enable(threshold=10, loop_threshold=1_000_000, sync=True)
    f = fresh(total)
    for _ in range(30):
        f(3)
    assert_compiled(f)


def test_becomes_hot_by_iterations() -> None:
    """A long loop is compiled and entered while it runs; the function itself, called once, is not."""
    pyston_lite.enable(threshold=1_000_000, loop_threshold=50, sync=True)
    f = fresh(total)
    entries = pyston_lite.stats()["run"]["osr_entries"]
    assert f(20_000) == stock_copy(total)(20_000)
    loops = [
        loop
        for row in pyston_lite.functions()
        if row["qualname"] == "total" and row["code_bytes"] and not pyston_lite.is_compiled(f)
        for loop in row["loops"]
    ]
    assert [loop["state"] for loop in loops] == ["compiled"]
    assert loops[0]["iterations"] < 1000
    assert pyston_lite.stats()["run"]["osr_entries"] > entries


def multiples(numbers, k):
    for i in numbers:
        if i % k == 0:
            yield i


def loops_of(name: str) -> list[tuple[str, str | None]]:
    rows = rows_of(name)
    return [(loop["state"], loop["reason"]) for row in rows for loop in row["loops"]]


def test_resumes_count_the_iterations_of_a_loop_that_yields() -> None:
    """Such a loop is not watched itself; one that mostly does not yield becomes hot by its iterations like any other."""
    pyston_lite.enable(threshold=2000, loop_threshold=500, sync=True)
    entries = pyston_lite.stats()["run"]["osr_entries"]
    f = fresh(multiples)
    assert list(f(range(400), 1)) == list(range(400))
    assert loops_of("multiples") == [("refused", "its iterations yield, so resuming counts them")]
    assert pyston_lite.stats()["run"]["osr_entries"] == entries
    assert list(fresh(multiples)(range(4000), 50)) == list(range(0, 4000, 50))
    assert pyston_lite.stats()["run"]["osr_entries"] > entries
    for _ in range(6):
        assert list(f(range(400), 1)) == list(range(400))
    assert_compiled(f)


def test_a_loop_of_few_iterations_rests() -> None:
    """When its function will be hot before it, most of its iterations are not counted; it is looked at again, so a loop that becomes a
    long one is still found."""
    pyston_lite.enable(threshold=7000, loop_threshold=50_000, sync=True)
    f = fresh(total)
    exits = pyston_lite.stats()["run"]["osr_exits"]
    for _ in range(2000):
        f(2)
    assert 64 <= pyston_lite.stats()["run"]["osr_exits"] - exits < 2000
    entries = pyston_lite.stats()["run"]["osr_entries"]
    for _ in range(65):
        assert f(1000) == total(1000)
    f(100_000)
    assert pyston_lite.stats()["run"]["osr_entries"] > entries


def test_requests_of_code_that_rests_are_given_up() -> None:
    """A phase makes more functions hot than the compiler manages; the next phase does not wait for them. They are asked for again when
    they are called again."""
    pyston_lite.enable(threshold=20, loop_threshold=1_000_000)
    before = pyston_lite.stats()["service"]
    functions = [fresh(multiples_of_each) for _ in range(200)]
    for f in functions:
        for _ in range(30):
            f([1, 2], 3)
    busy = pyston_lite.suppress(fresh(total))
    end = time.monotonic() + 30
    while pyston_lite.stats()["service"]["queued"] and time.monotonic() < end:
        for _ in range(1000):
            busy(0)
    after = pyston_lite.stats()["service"]
    assert after["cooled"] > before["cooled"]
    for counts in (before, after):
        ended = counts["answered"] + counts["cooled"]
        assert counts["submitted"] == ended + counts["queued"] + counts["in_flight"]
    resting = next(f for f in functions if not pyston_lite.is_compiled(f))
    while not pyston_lite.is_compiled(resting) and time.monotonic() < end:
        resting([1, 2], 3)
    assert resting([1, 2], 3) == [3, 6]
    assert_compiled(resting)


def by_opcode(code: int, x: int) -> int:
    if code == 0:
        return x + 1
    if code == 1:
        return len(str(x))
    if code == 2:
        return max(x, 7)
    if code == 3:
        return x * x - 2
    return abs(x)


def never_ran() -> int:
    return int(pyston_lite.stats()["deopts"].get("never_ran", 0))


def test_code_that_has_never_run_is_left_out_until_it_runs() -> None:
    """It is an exit that is taken some times; then the function is compiled with it, and from the third one on with everything."""
    limit = 40
    pyston_lite.enable(threshold=100, loop_threshold=1_000_000, sync=True)
    f = fresh(by_opcode)
    for _ in range(200):
        f(0, 3)
    assert_compiled(f)
    small = rows_of("by_opcode")[-1]["code_bytes"]
    left = []
    for code in range(5):
        before = never_ran()
        assert [f(code, -9) for _ in range(300)] == [by_opcode(code, -9)] * 300
        left.append(never_ran() - before)
        assert_compiled(f)
    assert left == [0, limit, limit, 0, 0]
    row = rows_of("by_opcode")[-1]
    assert row["code_bytes"] > small and row["compiles"] == 3


def two_phases(n: int) -> Generator[int, None, None]:
    for i in range(n):
        yield i + 1
    while True:
        yield max(n, 2)


def test_a_generator_goes_on_in_machine_code_behind_a_yield_that_had_never_run() -> None:
    pyston_lite.enable(threshold=100, loop_threshold=1_000_000, sync=True)
    f = fresh(two_phases)
    generator = f(1000)
    assert [next(generator) for _ in range(1000)] == list(range(1, 1001))
    assert_compiled(f)

    def entries() -> int:
        return sum(row["entries"] for row in rows_of("two_phases"))

    assert [next(generator) for _ in range(1000)] == [1000] * 1000
    assert_compiled(f)
    before = entries()
    assert [next(generator) for _ in range(1000)] == [1000] * 1000
    assert entries() - before == 1000


def test_code_that_was_compiled_before_there_was_feedback_is_not_thought_to_have_never_run() -> None:
    pyston_lite.enable(threshold=100, loop_threshold=1_000_000, sync=True)
    f = compiled(fresh(by_opcode))
    for x in [*range(300), *["text"] * 100]:  # what was guessed fails, and it is compiled again
        for code in range(5):
            try:
                f(code, x)
            except TypeError:
                assert x == "text"
    before = never_ran()
    for code in range(5):
        f(code, 3)
    assert never_ran() == before


def sides(shape):
    return shape.sides + shape.inner


@pytest.mark.parametrize(("turns", "deopts"), [(1, False), (150, True)])
def test_objects_of_several_classes_by_turns_are_not_guarded_against_one(turns: int, deopts: bool) -> None:
    """What the calls before the compilation have seen decides; of one class after the other the last is expected to stay."""
    objects = [type(f"Shape{k}", (), {})() for k in range(3)]
    for k, shape in enumerate(objects):
        shape.sides, shape.inner = k, 10 * k
    pyston_lite.enable(threshold=120, loop_threshold=1_000_000, sync=True)
    f = fresh(sides)
    for k in range(150):
        assert f(objects[k // turns % 3]) == 11 * (k // turns % 3)
    assert_compiled(f)
    before = pyston_lite.stats()["deopts"].get("type_version", 0)
    for k in range(30):
        assert f(objects[k % 3]) == 11 * (k % 3)
    assert (pyston_lite.stats()["deopts"].get("type_version", 0) > before) is deopts


def multiples_of_each(numbers: list[int], k: int) -> list[int]:
    return [n * k for n in numbers if n]


def test_suppress() -> None:
    f = pyston_lite.suppress(fresh(total))
    pyston_lite.enable(threshold=2, loop_threshold=10, sync=True)
    for _ in range(50):
        f(100)
    assert not pyston_lite.is_compiled(f)
    with pytest.raises(pyston_lite.Refused) as caught:
        pyston_lite.compile(f)
    assert caught.value.reason


@pytest.mark.parametrize("what", ["allow", "deny"])
def test_lists(what: str) -> None:
    f, g = fresh(total), fresh(fib)
    pyston_lite.enable(threshold=2, loop_threshold=10, sync=True, **{what: ["total"]})
    for _ in range(20):
        f(50)
        g(5)
    assert (pyston_lite.is_compiled(f), pyston_lite.is_compiled(g)) == (
        (True, False) if what == "allow" else (False, True)
    )


def test_code_that_names_too_many_objects_is_refused() -> None:
    names: dict[str, types.FunctionType] = {}
    exec("def giant(x):\n" + "".join(f"    x.a{k} = {k}.5\n" for k in range(30_000)), names)
    with pytest.raises(pyston_lite.Refused) as caught:
        pyston_lite.compile(names["giant"])
    assert caught.value.reason == "too large: objects"


def test_refused_carries_its_reason() -> None:
    for bad in (len, 5, "name", type):
        with pytest.raises((pyston_lite.Refused, TypeError)):
            pyston_lite.compile(bad)


def test_stress_takes_exits() -> None:
    """Each stress mode changes what is compiled, none what is computed; forced exits are no failed guesses."""

    def deopts() -> int:
        return int(pyston_lite.stats()["deopts"].get("stress", 0))

    want = total(500)
    for modes, leaves in (({"guards": 1}, True), ({"exits": 1}, True), ({"shuffle": 5}, False)):
        pyston_lite.enable(stress=modes)
        f, before = compiled(fresh(total)), deopts()
        for _ in range(200):
            assert f(500) == want
        assert (deopts() > before) is leaves
        assert_compiled(f)


def test_stress_varies_thresholds() -> None:
    """Each function becomes hot at a number of calls of its own, up to the threshold."""
    pyston_lite.enable(threshold=100, sync=True, stress={"thresholds": 3})

    def calls_until_compiled(line: int) -> int:
        code = fib.__code__.replace(co_firstlineno=line)
        f = types.FunctionType(code, {"fib": None})
        for calls in range(1, 120):  # those before the interpreter specialises it do not count
            f(0)
            if pyston_lite.is_compiled(f):
                return calls
        raise AssertionError("not compiled")

    assert len({calls_until_compiled(line) for line in range(1, 21)}) > 10


def test_a_generator_made_once_becomes_compiled() -> None:
    f = fresh(running_totals)
    pyston_lite.disable()
    assert pyston_lite.enable(threshold=100, sync=True)
    it = f(1000)
    assert next(k for k, _ in enumerate(it) if pyston_lite.is_compiled(f)) < 200


SCALE = 3


def uses_globals(x: int) -> int:
    return x * SCALE


def test_globals_that_grow_are_relied_on_again() -> None:
    """A new name makes a table of keys another one; what was found in it is found in the new one, some times."""
    pyston_lite.enable(threshold=100, loop_threshold=1_000_000, sync=True)
    names = {"SCALE": 3}
    f = types.FunctionType(uses_globals.__code__.replace(), names)

    def exits() -> int:
        return int(pyston_lite.stats()["deopts"].get("keys_version", 0))

    taken = []
    for name in "abcdef":
        for _ in range(300):
            assert f(2) == 6
        assert_compiled(f)
        before = exits()
        for _ in range(10):
            f(2)
        assert exits() == before
        names[name] = 0
        for _ in range(300):
            assert f(2) == 6
        taken.append(exits() - before)
    assert taken[0] >= 40 and taken[1] >= 40
    assert taken[-1] == 0
