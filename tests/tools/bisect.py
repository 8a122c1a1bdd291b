"""Finds the function whose compilation makes a program differ: `python -m tests.tools.bisect program.py [args...]`.

The program is run stock once. Then it is run with allow-lists of the names that get compiled, halved for as long as the half
still differs. What remains is printed: usually one name, or the few that differ only together.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.support import MODES, Run, run


def smallest(names: list[str], differs: Callable[[list[str]], bool]) -> list[str]:
    """A subset of the names that differs and of which no single half or single element can be left out (delta debugging)."""
    parts = 2
    while len(names) > 1:
        size = max(1, len(names) // parts)
        chunks = [names[start : start + size] for start in range(0, len(names), size)]
        for chunk in chunks:
            if differs(chunk):
                names, parts = chunk, 2
                break
            rest = [name for name in names if name not in chunk]
            if len(chunks) > 2 and differs(rest):
                names, parts = rest, max(parts - 1, 2)
                break
        else:
            if size == 1:
                return names
            parts = min(len(names), parts * 2)
    return names


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.bisect", description=__doc__)
    parser.add_argument("--mode", default="compile_all", choices=list(MODES))
    parser.add_argument("program", type=Path)
    parser.add_argument("args", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    program = options.program.resolve()
    stock = run(program, None, *options.args)

    def accelerated(names: list[str] | None) -> Run:
        with tempfile.NamedTemporaryFile("w", suffix=".names", encoding="utf-8") as file:
            file.write("\n".join(names or []) + "\n")
            file.flush()
            extra = {} if names is None else {"PYSTON_LITE_ALLOW": file.name}
            return run(program, options.mode, *options.args, extra=extra)

    everything = accelerated(None)
    if everything == stock:
        print(f"{program.name} does not differ in mode {options.mode}")
        return 0
    # A process that crashed has left no report: then the program's own functions are the suspects.
    names = sorted(everything.compiled()) or sorted(own_names(program))
    print(f"{program.name} differs; {len(names)} names to try", flush=True)

    def differs(some: list[str]) -> bool:
        found = accelerated(some) != stock
        print(f"  {len(some)} names: {'differs' if found else 'same'}", flush=True)
        return found

    for name in smallest(names, differs):
        print(name)
    return 1


def own_names(program: Path) -> set[str]:
    """The qualified names of all functions that a source file defines."""
    import types

    def walk(code: types.CodeType) -> set[str]:
        inner = [const for const in code.co_consts if isinstance(const, types.CodeType)]
        return {code.co_qualname}.union(*map(walk, inner))

    return walk(compile(program.read_bytes(), str(program), "exec"))


if __name__ == "__main__":
    sys.exit(main())
