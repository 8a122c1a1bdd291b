"""Runs modules of CPython's test package stock and with every function compiled, and compares case by case.

`make cpython-suite`, or `python -m tests.cpython [module...]`. The interpreter must have its test package (python.org builds
and pyenv have it, Debian's python3.11 has not; --test-package names a folder that holds one of the same version).

A module runs in a process of its own, stock first. What its cases did is kept under build/cpython, so an interrupted run
goes on where it was, and stock results are made once; accelerated ones are made again when the built library changes. What
differs on purpose is listed in expected.txt with its reason.
"""

import argparse
import collections
import hashlib
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pyston_lite

from tests.support import MODES, ROOT, child_environment

HERE = Path(__file__).resolve().parent
SECONDS = 900
Outcomes = dict[str, str]


def fingerprint() -> str:
    """Names the accelerator that is being tested."""
    digest = hashlib.sha256()
    for path in sorted(Path(pyston_lite.__file__).parent.glob("*.so")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def read_cases(report: Path) -> Outcomes:
    """The outcome of each case of a JUnit report; a name that occurs twice (subtests) gets all its outcomes.

    Passed cases behind a failed subtest have no name there: they are left out.
    """
    found = collections.defaultdict(set)
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        if name := case.get("name"):
            found[name.partition(" [")[0]].add(kinds[0] if kinds else "passed")
    return {name: " ".join(sorted(kinds)) for name, kinds in found.items()}


def run_module(module: str, mode: str | None, test_package: Path | None) -> dict[str, object]:
    """Run one module; the result has its exit status, its cases, and what it printed."""
    with tempfile.TemporaryDirectory(prefix="pyston-lite-cpython-") as folder:
        report = Path(folder) / "report.xml"
        environ = child_environment(mode)
        statistics = Path(folder) / "statistics.json"
        if mode is not None:
            environ["PYSTON_LITE_STATS"] = str(statistics)
        if test_package is not None:
            environ["PYTHONPATH"] += os.pathsep + str(test_package)
        # The suite's own settings: fixed hashes and I/O encodings would change what some modules test.
        for name in ("PYTHONHASHSEED", "PYTHONIOENCODING", "PYTHONDONTWRITEBYTECODE"):
            del environ[name]
        command = [sys.executable, "-m", "test", "--verbose", "--tempdir", folder, "--junit-xml", str(report), module]
        try:
            done = subprocess.run(
                command, env=environ, cwd=folder, timeout=SECONDS, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            )  # fmt: skip
            status, output = done.returncode, done.stdout
        except subprocess.TimeoutExpired as expired:
            status, output = -1000, expired.stdout or b""
        cases = read_cases(report) if report.exists() else {}
        rows = json.loads(statistics.read_text())["functions"] if statistics.exists() else []
    compiled = sum(row["code_bytes"] > 0 for row in rows)
    return {
        "status": status,
        "cases": cases,
        "compiled": compiled,
        "output": output.decode("utf-8", "replace")[-200_000:],
    }


def result_of(module: str, mode: str | None, options: argparse.Namespace, key: str) -> dict[str, object]:
    """The result of a module in a mode: a kept one, or that of a run now."""
    path = ROOT / "build" / "cpython" / platform.python_version() / (mode or "stock") / f"{module}.json"
    if path.exists():
        kept = json.loads(path.read_text())
        if kept["key"] == key and not (options.fresh and mode):
            return kept
    result = run_module(module, mode, options.test_package) | {"key": key}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1))
    return result


def expected_differences() -> dict[str, str]:
    """Case name to reason."""
    found = {}
    for line in (HERE / "expected.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, reason = line.partition("  # ")
            if not reason:
                raise SystemExit(f"expected.txt: {name} has no reason")
            found[name.strip()] = reason
    return found


def compare(module: str, options: argparse.Namespace, key: str) -> list[str]:
    """What differs for a module, one line a case."""
    stock = result_of(module, None, options, "stock")
    ours = result_of(module, options.mode, options, key)
    lines = []
    if not stock["cases"]:
        return [f"{module}: the stock run reports no cases (exit status {stock['status']})"]
    if not ours["cases"]:
        tail = "\n    ".join(str(ours["output"]).splitlines()[-12:])
        return [f"{module}: the accelerated run ended with {ours['status']}\n    {tail}"]
    if not ours["compiled"]:
        lines.append(f"{module}: nothing was compiled, so nothing was tested")
    for name in sorted(stock["cases"].keys() | ours["cases"].keys()):
        want, got = stock["cases"].get(name, "absent"), ours["cases"].get(name, "absent")
        if want != got:
            lines.append(f"{name}: {want} -> {got}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.cpython", description=__doc__)
    parser.add_argument("modules", nargs="*", help="default: those of tests.txt")
    parser.add_argument("--mode", default="compile_all", choices=list(MODES))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="run the accelerated half again")
    parser.add_argument("--test-package", type=Path, help="a folder with a `test` package of this version")
    options = parser.parse_args()
    modules = options.modules or [
        line for line in (HERE / "tests.txt").read_text().split("\n") if line and not line.startswith("#")
    ]
    # A shell that starts this in the background ignores SIGINT, and the tested processes would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    expected, key = expected_differences(), fingerprint()
    cases, wrong = 0, 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for module, lines in zip(modules, pool.map(lambda name: compare(name, options, key), modules), strict=True):
            new = [line for line in lines if line.partition(":")[0] not in expected]
            count = len(result_of(module, None, options, "stock")["cases"])  # type: ignore[arg-type]
            cases, wrong = cases + count, wrong + len(new)
            print(f"{module}: {count} cases, {len(new)} differ", flush=True)
            for line in new:
                print(f"  {line}", flush=True)
    print(f"{cases} passed, {wrong} failed" if not wrong else f"{wrong} of {cases} cases differ")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
