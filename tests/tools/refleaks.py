"""Looks for leaked references: `python -m tests.tools.refleaks [name...]`, on a debug build of the interpreter.

A name is a program of tests/differential/programs, tests/regress or tests/behaviour/observers, which is run again and again in one
process, or a module of CPython's test package, which its own runner repeats (`-R`). After the warm-up, in which what is hot gets
compiled, each round must leave as many references and allocated blocks as it found. What grows in stock, too, is not a leak of
ours; so each name is run both ways, and compared.

A debug build has the sum of all reference counts; machine code for it counts there, too. So a single reference that is taken and
not given back, or given back and never taken, shows.
"""

import argparse
import contextlib
import gc
import itertools
import json
import os
import re
import runpy
import subprocess
import sys
import tempfile
from array import array
from dataclasses import dataclass
from pathlib import Path

from tests.support import MODES, NOT_ENABLED_STATUS, ROOT, child_environment
from tests.tools.programs import check_each, find_programs

SECONDS = 1800
# What `python -m test -R` prints of a module that grew in every round.
LEAKED = re.compile(r"^(\S+) leaked \[([-0-9, ]+)\] (references|memory blocks|file descriptors), sum=", re.MULTILINE)
# Modules that exercise what machine code counts by itself: frames, calls, attributes, exceptions, generators.
MODULES = """
    test_grammar test_opcodes test_call test_generators test_coroutines test_asyncgen test_exceptions test_except_star test_with
    test_contextlib test_frame test_dict test_list test_set test_descr test_class test_functools test_itertools test_weakref
    test_patma test_scope test_super test_unpack test_unpack_ex test_extcall test_fstring test_json test_copy test_dataclasses
    test_enum test_collections test_heapq test_iter test_raise test_yield_from test_property test_decorators
    test_operator test_richcmp test_augassign test_binop test_compare test_bool test_int test_float test_long test_slice
"""
Growth = dict[str, list[int]]


@dataclass(frozen=True)
class Result:
    """What grew in each of the last rounds; `failed` says why nothing is known."""

    growth: Growth
    failed: str = ""

    def leaks(self) -> set[str]:
        """CPython's own measure: what grew in every single round."""
        return {what for what, deltas in self.growth.items() if deltas and min(deltas) > 0}

    def shrinks(self) -> set[str]:
        return {what for what, deltas in self.growth.items() if deltas and max(deltas) < 0}


# ---- programs --------------------------------------------------------------------------------------------------------------


def drop_numbers() -> None:
    """Make machine code drop more ints than it keeps for its next ones, so that what it keeps does not grow later."""
    numbers = [*range(1000, 1300)]
    while numbers:
        number = numbers.pop()
        number += 1


def repeat(path: str, warm_up: int, rounds: int, report: str) -> None:
    """Run a program again and again in this process, without what it prints."""
    total = warm_up + rounds + 1
    references, blocks = array("q", bytes(8 * total)), array("q", bytes(8 * total))  # which are no objects of their own
    sys.argv = [path]
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    for _ in range(30):
        drop_numbers()
    for k in range(total):
        with contextlib.suppress(SystemExit):
            runpy.run_path(path, run_name="__main__")
        drop_numbers()
        print(end="", flush=True)  # text that is not written yet is objects
        sys._clear_type_cache()  # each class that is made anew would fill other entries
        for _ in range(3):
            gc.collect()
        references[k], blocks[k] = sys.gettotalrefcount(), sys.getallocatedblocks()
    growth = {
        what: [after - before for before, after in itertools.pairwise(counts[warm_up:])]
        for what, counts in (("references", references), ("memory blocks", blocks))
    }
    Path(report).write_text(json.dumps(growth))


def run_program(path: Path, mode: str | None, options: argparse.Namespace) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "growth.json"
        numbers = [str(options.warm_up), str(options.rounds)]
        environ = child_environment(mode)
        environ["PYTHONPATH"] += os.pathsep + str(ROOT)
        command = [sys.executable, "-m", "tests.tools.refleaks", "--repeat", str(path), *numbers, str(report)]
        done = run(command, environ, path.parent)
        if isinstance(done, str):
            return Result({}, done)
        if not report.exists():
            return Result({}, f"exit status {done.returncode}")
        return Result(json.loads(report.read_text()))


# ---- CPython's modules -----------------------------------------------------------------------------------------------------


def run_module(module: str, mode: str | None, options: argparse.Namespace) -> Result:
    with tempfile.TemporaryDirectory() as folder:
        environ = child_environment(mode)
        for name in ("PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE"):
            del environ[name]
        rounds = f"{options.warm_up}:{options.rounds}:{folder}/reflog.txt"
        done = run([sys.executable, "-m", "test", "--tempdir", folder, "-R", rounds, module], environ, Path(folder))
    if isinstance(done, str):
        return Result({}, done)
    text = done.stdout.decode("utf-8", "replace")
    growth = {what: [int(delta) for delta in deltas.split(",")] for _, deltas, what in LEAKED.findall(text)}
    if not growth and done.returncode != 0:
        return Result({}, "\n    ".join([f"exit status {done.returncode}", *text.splitlines()[-6:]]))
    return Result(growth)


def run(command: list[str], environ: dict[str, str], folder: Path) -> "subprocess.CompletedProcess[bytes] | str":
    """The finished process, or what went wrong."""
    try:
        done = subprocess.run(
            command, env=environ, cwd=folder, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"not finished after {SECONDS} seconds"
    assert done.returncode != NOT_ENABLED_STATUS, done.stdout.decode("utf-8", "replace")
    return done


# ---- comparing -------------------------------------------------------------------------------------------------------------


def compare(name: str, programs: dict[str, Path], options: argparse.Namespace) -> list[str]:
    """What is wrong with the accelerated run; it is repeated before it counts, and so is stock."""

    def once(mode: str | None) -> Result:
        return run_program(programs[name], mode, options) if name in programs else run_module(name, mode, options)

    stock = once(None)
    if stock.failed:
        return [] if name in programs else [f"stock: {stock.failed}"]
    ours = once(options.mode)
    if ours.failed:
        return [ours.failed]
    wrong = (ours.leaks() - stock.leaks()) | (ours.shrinks() - stock.shrinks())
    if wrong:
        stock, again = once(None), once(options.mode)
        wrong &= (again.leaks() - stock.leaks()) | (again.shrinks() - stock.shrinks())
        return [f"{what}: {ours.growth[what]}, again {again.growth.get(what)}" for what in sorted(wrong)]
    return []


def main() -> None:
    if sys.argv[1:2] == ["--repeat"]:
        path, warm_up, rounds, report = sys.argv[2:]
        repeat(path, int(warm_up), int(rounds), report)
        return
    parser = argparse.ArgumentParser(prog="python -m tests.tools.refleaks", description=__doc__)
    parser.add_argument("names", nargs="*", help="default: all programs, and a sample of modules")
    parser.add_argument("--mode", default="compile_all", choices=list(MODES))
    parser.add_argument("--warm-up", type=int, default=16, help="rounds before anything is compared")
    parser.add_argument("--rounds", type=int, default=8, help="rounds that are compared")
    options = parser.parse_args()
    if not hasattr(sys, "gettotalrefcount"):
        raise SystemExit("this interpreter does not count its references: take a debug build (Debian: python3.11-dbg)")
    programs = find_programs()
    names = options.names or [*programs, *MODULES.split()]

    def check(name: str) -> bool:
        found = compare(name, programs, options)
        print(f"{name}: {'leaks' if found else 'flat'}", *found, sep="\n  ", flush=True)
        return not found

    check_each(names, check)


if __name__ == "__main__":
    main()
