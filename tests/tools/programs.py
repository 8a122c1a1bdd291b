"""The programs that the tools look at one by one: those of the differential tests, of tests/regress and of the observers."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.support import ROOT

PROGRAMS = ("differential/programs", "regress", "behaviour/observers")


def find_programs() -> dict[str, Path]:
    found = {}
    for folder in PROGRAMS:
        for path in sorted((ROOT / "tests" / folder).glob("*.py")):
            if not path.name.startswith(("__", "test_")):
                found[path.stem] = path
    return found


def check_each(names: list[str], check: Callable[[str], bool]) -> None:
    """Checks one name after the other and ends the process: with 1 when a check, which prints what it found, was not passed."""
    failed = sum(not check(name) for name in names)
    print(f"{len(names) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)
