"""Runs programs under valgrind: `python -m tests.tools.memcheck [name...]`.

The programs are those of tests/differential/programs, tests/regress and tests/behaviour/observers. Each memory access of the
interpreter, the shim and machine code is checked: memory that was freed, that nobody allocated, or that nobody has written. Objects
get memory of their own from malloc, machine code is translated anew when it changes. The Go library is not looked at (it manages
memory in ways of its own, valgrind.supp), and of blocks that are lost at the end those count that the shim allocated.

A program may be too slow, or see that it is slow; its output is not compared, only that it ends as in stock.
"""

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support import MODES, NOT_ENABLED_STATUS, child_environment
from tests.tools.programs import check_each, find_programs

SUPPRESSIONS = Path(__file__).with_name("valgrind.supp")
SECONDS = 900
LINE = re.compile(r"^==\d+== ?", re.MULTILINE)
OURS = ("_pyston_lite.", "pyston-lite-code", "cshim")


def complaints(log: str) -> list[str]:
    """The paragraphs of valgrind's output that are errors of ours."""
    found = []
    for paragraph in re.split(r"\n\s*\n", LINE.sub("", log)):
        text = paragraph.strip()
        if " at 0x" not in text and "    at " not in text:
            continue
        lost = "are definitely lost" in text
        if not lost or any(name in text for name in OURS):
            found.append(text)
    return found


def check(path: Path, mode: str) -> list[str]:
    """What is wrong with one program."""
    environ = child_environment(mode) | {"PYTHONMALLOC": "malloc"}
    with tempfile.TemporaryDirectory() as folder:
        command = [
            "valgrind", "--smc-check=all", "--error-limit=no", "--leak-check=full", "--show-leak-kinds=definite", "--num-callers=20",
            f"--suppressions={SUPPRESSIONS}", f"--log-file={folder}/%p.log", sys.executable, str(path),
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, env=environ, cwd=path.parent, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return [f"not finished after {SECONDS} seconds"]
        assert done.returncode != NOT_ENABLED_STATUS, done.stderr.decode("utf-8", "replace")
        logs = [log.read_text(errors="replace") for log in sorted(Path(folder).glob("*.log"))]
    if not logs:
        return [f"valgrind has left no log: {done.stderr.decode('utf-8', 'replace')}"]
    return [text for log in logs for text in complaints(log)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.memcheck", description=__doc__)
    parser.add_argument("names", nargs="*", help="default: all programs")
    parser.add_argument("--mode", default="compile_all", choices=list(MODES))
    options = parser.parse_args()
    programs = find_programs()

    def check_one(name: str) -> bool:
        started = time.monotonic()
        found = check(programs[name], options.mode)
        print(f"{name}: {len(found)} errors ({time.monotonic() - started:.0f} s)", *found, sep="\n\n", flush=True)
        return not found

    check_each(options.names or list(programs), check_one)


if __name__ == "__main__":
    main()
