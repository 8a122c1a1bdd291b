"""Runs generated programs stock and accelerated, many in each process: `make fuzz N=20000`, or with a first seed FIRST=...

Each batch of seeds runs in one stock process and one process for every mode. A process writes a marker before each program,
so a crash names its program. Programs that differ are saved under build/fuzz with their seed; the exit status is then 1.
"""

import argparse
import contextlib
import io
import os
import random
import signal
import sys
import time
from pathlib import Path

from tests.differential.generator import generate
from tests.support import MODES, ROOT, Run, run

MARK = "#### seed "
SECONDS_PER_PROGRAM = 20


def run_batch(first: int, count: int) -> None:
    """The child: every program in a namespace of its own, its output after its marker."""
    signal.signal(
        signal.SIGALRM, signal.SIG_DFL
    )  # A program that hangs ends the process, and its marker is the last one.
    for seed in range(first, first + count):
        print(f"{MARK}{seed}", flush=True)
        output = io.StringIO()
        signal.alarm(SECONDS_PER_PROGRAM)
        with contextlib.redirect_stdout(output):
            run_text(generate(random.Random(seed)), f"<seed {seed}>")
        signal.alarm(0)
        print(output.getvalue(), end="", flush=True)


def run_text(text: str, name: str) -> None:
    namespace = {"__name__": "generated"}
    try:
        exec(compile(text, name, "exec"), namespace)
    except Exception as error:  # Such as a RecursionError in a __repr__ that a program makes by chance.
        print("ended by", type(error).__name__)


def sections(result: Run) -> dict[int, str]:
    """The output of each program by its seed."""
    found = {}
    for part in result.stdout.split(MARK)[1:]:
        seed, _, text = part.partition("\n")
        found[int(seed)] = text
    return found


def compare(first: int, count: int, modes: list[str]) -> list[tuple[int, str, str]]:
    """The differences of one batch: seed, mode and what differed."""
    arguments = ("--batch", str(first), str(count))
    limit = SECONDS_PER_PROGRAM * count
    # The child is this file run as a script, which finds the tests package by this path.
    extra = {"PYTHONPATH": f"{ROOT / 'tests' / 'startup'}{os.pathsep}{ROOT}", "PYTHONWARNINGS": "ignore"}
    path = Path(__file__).resolve()
    stock = run(path, None, *arguments, timeout=limit, extra=extra)
    if stock.status == -signal.SIGALRM:
        slow = max(sections(stock))
        print(f"seed {slow} takes stock too long and is left out", flush=True)
        before = compare(first, slow - first, modes) if slow > first else []
        rest = first + count - slow - 1
        return before + (compare(slow + 1, rest, modes) if rest > 0 else [])
    if stock.status != 0:
        raise SystemExit(f"fuzz: the stock run of seeds {first}... ended with {stock.status}:\n{stock.stderr[-2000:]}")
    want = sections(stock)
    differences = []
    for mode in modes:
        accelerated = run(path, mode, *arguments, timeout=limit, extra=extra)
        got = sections(accelerated)
        for seed in want:
            if seed not in got:
                break
            if want[seed] != got[seed] and (accelerated.status == 0 or seed != max(got)):
                differences.append((seed, mode, f"--- stock\n{want[seed]}--- accelerated\n{got[seed]}"))
        if accelerated.status != 0:
            last = max(got, default=first)
            text = f"exit status {accelerated.status}\n{accelerated.stderr[-2000:]}"
            differences.append((last, mode, text))
            if last + 1 < first + count:
                differences += compare(last + 1, first + count - last - 1, [mode])
        elif not accelerated.compiled():
            raise SystemExit(f"fuzz: nothing was compiled in mode {mode}, so nothing was tested")
    return differences


def save(seed: int, mode: str, text: str) -> Path:
    folder = ROOT / "build" / "fuzz"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / f"seed{seed}.py"
    program.write_text(generate(random.Random(seed)), encoding="utf-8")
    (folder / f"seed{seed}.{mode}.txt").write_text(text, encoding="utf-8")
    return program


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.fuzz", description=__doc__)
    parser.add_argument("--programs", type=int, default=2000, metavar="N", help="how many programs")
    parser.add_argument(
        "--first", type=int, default=None, metavar="SEED", help="the first seed (default: by the clock)"
    )
    parser.add_argument("--size", type=int, default=250, metavar="N", help="programs in one process")
    parser.add_argument("--modes", default=",".join(MODES), help=f"of {', '.join(MODES)}")
    parser.add_argument("--batch", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.batch:
        run_batch(*options.batch)
        return

    first = options.first if options.first is not None else int(time.time()) * 1000
    failed = 0
    for start in range(first, first + options.programs, options.size):
        count = min(options.size, first + options.programs - start)
        for seed, mode, text in compare(start, count, options.modes.split(",")):
            failed += 1
            print(f"seed {seed} differs in mode {mode}: {save(seed, mode, text)}", flush=True)
        print(f"{start - first + count} programs, {failed} differences", flush=True)
    print(f"{options.programs} passed, {failed} failed" if not failed else f"first seed {first}: {failed} differences")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
