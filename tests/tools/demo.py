"""`make demo`: a table of well-known programs, stock against accelerated on this interpreter, or of one script of yours.

Each program runs in fresh processes, in alternation. `make demo SCRIPT=path` times whole runs of that script instead.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.bench import runner
from tests.support import ROOT

PROGRAMS = ("richards", "deltablue", "nbody", "json_dumps", "mako", "micro_fib", "micro_float", "micro_generator")


def add_row(
    table: Table, name: str, stock: float, accelerated: float, unit: str, compiled: int, stats: dict[str, Any]
) -> None:
    ratio = stock / accelerated
    colour = "green" if ratio >= 1.02 else "red" if ratio < 0.98 else "yellow"
    cells = [f"{stock:.1f} {unit}", f"{accelerated:.1f} {unit}", f"[bold {colour}]{ratio:.2f} x[/]", str(compiled)]
    table.add_row(name, *cells, str(stats["run"]["deopts"]))


def new_table(title: str) -> Table:
    table = Table(title=title, title_style="bold")
    table.add_column("program")
    for heading in ("stock", "accelerated", "speed", "functions compiled", "deoptimisations"):
        table.add_column(heading, justify="right")
    return table


def show_programs(console: Console, rounds: int, seconds: float) -> int:
    table = new_table(
        f"pyston-lite on CPython {sys.version.split()[0]}: time of one batch, median of {rounds} processes each"
    )
    measured = 0
    with console.status("measuring") as status:
        for name in PROGRAMS:
            status.update(f"measuring {name}")
            for _, result in runner.run_programs([name], rounds, seconds):
                if isinstance(result, str):
                    console.print(f"[red]{name}: {result}[/]")
                    continue
                times = [
                    1e3 * statistics.median(statistics.median(run["batches"]) for run in runs)
                    for runs in (result.stock, result.accelerated)
                ]
                last = result.accelerated[-1]
                add_row(table, name, *times, "ms", last["compiled"], last["stats"])
                measured += 1
    console.print(table)
    return 0 if measured == len(PROGRAMS) else 1


def run_script(script: Path, accelerated: bool) -> tuple[float, dict[str, Any]]:
    """One whole run of a script: its seconds, and the report of the accelerated run. The script's output is dropped."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        environ = {
            name: value
            for name, value in os.environ.items()
            if name not in ("PYSTON_LITE", "DISABLE_PYSTON", "PYTHONPATH")
        }
        if accelerated:
            command = [sys.executable, "-m", "pyston_lite", f"--stats={report}", "--", str(script)]
        else:
            command, environ["PYSTON_LITE"] = [sys.executable, str(script)], "0"
        start = time.perf_counter()
        done = subprocess.run(
            command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
        )
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            sys.exit(f"demo: {script} ended with {done.returncode}: {done.stderr.strip()[-500:]}")
        return seconds, json.loads(report.read_text()) if accelerated else {}


def show_script(console: Console, script: Path, rounds: int) -> int:
    times: dict[bool, list[float]] = {False: [], True: []}
    report: dict[str, Any] = {}
    with console.status(f"running {script}"):
        for _ in range(rounds):
            for accelerated, found in times.items():
                seconds, data = run_script(script, accelerated)
                found.append(seconds)
                report = data or report
    if not report["status"]["enabled"]:
        sys.exit(f"demo: pyston_lite is not enabled: {report['status']['reason']}")
    table = new_table(f"{script.name} on CPython {sys.version.split()[0]}: time of a whole run, median of {rounds}")
    compiled = sum(row["code_bytes"] > 0 for row in report["functions"])
    medians = [1e3 * statistics.median(found) for found in times.values()]
    add_row(table, script.name, *medians, "ms", compiled, report["stats"])
    console.print(table)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("script", nargs="?", type=Path, help="a script to time instead of the table")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.7)
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 110)
    if options.script is None:
        os.chdir(ROOT)
        return show_programs(console, options.rounds, options.seconds)
    if not options.script.is_file():
        sys.exit(f"demo: no file {options.script}")
    return show_script(console, options.script.resolve(), options.rounds)


if __name__ == "__main__":
    sys.exit(main())
