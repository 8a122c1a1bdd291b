"""Runs the tests of well-known projects stock and accelerated, and compares case by case.

`make smoke`, or `python -m tests.smoke [project...]`. Everything lives in build/smoke: an environment of its own with the
projects that requirements/smoke.txt pins and pyston_lite autoloaded, their sources, what each run printed, and a report.

A case that differs is run again in both ways. It counts as a difference when nothing that it did in one way it ever did in the
other; else it is unsteady by itself, and listed as that.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.smoke import environment, outcomes
from tests.smoke.projects import SUITES, Suite
from tests.support import MODES

HERE = Path(__file__).resolve().parent
# Low thresholds in the way that ships: compilation in the background.
POLICY = {"PYSTON_LITE_THRESHOLD": "50", "PYSTON_LITE_LOOP_THRESHOLD": "200"}
# Stock and accelerated runs see the same names, hashes and plugins.
FIXED = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
RUNS = environment.BUILD / "runs"


@dataclass
class Result:
    """One run of a suite: its cases, and how many functions became hot and were compiled in the process with the most."""

    status: int
    cases: outcomes.Outcomes
    output: str
    seconds: float
    hot: int = 0
    compiled: int = 0
    faults: list[str] = field(default_factory=list)


def command_of(suite: Suite, report: Path) -> list[str]:
    python = str(environment.PYTHON)
    match suite.kind:
        case "pytest":
            return [python, "-m", "pytest", *suite.arguments, f"--junit-xml={report}"]
        case "unittest":
            return [python, "-m", "unittest", "-v", *suite.arguments]
        case "django":
            return [python, "runtests.py", "--verbosity=2", "--parallel=1", *suite.arguments]
        case _:
            return [python, str(HERE / "programs" / suite.arguments[0]), *suite.arguments[1:]]


def cases_of(suite: Suite, report: Path, output: str) -> outcomes.Outcomes:
    match suite.kind:
        case "pytest":
            found = outcomes.pytest_outcomes(report)
        case "unittest" | "django":
            found = outcomes.unittest_outcomes(output)
        case _:
            found = outcomes.program_outcomes(output)
    return {name: outcome for name, outcome in found.items() if not (suite.timed and name.endswith(suite.timed))}


def run(suite: Suite, mode: dict[str, str] | None) -> Result:
    """Run a suite stock (None) or with these switches, in a folder that is made anew."""
    work = environment.BUILD / "work"
    if suite.source:
        folder = environment.unpack(suite.source, work) / suite.folder
        root = next(path for path in work.iterdir() if path.is_dir())
    else:
        work.mkdir(parents=True, exist_ok=True)
        folder = root = work
    environ = environment.outside_environment() | FIXED
    environ["PATH"] = f"{environment.PYTHON.parent}{os.pathsep}{environ['PATH']}"
    environ |= suite.environ | {"PYSTON_LITE": "0"}
    if suite.build:
        done = subprocess.run(
            [str(environment.PYTHON), *suite.build], env=environ, cwd=root, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise environment.Unavailable(done.stderr[-2000:])
    RUNS.mkdir(parents=True, exist_ok=True)
    statistics = RUNS / "statistics"
    statistics.mkdir(exist_ok=True)
    for old in statistics.iterdir():
        old.unlink()
    report = RUNS / "report.xml"
    report.unlink(missing_ok=True)
    if mode is not None:
        del environ["PYSTON_LITE"]
        environ |= mode | {"PYSTON_LITE_STATS": str(statistics / "%p.json")}
    log = RUNS / f"{suite.name.replace(' ', '-')}.{'stock' if mode is None else 'accelerated'}.log"
    start = time.monotonic()
    with log.open("wb") as out:
        process = subprocess.Popen(
            command_of(suite, report), env=environ, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            status = process.wait(suite.seconds)
        except subprocess.TimeoutExpired:
            status = -1000
        finally:
            # What a test left running would disturb the next run.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    output = log.read_text("utf-8", "replace")
    result = Result(status, cases_of(suite, report, output), output, time.monotonic() - start)
    for path in statistics.iterdir():
        try:
            data = json.loads(path.read_text())
        except ValueError:  # written by a process that was killed meanwhile
            continue
        hot = [row for row in data["functions"] if row["state"] in ("compiled", "refused", "queued")]
        if len(hot) > result.hot:
            result.hot, result.compiled = len(hot), sum(row["code_bytes"] > 0 for row in hot)
        result.faults += [reason for reason in data["stats"].get("refused", {}) if reason.startswith("internal")]
    return result


@dataclass
class Comparison:
    """What was found out about a suite."""

    name: str
    cases: int = 0
    differ: dict[str, tuple[str, str]] = field(default_factory=dict)
    unsteady: dict[str, tuple[str, str]] = field(default_factory=dict)
    share: float = 0.0
    seconds: tuple[float, float] = (0.0, 0.0)
    problems: list[str] = field(default_factory=list)


def differences(stock: list[Result], ours: list[Result]) -> dict[str, tuple[set[str], set[str]]]:
    """The cases that never did the same in both ways."""
    names = {name for result in (*stock, *ours) for name in result.cases}
    found = {}
    for name in names:
        want = {result.cases.get(name, "absent") for result in stock}
        got = {result.cases.get(name, "absent") for result in ours}
        if not want & got:
            found[name] = (want, got)
    return found


def compare(suite: Suite, mode: dict[str, str], again: int) -> Comparison:
    found = Comparison(suite.name)
    try:
        stock, ours = [run(suite, None)], [run(suite, mode)]
    except environment.Unavailable as error:
        found.problems.append(f"cannot be had here: {error}")
        return found
    first = differences(stock, ours)
    last = first
    for _ in range(again):
        if not last:
            break
        stock.append(run(suite, None))
        ours.append(run(suite, mode))
        last = differences(stock, ours)
    found.cases = len(stock[0].cases)
    found.differ = {name: (" | ".join(want), " | ".join(got)) for name, (want, got) in sorted(last.items())}
    found.unsteady = {
        name: (" | ".join(want), " | ".join(got)) for name, (want, got) in sorted(first.items()) if name not in last
    }
    found.seconds = (stock[0].seconds, ours[0].seconds)
    found.share = ours[0].compiled / max(1, ours[0].hot)
    passed = outcomes.passed(stock[0].cases)
    if passed * 2 < found.cases or not found.cases:
        found.problems.append(
            f"stock, {passed} of {found.cases} cases passed (exit status {stock[0].status}): nothing was tested"
        )
    elif not found.differ and not found.unsteady and stock[0].status != ours[0].status:
        found.problems.append(f"exit status {stock[0].status} -> {ours[0].status}")
    if found.share < suite.share:
        found.problems.append(f"only {ours[0].compiled} of {ours[0].hot} hot functions were compiled")
    found.problems += [
        f"the compiler failed: {fault}" for fault in sorted({f for result in ours for f in result.faults})
    ]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.smoke", description=__doc__)
    parser.add_argument("projects", nargs="*", help="beginnings of names of projects; default: all")
    parser.add_argument("--mode", choices=list(MODES), help="switches of tests/support.py instead of low thresholds")
    parser.add_argument("--again", type=int, default=2, help="how often a differing suite is run again")
    options = parser.parse_args()
    suites = [s for s in SUITES if not options.projects or s.name.startswith(tuple(options.projects))]
    if not suites:
        parser.error("no such project")
    # A shell that starts this in the background ignores SIGINT, and the tested processes would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    environment.prepare()
    mode = MODES[options.mode] if options.mode else POLICY
    found = []
    for suite in suites:
        result = compare(suite, mode, options.again)
        found.append(result)
        print(
            f"{result.name}: {result.cases} cases, {len(result.differ)} differ, {len(result.unsteady)} unsteady, "
            f"{result.share:.0%} compiled, {result.seconds[0]:.0f} s stock, {result.seconds[1]:.0f} s accelerated",
            flush=True,
        )
        for title, rows in (("", result.differ), ("unsteady: ", result.unsteady)):
            for name, (want, got) in list(rows.items())[:40]:
                print(f"  {title}{name}: {want} -> {got}", flush=True)
        for problem in result.problems:
            print(f"  {problem}", flush=True)
    (environment.BUILD / "report.json").write_text(json.dumps([asdict(result) for result in found], indent=1))
    cases = sum(result.cases for result in found)
    wrong = sum(len(result.differ) + len(result.problems) for result in found)
    print(f"{cases} passed, 0 failed" if not wrong else f"{wrong} differences in {cases} cases")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
