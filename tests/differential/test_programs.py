"""Every program of `programs/` runs the same stock and accelerated, in each mode."""

from pathlib import Path

import pytest

from tests.support import MODES, run, run_both

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program(path: Path) -> None:
    stock = run_both(path)
    assert stock.stdout, "a program that prints nothing compares nothing"


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_program_is_deterministic(path: Path) -> None:
    """Two stock runs agree, or a difference found by test_program would mean nothing."""
    assert run(path, None) == run(path, None)


def test_modes_differ_from_stock() -> None:
    """The environment of every mode asks for acceleration, and the stock one forbids it."""
    from tests.support import child_environment

    assert child_environment(None)["PYSTON_LITE"] == "0"
    assert all(child_environment(mode)["PYSTON_LITE"] == "1" for mode in MODES)
