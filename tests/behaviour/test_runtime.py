"""What an accelerated process must keep: fork, threads, signals, deep recursion, garbage collection, reference counts."""

import _testinternalcapi
import ctypes
import gc
import os
import signal
import subprocess
import sys
import threading
import types
import weakref

import pyston_lite
import pytest

from tests.behaviour.hot import fib, running_totals, total
from tests.support import MODES, call_both, compiled, fresh, run_both, stock_copy

pytestmark = pytest.mark.usefixtures("accelerated")


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


def test_disable_and_enable_under_load() -> None:
    f = compiled(fresh(fib))
    want = fib(15)
    for _ in range(20):
        pyston_lite.disable()
        assert f(15) == want
        assert pyston_lite.enable(threshold=5, sync=True)
        assert f(15) == want


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


SETTERS = """
import ctypes, sys
import pyston_lite

if AUDITED:
    sys.addaudithook(lambda event, args: None)

def code(name):
    return ctypes.string_at(getattr(ctypes.pythonapi, name), 16)

NAMES = ("_PyInterpreterState_SetEvalFrameFunc", "_PyEval_SetTrace", "_PyEval_SetProfile")
original = [code(name) for name in NAMES]

def total(n):
    t = 0
    for i in range(n):
        t += i
    return t

pyston_lite.enable(threshold=1000000)
pyston_lite.compile(total)
changed = [code(name) != before for name, before in zip(NAMES, original)]
for install in (sys.settrace, sys.setprofile):
    events = []
    assert pyston_lite.stats()["loops_blocked_by"] == []
    install(lambda frame, event, arg: events.append(event))
    assert pyston_lite.stats()["loops_blocked_by"] == ["tracing"]
    total(3)
    install(None)
    assert events[0] == "call"
    for _ in range(5000):
        (lambda: None)()          # enough cold calls for the end to be noticed
assert pyston_lite.stats()["loops_blocked_by"] == []
assert changed == [code(name) != before for name, before in zip(NAMES, original)]
pyston_lite.disable()
assert original == [code(name) for name in NAMES]
print(changed)
"""


@pytest.mark.parametrize(("audited", "changed"), [(False, [True, True, True]), (True, [True, False, False])])
def test_tracing_is_noticed_when_it_is_set(audited: bool, changed: list[bool]) -> None:
    """By watching the functions that set it, and by an audit hook where there are audit hooks anyway."""
    program = SETTERS.replace("AUDITED", str(audited))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (f"{changed}\n", "")


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


def living_functions(n):
    """How many objects more the collector counts."""
    before = gc.get_count()[0]
    f = lambda: n
    counts = [gc.get_count()[0] - before]
    f = None
    counts.append(gc.get_count()[0] - before)
    functions = []
    for _ in range(n):
        functions.append(lambda: n)
    counts.append(gc.get_count()[0] - before)
    tracked = all(map(gc.is_tracked, functions))
    functions = f
    counts.append(gc.get_count()[0] - before)
    return counts, tracked


def test_the_collector_counts_functions_as_in_stock() -> None:
    """Also those in memory that dead ones have left."""
    f = compiled(fresh(living_functions))
    gc.disable()
    try:
        for function in f, stock_copy(living_functions):     # the first calls specialise instructions, and compile
            assert [function(40) for _ in range(20)][-1] == ([1, 0, 40, 0], True)
    finally:
        gc.enable()


def test_signal_dispositions_and_environment_are_unchanged() -> None:
    """Loading the compiler library installs no signal handler and changes no mask (its runtime would like to).

    What stands while something is being compiled is in test_faults.py."""
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
    run_both(source, tuple(mode for mode in MODES if mode != "background"))


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
