"""`python -m tests.bench.outputs`: whether programs show the same stock and accelerated.

Each program of pyperformance is run a few times in each test mode. Compared are what it prints, how it ends, what the functions it
measures return, and the plain values among its global variables afterwards. The programs check themselves, too.
"""

import argparse
import hashlib
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from tests.bench import programs
from tests.support import MODES, ROOT, run

ITERATIONS = 3
PLAIN = (int, float, complex, str, bytes, bool, type(None))


def describe(value: Any, depth: int = 0) -> str:
    """A text that is the same in every process: plain values, containers of them, and the classes of everything else."""
    if isinstance(value, PLAIN):
        return repr(value)
    if depth < 8 and isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({', '.join(describe(item, depth + 1) for item in value)})"
    if depth < 8 and isinstance(value, dict):
        return f"dict({', '.join(f'{describe(k, depth + 1)}: {describe(v, depth + 1)}' for k, v in value.items())})"
    return type(value).__name__


class Recorder(programs.Recorder):
    """Keeps what the functions that a program wants measured return."""

    results: ClassVar[list[Any]] = []

    def bench_func(self, name: str, func: Any, *args: Any, **kwargs: Any) -> None:
        super().bench_func(name, lambda *a: self.results.append(func(*a)), *args, **kwargs)


def child(name: str) -> None:
    programs.load(name, Recorder)(ITERATIONS)
    shown = {k: describe(v) for k, v in vars(sys.modules["__main__"]).items() if not k.startswith("__")}
    texts = [f"{k} = {v}" for k, v in sorted(shown.items())]
    texts += ["returned " + describe(item) for item in Recorder.results]
    for text in texts:
        text = re.sub(rf"{tempfile.gettempdir()}/tmp\w+", "TEMPORARY", text)
        print(text if len(text) < 200 else f"{text[:150]}... {hashlib.sha256(text.encode()).hexdigest()}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.outputs", description=__doc__)
    parser.add_argument("--programs", default="pyperformance", help="names, and the words of tests.bench")
    parser.add_argument("--modes", default=",".join(MODES), help=f"of {', '.join(MODES)}")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child)
        return 0

    failed = same = 0
    for name in programs.expand(options.programs.split(",")):
        needed = programs.missing(name)
        if needed is not None:
            print(f"{name:24} not run: needs the module {needed}", flush=True)
            continue
        extra = {"PYTHONPATH": f"{ROOT / 'tests' / 'startup'}:{ROOT}"}
        stock = run(Path(__file__).resolve(), None, "--child", name, extra=extra, timeout=600)
        different = []
        for mode in options.modes.split(","):
            accelerated = run(Path(__file__).resolve(), mode, "--child", name, extra=extra, timeout=600)
            if accelerated != stock:
                different.append(mode)
                print(f"--- stock\n{stock.text()[-1500:]}\n--- {mode}\n{accelerated.text()[-1500:]}")
        failed += bool(different)
        same += not different
        end = f"differs in {', '.join(different)}" if different else f"the same, status {stock.status}"
        print(f"{name:24} {end}", flush=True)
    print(f"{same} programs the same, {failed} different")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
