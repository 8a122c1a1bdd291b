"""A nil pointer of the compiler refuses one function, and the signal handlers of the program stay the program's."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import child_environment

SIGNALS = "SIGSEGV", "SIGBUS", "SIGFPE"

# The compiler makes its mistake in every third compilation. After that it is given a function that it takes long for, so that
# things happen while it works.
PROGRAM = """
import ctypes, faulthandler, json, os, signal, subprocess, sys, time
import pyston_lite

SIGNALS = signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE
where, how = sys.argv[1:]
pyston_lite.enable(threshold=5, loop_threshold=10**9, sync=where == "sync", stress={"faults": 3})


def caught():
    with open("/proc/self/status") as file:
        mask = int(next(line for line in file if line.startswith("SigCgt:")).split()[1], 16)
    return [s.name for s in SIGNALS if mask >> (s - 1) & 1]


def is_busy():
    service = pyston_lite.stats()["service"]
    return service["queued"] + service["in_flight"] > 0


def wait():
    while is_busy():
        time.sleep(0.01)


def caught_at_last(expected):           # when nothing is compiled any more, these functions included
    end = time.monotonic() + 10
    while (now := caught()) != expected and time.monotonic() < end:
        wait()
    return now


def define(name, lines):
    namespace = {}
    exec(f"def {name}(a):\\n    " + "\\n    ".join(lines), namespace)
    return namespace[name]


if how == "faulthandler":
    faulthandler.enable()
before = caught()
functions = [define(f"f{i}", [f"return a + {i}"]) for i in range(60)]
total = sum(f(turn) for turn in range(40) for f in functions)
wait()
stats = pyston_lite.stats()
pyston_lite.enable(threshold=5, loop_threshold=10**9, sync=False)
during = before
for _ in range(10):                     # a busy machine may not let this thread see the first one
    long = define("long", ["a = a + a * 3 - (a & 7)"] * 2000 + ["return a"])
    for _ in range(6):
        long(1)
    while is_busy() and during == before:
        during = caught()
    if during != before:
        break
if how == "fork":
    child = os.fork()
    if child == 0:
        os._exit(caught() == before)
    in_child = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
if how == "crash" or how == "faulthandler":
    ctypes.string_at(16)
if how == "send":
    signal.raise_signal(signal.SIGSEGV)
if how == "handler":
    times = []
    signal.signal(signal.SIGSEGV, lambda number, frame: times.append(number))
    signal.raise_signal(signal.SIGSEGV)
wait()
print(json.dumps({
    "total": total, "compiled": stats["compile"]["compiled"], "refused": stats["refused"], "before": before, "during": during,
    "after": caught_at_last(["SIGSEGV"] if how == "handler" else before),
    "in_child": in_child if how == "fork" else None, "handled": times if how == "handler" else None,
}))
"""


def start(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    environ = {name: value for name, value in child_environment(None).items() if name != "PYSTON_LITE"}
    return subprocess.run(
        [sys.executable, str(file), *arguments], env=environ, capture_output=True, text=True, timeout=120, check=False
    )


def outcome(tmp_path: Path, *arguments: str) -> dict[str, Any]:
    done = start(tmp_path, *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("where", ["sync", "background"])
def test_a_nil_pointer_refuses_one_function(tmp_path: Path, where: str) -> None:
    seen = outcome(tmp_path, where, "nothing")
    assert seen["total"] == sum(turn + i for turn in range(40) for i in range(60))
    (reason,) = seen["refused"]
    assert reason == "internal: runtime error: invalid memory address or nil pointer dereference"
    assert seen["refused"][reason] >= 20
    assert seen["compiled"] >= 40


def test_handlers_stand_while_the_compiler_works(tmp_path: Path) -> None:
    seen = outcome(tmp_path, "background", "nothing")
    assert (seen["before"], seen["during"], seen["after"]) == ([], list(SIGNALS), [])


def test_a_child_of_fork_has_the_handlers_of_the_program(tmp_path: Path) -> None:
    assert outcome(tmp_path, "background", "fork")["in_child"] == 1


@pytest.mark.parametrize("how", ["crash", "send"])
def test_faults_of_the_program_end_it_while_the_compiler_works(tmp_path: Path, how: str) -> None:
    assert start(tmp_path, "background", how).returncode == -signal.SIGSEGV


def test_handlers_of_the_program_are_called_while_the_compiler_works(tmp_path: Path) -> None:
    done = start(tmp_path, "background", "faulthandler")
    assert done.returncode == -signal.SIGSEGV
    assert done.stderr.startswith("Fatal Python error: Segmentation fault\n")


def test_a_handler_that_is_set_while_the_compiler_works_stays(tmp_path: Path) -> None:
    seen = outcome(tmp_path, "background", "handler")
    assert seen["handled"] == [signal.SIGSEGV]
    assert seen["after"] == ["SIGSEGV"]
