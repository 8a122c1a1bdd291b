"""Runs modules of CPython's test package stock and accelerated, and compares case by case.

`make cpython-suite`, or `python -m tests.cpython [module...]`. The interpreter must have its test package: python.org builds and
pyenv have it, Debian has it in libpython3.11-testsuite, and --test-package names a folder that holds one of the same version.

A module runs in a process of its own, stock first. What its cases did is kept under build/cpython, so an interrupted run
goes on where it was, and stock results are made once; accelerated ones are made again when the built library changes.

Where a module differs, both ways are run again some times: what stock does in some of its runs, too, is not steady and is
listed apart with what was seen each time. What differs on purpose is listed in expected.txt with its reason. Every module that
the interpreter lists must be in tests.txt, or in not_run.txt with its reason.

With --group N one process runs N modules one after the other, as CPython's own runner does: much less is compiled again and
again, and what one module leaves behind meets the next one.

The processes share what they compile in a folder (PYSTON_LITE_CACHE), which takes half of the time from those that start hundreds of
others. With --no-cache they do not.

With --children the modules run in a virtual environment with autoload, so that their child processes are accelerated even
when they ignore environment and user (-I, -E), as most do.
"""

import argparse
import collections
import hashlib
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyston_lite

from tests.support import MODES, ROOT, child_environment, make_environment

HERE = Path(__file__).resolve().parent
SECONDS = 900
# What `python -m test` ends with when a module skipped itself, or was skipped as it needs a resource.
SKIPPED = (0, 4)
OUTPUT = 200_000
# What these leave behind keeps the test package from writing its report at the end, so they get a process of their own.
ALONE = ("test_xml_etree", "test_xml_etree_c")
Result = dict[str, Any]


def fingerprint() -> str:
    """Names the accelerator that is being tested."""
    digest = hashlib.sha256()
    for path in sorted(Path(pyston_lite.__file__).parent.glob("*.so")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# ---- running modules ---------------------------------------------------------------------------------------------------------


def read_cases(report: Path) -> dict[str, str]:
    """The outcome of each case of a JUnit report; a name that occurs twice (subtests) gets all its outcomes.

    Passed cases behind a failed subtest have no name there: they are left out.
    """
    found = collections.defaultdict(set)
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        if name := case.get("name"):
            found[name.partition(" [")[0]].add(kinds[0] if kinds else "passed")
    return {name: " ".join(sorted(kinds)) for name, kinds in found.items()}


def summarize(statistics: Path) -> Result:
    """What is kept of the report of one process."""
    if not statistics.exists():
        return {}
    stats = json.loads(statistics.read_text())["stats"]
    return {name: stats[name] for name in ("functions", "compile", "refused", "run", "deopts")}


def run_module(module: str, mode: str | None, options: argparse.Namespace) -> Result:
    """Run one module, or several in one process; the result has exit status, cases, what was printed and what was compiled."""
    with tempfile.TemporaryDirectory(prefix="pyston-lite-cpython-") as folder:
        report = Path(folder) / "report.xml"
        environ = child_environment(mode)
        statistics = Path(folder) / "statistics.json"
        if mode is not None:
            environ["PYSTON_LITE_STATS"] = str(statistics)
            if options.cache is not None:
                environ["PYSTON_LITE_CACHE"] = str(options.cache)
        # Interpreters of environments that tests make (test_venv) find our package, and nothing else that is installed here.
        package = Path(folder) / "package"
        package.mkdir()
        (package / "pyston_lite").symlink_to(Path(pyston_lite.__file__).parent)
        environ["PYTHONPATH"] += os.pathsep + str(package)
        if options.test_package is not None:
            environ["PYTHONPATH"] += os.pathsep + str(options.test_package)
        # The suite's own settings: fixed hashes and I/O encodings would change what some modules test.
        for name in ("PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE"):
            del environ[name]
        command = [options.python, "-m", "test", "--verbose", "--tempdir", folder, "--junit-xml", str(report)]
        for name in not_run_cases(module):
            command += ["-i", name]
        if options.resources:
            command += ["-u", options.resources]
        started = time.monotonic()
        try:
            done = subprocess.run(
                [*command, *module.split()], env=environ, cwd=folder, timeout=SECONDS * len(module.split()), check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            status, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as expired:
            status, output = -1000, expired.stdout or b""
        return {
            "status": status,
            "seconds": time.monotonic() - started,
            "cases": read_cases(report) if report.exists() else {},
            "statistics": summarize(statistics),
            "output": output.decode("utf-8", "replace")[-OUTPUT:],
        }


def result_of(module: str, mode: str | None, options: argparse.Namespace, key: str) -> Result:
    """The result of a module in a mode: a kept one, or that of a run now."""
    group = module.split()
    stem = (
        module if len(group) == 1 else f"{group[0]}+{len(group) - 1}-{hashlib.sha256(module.encode()).hexdigest()[:8]}"
    )
    path = options.results / (mode or "stock") / f"{stem}.json"
    if path.exists():
        kept: Result = json.loads(path.read_text())
        if kept["key"] == key and not (options.fresh and mode):
            return kept
    result = run_module(module, mode, options) | {"key": key}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1))
    return result


# ---- comparing ---------------------------------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """What a module did both ways."""

    module: str
    stock: Result
    ours: Result
    differences: list[str] = field(default_factory=list)
    unsteady: list[str] = field(default_factory=list)

    def is_skipped(self) -> bool:
        """Whether the module as a whole skips itself, both ways: not for this platform, or without what it needs."""
        without = not self.stock["cases"] and not self.ours["cases"]
        return without and self.stock["status"] == self.ours["status"] and self.stock["status"] in SKIPPED

    def lost(self) -> str:
        """Why the cases cannot be compared, or nothing."""
        for name, result in (("stock", self.stock), ("accelerated", self.ours)):
            if not result["cases"] and not self.is_skipped():
                tail = "\n    ".join(str(result["output"]).splitlines()[-12:])
                return f"{self.module}: the {name} run reports no cases, exit status {result['status']}\n    {tail}"
        if not self.ours["statistics"].get("compile", {}).get("compiled"):
            return f"{self.module}: nothing was compiled, so nothing was tested"
        return ""

    def differing(self) -> list[str]:
        names = sorted(self.stock["cases"].keys() | self.ours["cases"].keys())
        return [name for name in names if self.stock["cases"].get(name) != self.ours["cases"].get(name)]


def seen_again(module: str, mode: str | None, options: argparse.Namespace) -> list[dict[str, str]]:
    return [run_module(module, mode, options)["cases"] for _ in range(options.again)]


def compare(module: str, options: argparse.Namespace, key: str) -> Verdict:
    stock = result_of(module, None, options, "stock")
    ours = result_of(module, options.mode, options, key)
    verdict = Verdict(module, stock, ours)
    if lost := verdict.lost():
        verdict.differences.append(lost)
    if verdict.is_skipped() or not stock["cases"] or not ours["cases"]:
        return verdict
    names = [name for name in verdict.differing() if name not in options.expected]
    if not names:
        return verdict
    stock_again, ours_again = seen_again(module, None, options), seen_again(module, options.mode, options)
    for name in names:
        before = [cases.get(name, "absent") for cases in (stock["cases"], *stock_again)]
        after = [cases.get(name, "absent") for cases in (ours["cases"], *ours_again)]
        line = f"{name}: {', '.join(before)} -> {', '.join(after)}"
        (verdict.unsteady if set(after) <= set(before) else verdict.differences).append(line)
    return verdict


def read_reasons(name: str) -> dict[str, str]:
    """A file of `name  # reason` lines."""
    found = {}
    for line in (HERE / name).read_text().splitlines():
        if line and not line.startswith("#"):
            what, _, reason = line.partition("  # ")
            if not reason:
                raise SystemExit(f"{name}: {what} has no reason")
            found[what.strip()] = reason
    return found


def not_run_cases(modules: str) -> list[str]:
    """What not_run.txt names of these modules: `module:class or case`."""
    names = [name.partition(":") for name in read_reasons("not_run.txt")]
    return [case for module, _, case in names if case and module in modules.split()]


def listed_modules(options: argparse.Namespace) -> set[str]:
    """The modules that this interpreter's test package has; a package of tests (test.test_asyncio.*) is one."""
    environ = child_environment(None)
    if options.test_package is not None:
        environ["PYTHONPATH"] += os.pathsep + str(options.test_package)
    command = [options.python, "-m", "test", "--list-tests"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    return {name.removeprefix("test.").partition(".")[0] for name in done.stdout.split()}


def grouped(modules: list[str], size: int) -> list[str]:
    """Modules that one process runs, separated by spaces."""
    together = [module for module in modules if module not in ALONE]
    groups = [" ".join(together[first : first + size]) for first in range(0, len(together), size)]
    return groups + [module for module in modules if module in ALONE]


# ---- totals ------------------------------------------------------------------------------------------------------------------


def add(total: dict[str, float], more: dict[str, float]) -> None:
    for name, value in more.items():
        total[name] = total.get(name, 0) + value


def print_totals(verdicts: list[Verdict]) -> None:
    functions: dict[str, float] = {}
    refused: dict[str, float] = {}
    deopts: dict[str, float] = {}
    for verdict in verdicts:
        add(functions, verdict.ours["statistics"].get("functions", {}))
        add(refused, verdict.ours["statistics"].get("refused", {}))
        add(deopts, verdict.ours["statistics"].get("deopts", {}))
    if countable := functions.get("called", 0) - functions.get("bodies", 0):
        share = functions["compiled"] / countable
        whole = functions["without_exits"] / countable
        print(f"functions called: {countable}, compiled {share:.2%}, without any exit {whole:.2%}; {functions}")
    for title, rows in (("refused", refused), ("exits", deopts)):
        for name, count in sorted(rows.items(), key=lambda row: -row[1]):
            print(f"{title}: {count} {name}")
    ended = collections.Counter(v.ours["status"] for v in verdicts if v.ours["status"] != v.stock["status"])
    print(f"exit statuses other than stock's: {dict(ended) or 'none'}")
    stock, ours = (sum(result["seconds"] for result in way) for way in zip(*((v.stock, v.ours) for v in verdicts)))
    print(f"seconds: stock {stock:.0f}, accelerated {ours:.0f}, ratio {ours / stock:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cpython", description=__doc__)
    parser.add_argument("modules", nargs="*", help="default: those of tests.txt")
    parser.add_argument("--mode", default="compile_all", choices=list(MODES))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="run the accelerated half again")
    parser.add_argument("--again", type=int, default=3, help="how often a module that differs is run again, both ways")
    parser.add_argument("--group", type=int, default=1, help="modules that one process runs")
    parser.add_argument("--resources", default="", help="resources of the test package, as its own -u takes them")
    parser.add_argument("--children", action="store_true", help="accelerate isolated child processes, too")
    parser.add_argument("--results", type=Path, help="where results are kept; default: build/cpython/VERSION")
    parser.add_argument("--no-cache", action="store_true", help="every process compiles everything itself")
    parser.add_argument("--test-package", type=Path, help="a folder with a `test` package of this version")
    options = parser.parse_args()
    name = platform.python_version() + ("-debug" if hasattr(sys, "gettotalrefcount") else "")
    name += "-children" if options.children else ""
    options.results = options.results or ROOT / "build" / "cpython" / name
    options.cache = None if options.no_cache else options.results / "cache"
    options.python = sys.executable
    if options.children:
        shutil.rmtree(options.results / "environment", ignore_errors=True)
        options.python = str(make_environment(options.results / "environment", autoload=True))
    options.expected = read_reasons("expected.txt")
    not_run = read_reasons("not_run.txt")
    known = [line for line in (HERE / "tests.txt").read_text().split("\n") if line and not line.startswith("#")]
    listed = listed_modules(options)
    if missing := set(options.modules) - set(known):
        raise SystemExit(f"not in tests.txt: {', '.join(sorted(missing))}")
    if unknown := listed - set(known) - not_run.keys():
        raise SystemExit(f"neither in tests.txt nor in not_run.txt: {', '.join(sorted(unknown))}")
    if len(listed & set(known)) < len(known) // 2:
        raise SystemExit("this interpreter has no test package: on Debian install libpython3.11-testsuite")
    wanted = options.modules or known
    modules = [module for module in wanted if module in listed]
    for module in sorted(set(wanted) - listed):
        print(f"{module}: not in the test package of this interpreter")
    jobs = grouped(modules, options.group)
    # A shell that starts this in the background ignores SIGINT, and the tested processes would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    key = fingerprint()
    verdicts = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for verdict in pool.map(lambda name: compare(name, options, key), jobs):
            verdicts.append(verdict)
            times = f"{verdict.stock['seconds']:.1f} s, {verdict.ours['seconds']:.1f} s"
            what = "skips itself" if verdict.is_skipped() else f"{len(verdict.stock['cases'])} cases"
            print(f"{verdict.module}: {what}, {len(verdict.differences)} differ ({times})", flush=True)
            for line in verdict.differences:
                print(f"  {line}", flush=True)
            for line in verdict.unsteady:
                print(f"  not steady in stock: {line}", flush=True)
    print_totals(verdicts)
    cases = sum(len(verdict.stock["cases"]) for verdict in verdicts)
    wrong = sum(len(verdict.differences) for verdict in verdicts)
    print(f"{cases} passed, {wrong} failed" if not wrong else f"{wrong} of {cases} cases differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
