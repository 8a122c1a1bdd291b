"""Where allocations fail, compiled code gives the right result or a MemoryError, and whatever was there before is still there."""

import subprocess
import sys

import pyston_lite
import pytest

from tests.support import ROOT, assert_compiled
from tests.tools.nomemory import each_failure
from tests.tools.record import names

pytest.importorskip("_testcapi", reason="this interpreter cannot let allocations fail")


@pytest.mark.parametrize("compiled", ["warm", "cold"])
@pytest.mark.parametrize("name", names())
def test_each_allocation_of_a_call_fails(name: str, compiled: str) -> None:
    """In a process of its own, which an error may end; of code with type feedback, and of code that knows nothing."""
    command = [sys.executable, "-X", "faulthandler", "-W", "ignore", "-m", "tests.tools.nomemory", "--sweep", name]
    command += ["--cold"] if compiled == "cold" else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().isdigit()


def squares(n):
    found = []
    for i in range(n):
        found.append({"number": i, "square": i * i, "half": i / 2})
    return [(row["number"], row["square"], row["half"]) for row in found]


@pytest.mark.usefixtures("accelerated")
def test_each_allocation_of_a_compilation_fails() -> None:
    """A function that could not be compiled runs on in stock, and the next one is compiled."""

    def compile_one(function):
        try:
            pyston_lite.compile(function)
        except pyston_lite.Refused as refused:
            return refused.reason
        return None

    want = squares(30)
    copies = []

    def make_copy():
        copies.append(type(squares)(squares.__code__.replace(), globals()))
        return (copies[-1],)

    outcomes = list(each_failure(compile_one, make_copy))
    assert not all(ended for ended, _ in outcomes), "no allocation failed"
    assert outcomes[-1] == (True, None)
    assert all(function(30) == want for function in copies)
    assert_compiled(copies[-1])
