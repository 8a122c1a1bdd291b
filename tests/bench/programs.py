"""The benchmark programs: programs of the installed pyperformance, and the micro programs of `micro.py`."""

import argparse
import atexit
import functools
import importlib.util
import shutil
import sys
import time
import types
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from tests.bench import micro

# Runs a number of iterations and returns the seconds they took, without what the program excludes.
Bench = Callable[[int], float]


@dataclass(frozen=True)
class Program:
    """One row of the table: a benchmark that a program of pyperformance defines when it is run with these arguments."""

    name: str
    folder: str
    args: tuple[str, ...] = ()
    # The module that must be installed for it beside pyperformance, and one of the benchmarks that the program defines.
    needs: str = ""
    bench: str = ""


PYPERFORMANCE = (
    Program("richards", "richards"),
    Program("richards_super", "richards_super"),
    Program("deltablue", "deltablue"),
    Program("nbody", "nbody"),
    Program("spectral_norm", "spectral_norm"),
    Program("fannkuch", "fannkuch"),
    Program("chaos", "chaos"),
    Program("raytrace", "raytrace"),
    Program("go", "go"),
    Program("hexiom", "hexiom"),
    Program("float", "float"),
    Program("nqueens", "nqueens"),
    Program("pidigits", "pidigits"),
    Program("telco", "telco"),
    Program("pyflate", "pyflate"),
    Program("scimark_fft", "scimark", ("fft",)),
    Program("scimark_lu", "scimark", ("lu",)),
    Program("scimark_monte_carlo", "scimark", ("monte_carlo",)),
    Program("scimark_sor", "scimark", ("sor",)),
    Program("scimark_sparse", "scimark", ("sparse_mat_mult",)),
    Program("crypto_pyaes", "crypto_pyaes", needs="pyaes"),
    Program("meteor_contest", "meteor_contest"),
    Program("mdp", "mdp"),
    Program("barnes_hut", "barnes_hut"),
    Program("comprehensions", "comprehensions"),
    Program("unpack_sequence", "unpack_sequence"),
    Program("typing_protocols", "typing_runtime_protocols"),
    Program("generators", "generators"),
    Program("coroutines", "coroutines"),
    Program("async_generators", "async_generators"),
    Program("async_tree_none", "async_tree", ("none",)),
    Program("async_tree_memo", "async_tree", ("memoization",)),
    Program("async_tree_mixed", "async_tree", ("cpu_io_mixed",)),
    Program("async_tree_none_tg", "async_tree", ("none", "--task-groups")),
    Program("deepcopy", "deepcopy", bench="deepcopy"),
    Program("deepcopy_reduce", "deepcopy", bench="deepcopy_reduce"),
    Program("deepcopy_memo", "deepcopy", bench="deepcopy_memo"),
    Program("pickle", "pickle", ("pickle",)),
    Program("unpickle", "pickle", ("unpickle",)),
    Program("pickle_pure_python", "pickle", ("--pure-python", "pickle")),
    Program("unpickle_pure_python", "pickle", ("--pure-python", "unpickle")),
    Program("json_dumps", "json_dumps"),
    Program("json_loads", "json_loads"),
    Program("tomli_loads", "tomli_loads", needs="tomli"),
    Program("xml_etree_parse", "xml_etree", ("parse",)),
    Program("xml_etree_generate", "xml_etree", ("generate",)),
    Program("xml_etree_process", "xml_etree", ("process",)),
    Program("regex_compile", "regex_compile"),
    Program("regex_dna", "regex_dna"),
    Program("regex_effbot", "regex_effbot"),
    Program("regex_v8", "regex_v8"),
    Program("logging_format", "logging", ("format",)),
    Program("logging_silent", "logging", ("silent",)),
    Program("logging_simple", "logging", ("simple",)),
    Program("pprint_safe_repr", "pprint", bench="pprint_safe_repr"),
    Program("pathlib", "pathlib"),
    Program("argparse", "argparse", ("many_optionals",)),
    Program("gc_traversal", "gc_traversal"),
    Program("mako", "mako", needs="mako"),
    Program("django_template", "django_template", needs="django"),
    Program("genshi_text", "genshi", ("text",), needs="genshi"),
    Program("genshi_xml", "genshi", ("xml",), needs="genshi"),
    Program("chameleon", "chameleon", needs="chameleon"),
    Program("html5lib", "html5lib", needs="html5lib"),
    Program("docutils", "docutils", needs="docutils"),
    Program("sqlglot_parse", "sqlglot_v2", ("parse",), needs="sqlglot"),
    Program("sqlglot_transpile", "sqlglot_v2", ("transpile",), needs="sqlglot"),
    Program("sqlglot_optimize", "sqlglot_v2", ("optimize",), needs="sqlglot"),
    Program("sqlglot_normalize", "sqlglot_v2", ("normalize",), needs="sqlglot"),
    Program("sympy_expand", "sympy", ("expand",), needs="sympy"),
    Program("sympy_integrate", "sympy", ("integrate",), needs="sympy"),
    Program("sympy_sum", "sympy", ("sum",), needs="sympy"),
    Program("sympy_str", "sympy", ("str",), needs="sympy"),
)
BY_NAME = {program.name: program for program in PYPERFORMANCE}

# What `--programs default` means: pure-Python programs of every kind that need nothing installed.
DEFAULT = (
    "richards", "deltablue", "nbody", "spectral_norm", "fannkuch", "chaos", "raytrace", "go", "hexiom", "float", "nqueens",
    "pyflate", "scimark_fft", "scimark_sor", "scimark_monte_carlo", "comprehensions", "unpack_sequence", "generators",
    "coroutines", "async_generators", "deepcopy", "pickle_pure_python", "json_dumps", "regex_compile", "logging_format",
    "pprint_safe_repr", "mako",
)  # fmt: skip


class NotInstalled(Exception):
    """A program needs a module that is not there; the message names it."""


def expand(words: list[str]) -> list[str]:
    """The names that a list of names and of the words all, default, pyperformance and micro stands for."""
    groups = {
        "default": [*DEFAULT, *micro.PROGRAMS],
        "pyperformance": list(BY_NAME),
        "micro": list(micro.PROGRAMS),
        "all": [*BY_NAME, *micro.PROGRAMS],
    }
    names = [name for word in words for name in groups.get(word, [word])]
    for name in names:
        if name not in BY_NAME and name not in micro.PROGRAMS:
            raise SystemExit(f"bench: no program {name!r}; there are {', '.join([*BY_NAME, *micro.PROGRAMS])}")
    return list(dict.fromkeys(names))


def missing(name: str) -> str | None:
    """The module that a program needs and that is not installed, or None."""
    if name in micro.PROGRAMS:
        return None
    for module in filter(None, ("pyperformance", "pyperf", BY_NAME[name].needs)):
        if importlib.util.find_spec(module) is None:
            return module
    return None


def script_path(folder: str) -> Path:
    """The program's file inside the installed pyperformance."""
    spec = importlib.util.find_spec("pyperformance")
    if spec is None or spec.origin is None:
        raise NotInstalled("pyperformance")
    return Path(spec.origin).parent / "data-files" / "benchmarks" / f"bm_{folder}" / "run_benchmark.py"


class Recorder:
    """Stands in for pyperf.Runner: keeps the benchmarks that a program defines instead of running them."""

    found: dict[str, Bench]

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        self.metadata: dict[str, Any] = {}
        self.argparser = argparse.ArgumentParser()
        self.args: argparse.Namespace | None = None

    def parse_args(self, args: list[str] | None = None) -> argparse.Namespace:
        self.args = self.argparser.parse_args(args)
        return self.args

    def bench_func(self, name: str, func: Callable[..., Any], *args: Any, **_kwargs: Any) -> None:
        def run(loops: int) -> float:
            iterations = range(loops)
            start = time.perf_counter()
            for _ in iterations:
                func(*args)
            return time.perf_counter() - start

        self.found[name] = run

    def bench_time_func(self, name: str, func: Callable[..., float], *args: Any, **_kwargs: Any) -> None:
        self.found[name] = lambda loops: func(loops, *args)

    def bench_async_func(self, name: str, func: Callable[..., Any], *args: Any, **_kwargs: Any) -> None:
        import asyncio

        async def run(loops: int) -> float:
            start = time.perf_counter()
            for _ in range(loops):
                await func(*args)
            return time.perf_counter() - start

        self.found[name] = lambda loops: asyncio.run(run(loops))


def load_script(path: Path, args: tuple[str, ...], recorder: type[Recorder] = Recorder) -> dict[str, Bench]:
    """Run a benchmark program as `__main__` with the recorder in place, and return the benchmarks it defined."""
    import pyperf

    runner = type("Runner", (recorder,), {"found": {}})
    pyperf.Runner = runner
    sys.argv = [str(path), *args]
    sys.path.insert(0, str(path.parent))
    main = types.ModuleType("__main__")
    main.__file__ = str(path)
    sys.modules["__main__"] = main
    # What a program removes after its measurement, it needs during ours.
    with mock.patch.object(shutil, "rmtree", functools.partial(atexit.register, shutil.rmtree)):
        exec(compile(path.read_bytes(), str(path), "exec"), vars(main))
    return runner.found


def load(name: str, recorder: type[Recorder] = Recorder) -> Bench:
    """The benchmark of that name, ready to be called; `recorder` stands in for pyperf.Runner while its program is run."""
    if name in micro.PROGRAMS:
        func = micro.PROGRAMS[name]

        def run(loops: int) -> float:
            start = time.perf_counter()
            func(loops)
            return time.perf_counter() - start

        return run
    program = BY_NAME[name]
    needed = missing(name)
    if needed is not None:
        raise NotInstalled(needed)
    found = load_script(script_path(program.folder), program.args, recorder)
    if program.bench:
        return found[program.bench]
    if len(found) != 1:
        raise SystemExit(f"bench: {name} defines {sorted(found)}, and its row must name one of them")
    return next(iter(found.values()))
