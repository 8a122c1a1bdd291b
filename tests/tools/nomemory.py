"""Lets allocations fail: `python -m tests.tools.nomemory [name...]`.

A name is a program of tests/differential/programs, tests/regress or tests/behaviour/observers. Each runs several times, in each mode,
and some of its allocations fail, at places chosen by --seed. What the program does then is its own business, and differs from stock's as
stock allocates at other places. But it ends by itself: a signal or a fatal error is a bug of ours, unless stock has it, too.

With --sweep the golden program of that name runs in this process, and one allocation of its function after the other fails. The function
is compiled after a warm-up, or --cold, without type feedback.
"""

import argparse
import itertools
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.support import MODES, NOT_ENABLED_STATUS, ROOT, child_environment, run_to_end
from tests.tools.programs import check_each, find_programs
from tests.tools.record import NEVER, load, names, warm_up_and_compile

SECONDS = 60
# A sweep ends when the allocations of that many numbers were not needed.
UNNEEDED = 8
# Stock allocates at other places: how far away it is asked.
NEARBY = 400
# Allocations that fail in a row; 0 stands for all that follow.
LENGTHS = (1, 1, 3, 30, 0)


# ---- every allocation of one call ------------------------------------------------------------------------------------------


def failing(first: int, last: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> tuple[bool, Any]:
    """Call a function, generators to their end, while the allocations from `first` to before `last` (0: all later ones) fail; whether it
    ended, and its result."""
    import _testcapi

    _testcapi.set_nomemory(first, last)
    try:
        result = run_to_end(function(*arguments))
    except MemoryError:
        return False, None
    finally:
        _testcapi.remove_mem_hooks()
    return True, result


def each_failure(
    function: Callable[..., Any], make_arguments: Callable[[], tuple[Any, ...]]
) -> Iterator[tuple[bool, Any]]:
    """What `failing` gives for each allocation of a call."""
    for all_later in (False, True):
        unneeded = 0
        for first in itertools.count():
            # The arguments are made before memory ends.
            outcome = failing(first, 0 if all_later else first + 1, function, make_arguments())
            yield outcome
            unneeded = unneeded + 1 if outcome[0] else 0
            if unneeded == UNNEEDED:
                break


def sweep(name: str, warm: bool) -> None:
    """Prints how many allocations failed; raises AssertionError where a result is wrong or a reference is lost."""
    import copy

    import pyston_lite

    program = load(name)
    function = getattr(program, name)
    if warm:
        warm_up_and_compile(name)
    else:
        assert pyston_lite.enable(threshold=NEVER, loop_threshold=NEVER, sync=True), pyston_lite.status()
        pyston_lite.compile(function)
    failures = 0
    for arguments in program.CALLS:
        want = run_to_end(function(*copy.deepcopy(arguments)))
        # Everything in the process shares small ints.
        own = [argument for argument in arguments if not (isinstance(argument, int) and -5 <= argument <= 256)]
        counts = [sys.getrefcount(argument) for argument in own]
        for ended, result in each_failure(function, lambda arguments=arguments: copy.deepcopy(arguments)):
            failures += not ended
            assert not ended or repr(result) == repr(want), f"{result!r} instead of {want!r}"
        del result
        assert [sys.getrefcount(argument) for argument in own] == counts
    print(failures)


# ---- whole programs --------------------------------------------------------------------------------------------------------


def execute(path: Path, first: int, last: int) -> None:
    """Runs a program in this process. CPython's own compiler does not survive everything, so it has done its work before."""
    import _testcapi

    program = compile(path.read_bytes(), str(path), "exec")
    sys.argv = [str(path)]
    _testcapi.set_nomemory(first, last)
    try:
        exec(program, {"__name__": "__main__", "__file__": str(path)})
    finally:
        _testcapi.remove_mem_hooks()


def run_program(path: Path, mode: str | None, first: int, last: int) -> int | None:
    """The exit status of a program whose allocations of these numbers fail; None when it did not end."""
    environ = child_environment(mode)
    environ["PYTHONPATH"] += os.pathsep + str(ROOT)
    command = [sys.executable, "-m", "tests.tools.nomemory", "--execute", str(path), str(first), str(last)]
    try:
        done = subprocess.run(
            command, env=environ, cwd=path.parent, timeout=SECONDS, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return None
    assert done.returncode != NOT_ENABLED_STATUS, done.stderr.decode("utf-8", "replace")
    return done.returncode


def is_unsound(status: int | None) -> bool:
    return status is None or status < 0


def is_unsound_in_stock(path: Path, first: int, last: int) -> bool:
    """Whether stock ends so, too, when it misses as many allocations thereabouts."""
    length = max(last - first, 0)
    starts = [max(first + offset, 0) for offset in range(-NEARBY, NEARBY + 1, NEARBY // 20)]
    return any(is_unsound(run_program(path, None, start, start + length if length else 0)) for start in starts)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.nomemory", description=__doc__)
    parser.add_argument("names", nargs="*", help="default: all programs")
    parser.add_argument("--times", type=int, default=3, help="runs of each program in each mode")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--modes", default="compile_all,profiled,background", help=f"of {', '.join(MODES)}")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sweep", choices=names(), metavar="NAME")
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--execute", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.execute:
        path, first, last = options.execute
        execute(Path(path), int(first), int(last))
        return
    if options.sweep:
        sweep(options.sweep, not options.cold)
        return

    programs = find_programs()
    if unknown := set(options.names) - programs.keys():
        parser.error(f"no such program: {', '.join(sorted(unknown))}")
    chance = random.Random(options.seed)

    def unsound(job: tuple[str, str, int, int]) -> str | None:
        name, mode, first, last = job
        status = run_program(programs[name], mode, first, last)
        if not is_unsound(status) or is_unsound_in_stock(programs[name], first, last):
            return None
        return f"{name}, mode {mode}, without the allocations {first}:{last}: " + (
            "not finished" if status is None else f"exit status {status}"
        )

    def check(name: str) -> bool:
        jobs = []
        for mode in options.modes.split(",") * options.times:
            first, length = int(10 ** chance.uniform(1.5, 5.5)), chance.choice(LENGTHS)
            jobs.append((name, mode, first, first + length if length else 0))
        found = [text for text in pool.map(unsound, jobs) if text is not None]
        print(f"{name}: {len(jobs)} runs, {len(found)} failed", *found, sep="\n  ", flush=True)
        return not found

    with ThreadPoolExecutor(options.jobs) as pool:
        check_each(options.names or sorted(programs), check)


if __name__ == "__main__":
    main()
