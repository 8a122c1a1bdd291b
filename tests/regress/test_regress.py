"""What was wrong once: each numbered program runs the same stock and accelerated, in each mode."""

import re
from pathlib import Path

import pytest

from tests.support import run_both

PROGRAMS = sorted(Path(__file__).parent.glob("[0-9]*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_regress(path: Path) -> None:
    stock = run_both(path)
    assert stock.stdout, "a program that prints nothing compares nothing"


def test_numbers_are_unique() -> None:
    numbers = [re.match(r"\d{4}_", path.name) for path in PROGRAMS]
    assert all(numbers)
    assert len({number.group() for number in numbers if number}) == len(PROGRAMS)
