"""Debuggers and the stack: gdb follows it through machine code, and finds in it the Python frames that python-gdb (py-bt) asks for."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.behaviour.debugger import stopped
from tests.support import child_environment

HERE = Path(__file__).parent / "debugger"
MAY_BE_IN_STOCK = {"handing_over", "cold"}


def tool(name: str) -> str:
    """The path of a debugger. Those are packages of the system, which pip cannot install and `make test` does not ask for: whoever has
    none skips their tests, by name."""
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} not found: install the Debian package {name}")
    return path


def words(output: str, first: str) -> list[list[str]]:
    return [line.split()[1:] for line in output.splitlines() if line.startswith(first + " ")]


@pytest.mark.parametrize("case", stopped.CASES)
def test_gdb_finds_each_frame_once(case: str) -> None:
    command = [tool("gdb"), "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-ex", "run"]
    command += ["-ex", f"source {HERE / 'gdb_frames.py'}", "-ex", "kill", "--args"]
    # The environment is for the program alone: gdb embeds an interpreter, too.
    command += ["env", *(f"{name}={value}" for name, value in child_environment("compile_all").items())]
    command += [sys.executable, str(HERE / "stopped.py"), case]
    done = subprocess.run(
        command, env=child_environment(None), capture_output=True, text=True, timeout=120, check=False
    )
    shown = done.stdout + done.stderr
    (compiled,) = words(done.stdout, "compiled")
    assert case in compiled or case == "partial", shown
    assert {"stop", "unknown"} <= set(compiled), shown

    seen = [address for (address,) in words(done.stdout, "seen") if address != "stock"]
    frames = words(done.stdout, "frame")
    assert seen == [address for address, name in frames if address in seen or name not in MAY_BE_IN_STOCK], shown
    # gdb shows nothing beyond main when it knows which function that is.
    assert words(done.stdout, "outermost") in ([["_start"]], [["main"]]), shown


def test_valgrind_reads_the_rules() -> None:
    """The rules of the stubs are in the extension module, and valgrind ends itself at what it does not know in such rules."""
    program = "import pyston_lite\ndef f(x): return x\nf(1)\nprint(pyston_lite.is_compiled(f))"
    done = subprocess.run(
        [tool("valgrind"), "-q", "--tool=none", sys.executable, "-c", program],
        env=child_environment("compile_all"), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
