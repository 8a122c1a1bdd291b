"""Comparing stock and accelerated runs: of whole programs in two processes, and of single functions in this one."""

import difflib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import traceback
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyston_lite

ROOT = Path(__file__).resolve().parent.parent
STARTUP = ROOT / "tests" / "startup"

# What sitecustomize.py of the tests exits with when acceleration was asked for and is not there.
NOT_ENABLED_STATUS = 97

# The accelerated ways in which every program is run. `compile_all` compiles each function before its first run, without any
# type feedback; `background` is the shipped policy with thresholds that a short program reaches; `stress` leaves machine code at every chance;
# with `thresholds` each function and loop has one of its own; with `collecting` the collector runs at every allocation; `cached` is for
# a second process, which runs the machine code that a first one has left in the folder PYSTON_LITE_CACHE.
MODES: dict[str, dict[str, str]] = {
    "compile_all": {"PYSTON_LITE_COMPILE_ALL": "1", "PYSTON_LITE_SYNC": "1", "PYSTON_LITE_VERIFY": "1"},
    "profiled": {
        "PYSTON_LITE_THRESHOLD": "25",
        "PYSTON_LITE_LOOP_THRESHOLD": "60",
        "PYSTON_LITE_SYNC": "1",
        "PYSTON_LITE_VERIFY": "1",
    },
    "background": {"PYSTON_LITE_THRESHOLD": "5", "PYSTON_LITE_LOOP_THRESHOLD": "20"},
    "stress": {
        "PYSTON_LITE_THRESHOLD": "5",
        "PYSTON_LITE_SYNC": "1",
        "PYSTON_LITE_STRESS": "guards=7,exits=5,shuffle=1",
    },
    "thresholds": {
        "PYSTON_LITE_THRESHOLD": "40",
        "PYSTON_LITE_LOOP_THRESHOLD": "100",
        "PYSTON_LITE_SYNC": "1",
        "PYSTON_LITE_STRESS": "thresholds=1",
    },
    "collecting": {
        "PYSTON_LITE_THRESHOLD": "25",
        "PYSTON_LITE_LOOP_THRESHOLD": "60",
        "PYSTON_LITE_SYNC": "1",
        "TESTS_GC_THRESHOLD": "1",
    },
}


# The two processes of mode `cached` have the same thresholds, so the first one is one of mode `thresholds` with a folder.
MODES["cached"] = MODES["thresholds"]


@dataclass(frozen=True)
class Run:
    """Everything that one process showed."""

    stdout: str
    stderr: str
    status: int
    functions: list[dict[str, Any]] = field(default_factory=list, compare=False)
    loaded: int = field(default=0, compare=False)

    def compiled(self) -> set[str]:
        return {row["qualname"] for row in self.functions if row["code_bytes"] > 0}

    def text(self) -> str:
        return f"exit status {self.status}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}"


def child_environment(mode: str | None) -> dict[str, str]:
    """The environment of a child: nothing of Python's or ours is inherited; `mode` is a key of MODES, or None for stock."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "PYSTON", "DISABLE_", "TESTS_"))
    }
    environ.update(PYTHONPATH=str(STARTUP), PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1", PYTHONIOENCODING="utf-8")
    if mode is None:
        environ["PYSTON_LITE"] = "0"
    else:
        environ["PYSTON_LITE"] = "1"
        environ["TESTS_ABI"] = sys.implementation.cache_tag + sys.abiflags
        environ.update(MODES[mode])
    return environ


def run_once(
    path: Path, mode: str | None, *args: str, timeout: float = 120, extra: dict[str, str] | None = None
) -> Run:
    """Run one program in one process, stock (None) or accelerated. A child that should have been accelerated and was not fails."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        environ = child_environment(mode) | (extra or {})
        if mode is not None:
            environ["PYSTON_LITE_STATS"] = str(report)
        command = [sys.executable, str(path), *args]
        done = subprocess.run(command, env=environ, capture_output=True, timeout=timeout, check=False, cwd=path.parent)
        stdout, stderr = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        assert done.returncode != NOT_ENABLED_STATUS, stderr
        written = json.loads(report.read_text()) if report.exists() else {"functions": []}
        loaded = written["stats"]["compile"]["loaded"] if report.exists() else 0
    return Run(stdout, stderr, done.returncode, written["functions"], loaded)


def run(path: Path, mode: str | None, *args: str, timeout: float = 120, extra: dict[str, str] | None = None) -> Run:
    """Run one program in a mode. In mode `cached` that takes two processes, and the second one has the machine code of the first."""
    if mode != "cached":
        return run_once(path, mode, *args, timeout=timeout, extra=extra)
    with tempfile.TemporaryDirectory() as folder:
        extra = (extra or {}) | {"PYSTON_LITE_CACHE": folder}
        first, second = (run_once(path, mode, *args, timeout=timeout, extra=extra) for _ in range(2))
    assert second.loaded or not first.compiled(), "nothing was loaded"
    return second


def assert_same(stock: Run, accelerated: Run, what: str) -> None:
    """The two processes showed the same; a difference is printed as a diff."""
    if stock != accelerated:
        lines = difflib.unified_diff(
            stock.text().splitlines(),
            accelerated.text().splitlines(),
            "stock",
            f"accelerated ({what})",
            lineterm="",
            n=2,
        )
        raise AssertionError("\n".join(list(lines)[:80]))


def run_both(source: str | Path, modes: tuple[str, ...] = tuple(MODES), expect_compiled: bool = True) -> Run:
    """Run a program stock and in every mode, compare all that is visible, and return the stock run.

    The comparison covers standard output and error to the letter, so also tracebacks with their columns, and the exit
    status. Unless the program cannot leave a report (it ends by a signal), some of its functions must have been compiled.
    """
    # Mode `cached` loads what the process of mode `thresholds` has kept, when it is there.
    with tempfile.TemporaryDirectory() as folder:
        if isinstance(source, Path):
            path = source
        else:
            path = Path(folder) / "program.py"
            path.write_text(source, encoding="utf-8")
        stock = run(path, None)
        shared = {"PYSTON_LITE_CACHE": str(Path(folder) / "cache")} if {"thresholds", "cached"} <= set(modes) else None
        for mode in modes:
            if shared is not None and mode in ("thresholds", "cached"):
                accelerated = run_once(path, mode, extra=shared)
                assert mode == "thresholds" or accelerated.loaded or not accelerated.compiled(), "nothing was loaded"
            else:
                accelerated = run(path, mode)
            assert_same(stock, accelerated, mode)
            # Background compilation may finish after a short program has, so only the deterministic modes must compile.
            if expect_compiled and mode != "background":
                assert accelerated.compiled(), f"no function of the program was compiled in mode {mode}"
    return stock


def assert_compiled(func: Callable[..., Any]) -> None:
    """The function runs as machine code, or the test that relies on it tests nothing and fails."""
    if pyston_lite.is_compiled(func):
        return
    code = func.__code__
    rows = [
        row
        for row in pyston_lite.functions()
        if (row["qualname"], row["filename"], row["line"]) == (code.co_qualname, code.co_filename, code.co_firstlineno)
    ]
    raise AssertionError(f"{code.co_qualname} is not compiled: {rows or 'it was never considered'}")


def compiled(func: Callable[..., Any]) -> Callable[..., Any]:
    """Compile the function now; usable as a decorator."""
    pyston_lite.compile(func)
    assert_compiled(func)
    return func


@dataclass(frozen=True)
class Outcome:
    """What a call did, in a form that compares: the result or the exception, its traceback, and leaked references."""

    result: str | None
    exception: tuple[str, str] | None
    positions: tuple[tuple[Any, ...], ...]
    traceback: str
    references: tuple[int, ...]


def run_to_end(result: Any) -> Any:
    """What a generator yields or a coroutine returns; any other result as it is."""
    if inspect.isgenerator(result):
        return list(result)
    if inspect.iscoroutine(result):
        try:
            while True:
                result.send(None)
        except StopIteration as stop:
            return stop.value
    return result


def outcome(func: Callable[..., Any], make_args: Callable[[], tuple[Any, ...]]) -> Outcome:
    """Call the function with fresh arguments. Reference counts are those of the arguments after the call, minus before.

    Small ints are left out: everything in the process shares them, and what else happens meanwhile counts, too.
    """
    args = make_args()
    own = [arg for arg in args if not (isinstance(arg, int) and -5 <= arg <= 256)]
    before = [sys.getrefcount(arg) for arg in own]
    result, exception, positions, text = None, None, (), ""
    try:
        result = repr(run_to_end(func(*args)))
    except BaseException as error:
        exception = (type(error).__name__, repr(error.args))
        frames = traceback.extract_tb(error.__traceback__)[1:]
        positions = tuple((f.name, f.lineno, f.colno, f.end_lineno, f.end_colno) for f in frames)
        text = "".join(traceback.format_exception_only(error))
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
    references = tuple(sys.getrefcount(arg) - count for arg, count in zip(own, before, strict=True))
    return Outcome(result, exception, positions, text, references)


def fresh(func: types.FunctionType) -> types.FunctionType:
    """The same function with a code object of its own, so that what one test compiles no other test finds compiled."""
    copy = types.FunctionType(
        func.__code__.replace(), func.__globals__, func.__name__, func.__defaults__, func.__closure__
    )
    copy.__kwdefaults__ = func.__kwdefaults__
    return copy


def stock_copy(func: types.FunctionType) -> types.FunctionType:
    """The same function with a code object of its own that is never compiled."""
    return pyston_lite.suppress(fresh(func))


def call_both(func: types.FunctionType, make_args: Callable[[], tuple[Any, ...]], times: int = 3) -> Outcome:
    """Call a function stock and compiled in this process, several times each, and return the stock outcome."""
    plain = stock_copy(func)
    want = outcome(plain, make_args)
    compiled(func)
    for _ in range(times):
        got = outcome(func, make_args)
        assert want == got, f"want {want}\ngot  {got}"
    return want


def site_directory(python: Path) -> Path:
    """The site-packages of a virtual environment, by its interpreter."""
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return Path(
        subprocess.run([str(python), "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    )


def make_environment(folder: Path, autoload: bool = False) -> Path:
    """A fresh virtual environment that holds the pyston_lite under test, and its interpreter. No network, no pip."""
    import shutil
    import venv
    from importlib import metadata

    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    site = site_directory(python)
    package = Path(pyston_lite.__file__).parent
    shutil.copytree(package, site / "pyston_lite", ignore=shutil.ignore_patterns("__pycache__"))
    info = Path(
        str(metadata.distribution("pyston-lite").locate_file(f"pyston_lite-{pyston_lite.__version__}.dist-info"))
    )
    shutil.copytree(info, site / info.name)
    if autoload:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYSTON"))}
        subprocess.run([str(python), "-m", "pyston_lite", "autoload", "on"], env=clean, check=True, capture_output=True)
    return python
