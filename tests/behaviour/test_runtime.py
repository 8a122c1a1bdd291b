"""What an accelerated process must keep: fork, threads, signals, deep recursion, garbage collection, reference counts."""

import _testinternalcapi
import ctypes
import gc
import json
import os
import signal
import subprocess
import sys
import threading
import time
import types
import weakref

import pyston_lite
import pytest

from tests.support import assert_compiled, call_both, compiled, run_both, stock_copy

pytestmark = pytest.mark.usefixtures("accelerated")


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def total(n):
    t = 0
    for i in range(n):
        t += i * 3 % 7
    return t


def fresh(func: types.FunctionType) -> types.FunctionType:
    """A copy with its own code object, so that what one test compiles no other test finds compiled."""
    return types.FunctionType(
        func.__code__.replace(), func.__globals__, func.__name__, func.__defaults__, func.__closure__
    )


def test_compile_and_report() -> None:
    f = fresh(total)
    assert not pyston_lite.is_compiled(f)
    pyston_lite.compile(f)
    assert_compiled(f)
    before = sum(row["entries"] for row in pyston_lite.functions() if row["qualname"] == "total")
    assert f(1000) == total(1000)
    rows = [row for row in pyston_lite.functions() if row["qualname"] == "total"]
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


BEFORE_THE_FIRST_LOOP = """
import _testinternalcapi

seen = []
_testinternalcapi.set_eval_frame_record(seen)


def count(n):
    total = 0
    while total < n:
        total += 1
    return total


def numbers(n):
    for i in range(n):
        if i == 2:
            _testinternalcapi.set_eval_frame_default()
        yield i


def middle(n):
    total = 0
    for i in numbers(n):
        total += count(i)
    return total


print(count(3), middle(40), seen)
for _ in range(40):
    middle(5)
seen.clear()
_testinternalcapi.set_eval_frame_record(seen)
print(count(2), middle(5), seen)
print(middle(50))
"""


def test_another_evaluator_before_the_first_loop() -> None:
    """Being told of evaluators is arranged for at the first loop. One that is set by then gets every frame, and frames that stock
    has started by itself are never patched."""
    run_both(BEFORE_THE_FIRST_LOOP, expect_compiled=False)


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
    rows = [row for row in pyston_lite.functions() if row["qualname"] == name]
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
    """Most of its iterations are not counted; it is looked at again, so a loop that becomes a long one is still found."""
    pyston_lite.enable(threshold=1_000_000, loop_threshold=50_000, sync=True)
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


def test_disable_and_enable_under_load() -> None:
    f = compiled(fresh(fib))
    want = fib(15)
    for _ in range(20):
        pyston_lite.disable()
        assert f(15) == want
        assert pyston_lite.enable(threshold=5, sync=True)
        assert f(15) == want


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


def test_disable_inside_a_compiled_function() -> None:
    def toggles(n):
        out = []
        for i in range(n):
            if i == n // 2:
                pyston_lite.disable()
            out.append(i * i)
        return out

    f = compiled(toggles)
    assert f(40) == [i * i for i in range(40)]
    assert not pyston_lite.is_enabled()


def blocked_by() -> list[str]:
    reasons: list[str] = pyston_lite.stats()["loops_blocked_by"]
    return reasons


def calls_leaves(n, at, change):
    total = 0
    for i in range(n):
        if i == at:
            change()
        total += fib(i % 2)
    return total


def test_an_evaluator_that_is_set_later_sees_every_call() -> None:
    """Those of a function that is running in machine code included; when it is gone, machine code is entered again."""
    f, seen = compiled(fresh(calls_leaves)), []
    before = pyston_lite.stats()["deopts"].get("observer", 0)
    try:
        assert f(10, 4, lambda: _testinternalcapi.set_eval_frame_record(seen)) == 5
        assert seen == ["fib"] * 6
        assert pyston_lite.stats()["deopts"]["observer"] > before
        assert blocked_by() == ["another evaluator was set later"]
    finally:
        _testinternalcapi.set_eval_frame_default()
    assert fib(10) == 55
    pyston_lite.disable()
    assert pyston_lite.enable()
    assert blocked_by() == []


def test_an_evaluator_that_was_there_first_gets_every_frame() -> None:
    f, seen = compiled(fresh(calls_leaves)), []
    pyston_lite.disable()
    _testinternalcapi.set_eval_frame_record(seen)
    try:
        assert pyston_lite.enable()
        assert blocked_by() == ["another evaluator was there first"]
        seen.clear()
        assert f(10, -1, None) == 5
        assert seen == ["calls_leaves"] + ["fib"] * 10
    finally:
        pyston_lite.disable()
        _testinternalcapi.set_eval_frame_default()


def test_the_setter_of_evaluators_is_as_before_when_disabled() -> None:
    def code() -> bytes:
        return ctypes.string_at(ctypes.pythonapi._PyInterpreterState_SetEvalFrameFunc, 16)

    watched = code()
    pyston_lite.disable()
    assert code() != watched
    assert pyston_lite.enable()
    assert code() == watched


def test_outcomes_of_single_functions() -> None:
    def divide(a, b):
        return a // b

    def lookup(d, k):
        return d[k]["x"]

    def grow(a):
        for _ in range(5):
            a = a * a + 1
        return a

    for args in ((7, 2), (-7, 2), (7, 0), (7.5, 2), ("a", 1), (2**80, 3)):
        call_both(fresh(divide), lambda args=args: args)
    for args in (({"a": {"x": 1}}, "a"), ({"a": {}}, "a"), ({}, "b"), (None, 1)):
        call_both(fresh(lookup), lambda args=args: args)
    for value in (1, 3, -2, 1.5, True):
        call_both(fresh(grow), lambda value=value: (value,))


def test_reference_counts_stay_flat() -> None:
    class Box:
        def __init__(self, v):
            self.v = v

    def work(box, items, text):
        out = []
        for item in items:
            box.v = item
            out.append((box.v, text, len(text)))
            pair = box.v, text
            text2 = text + "x"
        return out, pair, text2

    f = compiled(work)
    box, items, text = Box(0), [object(), 1.5, "s", 10**30], "text" * 3
    f(box, items, text)
    before = [sys.getrefcount(x) for x in (box, items, text, *items, None, True, Box)]
    for _ in range(500):
        f(box, items, text)
    after = [sys.getrefcount(x) for x in (box, items, text, *items, None, True, Box)]
    assert before == after


def test_objects_die_in_time() -> None:
    """A local dies when it is rebound. So does an argument, when the caller is compiled as well.

    A caller that runs in the stock interpreter keeps its references until the call returns, because an evaluator hook is set.
    """

    class Dies:
        pass

    def drop(x, refs):
        refs.append(weakref.ref(x))
        x = None
        return refs[0]() is None

    def caller():
        local = Dies()
        ref = weakref.ref(local)
        local = None
        return ref() is None, drop(Dies(), [])

    compiled(drop)
    f = compiled(caller)
    assert all(f() == (True, True) for _ in range(50))


def test_memory_of_replaced_functions_is_freed() -> None:
    """Compiling and dropping code in a loop keeps the resident set flat, up to 8 MiB of noise."""

    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def once(i: int) -> None:
        namespace: dict[str, types.FunctionType] = {}
        exec(f"def f(x):\n    t = {i}\n    for i in range(x):\n        t += i * x\n    return t", namespace)
        compiled(namespace["f"])
        namespace["f"](10)

    def lowest(rounds: int, times: int) -> int:
        """What stays between the collections of the compiler, whose heap goes up and down by itself."""
        seen = []
        for _ in range(rounds):
            for i in range(times):
                once(i)
            gc.collect()
            seen.append(resident())
        return min(seen)

    before = lowest(5, 100)
    assert lowest(5, 400) - before < 8 << 20


def test_gc_at_every_allocation() -> None:
    class Node:
        def __init__(self, left, right):
            self.left, self.right, self.me = left, right, self

        def depth(self):
            return 1 + max(self.left.depth() if self.left else 0, self.right.depth() if self.right else 0)

    def tree(n):
        return Node(tree(n - 1), tree(n - 1)) if n else None

    compiled(tree)
    compiled(Node.__init__)
    compiled(Node.depth)
    thresholds = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        assert tree(7).depth() == 7
        assert [tree(3).depth() for _ in range(30)] == [3] * 30
    finally:
        gc.set_threshold(*thresholds)


def test_deep_recursion() -> None:
    """Stock keeps Python calls off the C stack; so must we, or give way before the stack ends."""
    source = """
import sys
sys.setrecursionlimit(200_000)
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
for _ in range(20):
    down(50)
print(down(150_000))
def over(n):
    return over(n + 1)
try:
    over(0)
except RecursionError as e:
    print(str(e)[:32])
print(down(150_000))
"""
    assert run_both(source).stdout.split()[0] == "150000"


def test_deep_recursion_in_a_thread_with_a_small_stack() -> None:
    source = """
import sys, threading
sys.setrecursionlimit(60_000)
threading.stack_size(256 * 1024)
def down(n):
    return 0 if n == 0 else 1 + down(n - 1)
for _ in range(20):
    down(50)
out = []
t = threading.Thread(target=lambda: out.append(down(50_000)))
t.start(); t.join()
print(out)
"""
    assert run_both(source).stdout == "[50000]\n"


def test_fork() -> None:
    f = compiled(fresh(fib))
    want = fib(12)
    for generation in range(3):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                g = compiled(fresh(total))  # The child compiles for itself.
                status = 0 if (f(12), g(500)) == (want, total(500)) else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, f"child {generation}"
    assert f(12) == want


def test_fork_from_a_child_of_a_child() -> None:
    f = compiled(fresh(fib))

    def generation(left: int) -> int:
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                ok = compiled(fresh(total))(300) == total(300) and f(10) == 55
                status = (generation(left - 1) if left else 0) if ok else 2
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    assert generation(4) == 0


def test_threads_switching_every_microsecond() -> None:
    f, g = compiled(fresh(total)), compiled(fresh(fib))
    want = total(2000), fib(13)
    results: list[tuple[int, int]] = []
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: results.extend((f(2000), g(13)) for _ in range(10))) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert results == [want] * 80


def test_another_thread_runs_while_a_loop_is_hot() -> None:
    stop = []

    def spin():
        n = 0
        while not stop:
            n += 1
        return n

    f = compiled(spin)
    timer = threading.Timer(0.1, stop.append, (1,))
    timer.start()
    assert f() > 0


def test_signals_every_millisecond() -> None:
    f = compiled(fresh(total))
    want = total(20_000)
    ticks = []
    old = signal.signal(signal.SIGALRM, lambda signum, frame: ticks.append(frame.f_code.co_name))
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    try:
        while len(ticks) < 100:
            assert f(20_000) == want
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert "total" in ticks


def test_exception_from_a_signal_handler_stops_a_loop() -> None:
    def endless():
        n = 0
        while True:
            n += 1

    class Alarm(Exception):
        pass

    def handler(signum, frame):
        raise Alarm

    f = compiled(endless)
    old = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    try:
        with pytest.raises(Alarm):
            f()
    finally:
        signal.signal(signal.SIGALRM, old)


def test_signal_dispositions_and_environment_are_unchanged() -> None:
    """Loading the compiler library installs no signal handler and changes no mask (its runtime would like to)."""
    source = """
import ctypes, os, signal
def state():
    with open("/proc/self/status") as f:
        lines = dict(line.rstrip().split(":\\t", 1) for line in f if ":\\t" in line)
    return {k: lines[k] for k in ("SigBlk", "SigIgn", "SigCgt")}, sorted(os.environ) == environ
environ = sorted(os.environ)
def work(n):
    t = 0
    for i in range(n):
        t += i
    return t
for _ in range(300):
    work(200)
print(state(), signal.getsignal(signal.SIGPIPE), signal.getsignal(signal.SIGINT))
"""
    run_both(source)


def test_no_file_descriptors_are_taken() -> None:
    """A program that opens a file after something was compiled gets the descriptor that it gets without."""
    program = """
import os

def double(n):
    return n + n

for i in range(100):
    double(i)
descriptor = os.open(os.devnull, os.O_RDONLY)
print(descriptor, [name for name in os.listdir("/proc/self/fd") if int(name) > 2])
"""
    run_both(program)


def test_no_signals_of_the_compiler_reach_a_handler() -> None:
    """The Go runtime preempts its threads with SIGURG, which a program may handle for its own purposes."""
    source = """
import signal
seen = []
signal.signal(signal.SIGURG, lambda *args: seen.append(args))
for i in range(150):
    namespace = {}
    body = "".join(f"        t += i * {k} % 7\\n" for k in range(40))
    exec(f"def work(n):\\n    t = {i}\\n    for i in range(n):\\n{body}    return t", namespace)
    for _ in range(30):
        namespace["work"](5)
print(len(seen))
"""
    assert run_both(source, ("background", "compile_all")).stdout == "0\n"


def test_async_exception_from_another_thread() -> None:
    import ctypes

    class Stop(Exception):
        pass

    outcome: list[str] = []

    def endless():
        n = 0
        while True:
            n += 1

    f = compiled(endless)

    def body():
        try:
            f()
        except Stop:
            outcome.append("stopped")

    thread = threading.Thread(target=body)
    thread.start()
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Stop))
    thread.join(20)
    assert outcome == ["stopped"]


def running_totals(n):
    t = 0
    for i in range(n):
        t += i
        yield t


def test_suspended_generators_outlive_what_resumed_them() -> None:
    expected = list(stock_copy(running_totals)(12))
    f = fresh(running_totals)
    assert f(12).__next__() == 0
    pyston_lite.compile(f)
    assert pyston_lite.is_compiled(f)
    suspended, other = f(12), f(12)
    taken = [next(suspended) for _ in range(3)]
    next(other)
    pyston_lite.disable()
    try:
        taken += [next(suspended) for _ in range(3)]
        assert next(other) == 1
    finally:
        pyston_lite.enable()
    taken += [next(suspended) for _ in range(3)]
    pyston_lite.suppress(f)
    assert not pyston_lite.is_compiled(f)
    assert taken + list(suspended) == expected
    del other
    gc.collect()


def test_a_generator_made_once_becomes_compiled() -> None:
    f = fresh(running_totals)
    pyston_lite.disable()
    assert pyston_lite.enable(threshold=100, sync=True)
    it = f(1000)
    assert next(k for k, _ in enumerate(it) if pyston_lite.is_compiled(f)) < 200
