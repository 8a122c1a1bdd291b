"""The programs whose recorded snapshots the Go tests compile, end to end: same outcome, really compiled, no exit taken."""

import copy
import sys
from pathlib import Path
from typing import Any

import pyston_lite
import pytest

from tests.support import assert_compiled, outcome, stock_copy
from tests.tools.record import SNAPSHOTS, WARM_UP, load, names, record_all

# The number of the interpreter's header, Py_Version, in the bytes of a snapshot.
VERSION = slice(32, 36)


def row(qualname: str, filename: str) -> dict[str, Any]:
    """The report on a function, whose stock copy is suppressed."""
    found = [
        r
        for r in pyston_lite.functions()
        if (r["qualname"], r["filename"]) == (qualname, filename) and r["state"] != "suppressed"
    ]
    assert len(found) == 1, found
    return found[0]


@pytest.mark.usefixtures("accelerated")
@pytest.mark.parametrize("name", names())
def test_program(name: str) -> None:
    program = load(name)
    function = getattr(program, name)
    stock = stock_copy(function)
    # Calls change their arguments, so every call gets copies.
    calls = [lambda arguments=arguments: copy.deepcopy(arguments) for arguments in program.CALLS]
    want = [outcome(stock, make) for make in calls]
    if getattr(program, "ENTRY", "function") == "loop":
        assert pyston_lite.enable(threshold=1_000_000_000, loop_threshold=100, sync=True)
    for _ in range(WARM_UP):
        for make in calls:
            function(*make())
    pyston_lite.compile(function)
    assert_compiled(function)
    before = row(function.__qualname__, function.__code__.co_filename)
    for _ in range(3):
        assert [outcome(function, make) for make in calls] == want
    after = row(function.__qualname__, function.__code__.co_filename)
    assert after["entries"] >= before["entries"] + 3 * len(calls)
    if not getattr(program, "EXITS", False):
        assert after["deopts"] == before["deopts"], "an exit was taken"


def test_snapshots_are_current(tmp_path: Path) -> None:
    """What the Go tests compile is what this shim hands over for these programs; `make record` brings it up to date."""
    if hasattr(sys, "gettotalrefcount"):
        pytest.skip("snapshots are recorded with an ordinary build of the interpreter")
    recorded = sorted(SNAPSHOTS.glob("*.snapshot"))
    version = int.from_bytes(recorded[0].read_bytes()[VERSION], "little")
    if version != sys.hexversion:
        pytest.skip(f"recorded with {version:#x}, this is {sys.hexversion:#x}")
    fresh = record_all(tmp_path / "cp311")
    assert [path.name for path in fresh] == [path.name for path in recorded]
    stale = [new.name for new, old in zip(fresh, recorded, strict=True) if new.read_bytes() != old.read_bytes()]
    assert not stale, "run `make record`, and look at what it changes"
