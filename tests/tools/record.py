"""Records the snapshots of the golden programs for the Go tests: `python -m tests.tools.record`.

Each tests/golden/*.py has one function of its own name and CALLS, a list of argument tuples. A process of its own calls the
function often enough for the interpreter to specialise it, has it compiled with the dumps on, and keeps the snapshot. The Go
command `normalize` then replaces what differs between two runs. With ENTRY = "loop" the snapshot is that of a loop entered
while it runs, with HANDLERS = True it asks for the exception handlers.
"""

import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from tests.support import ROOT

GOLDEN = ROOT / "tests" / "golden"
SNAPSHOTS = ROOT / "specializer" / "testcases" / "cp311"

# Rounds of CALLS before the compilation: far beyond the eight calls after which the interpreter specialises.
WARM_UP = 30
NEVER = 1_000_000_000


def names() -> list[str]:
    return sorted(path.stem for path in GOLDEN.glob("*.py") if path.stem != "__init__")


def load(name: str) -> ModuleType:
    return importlib.import_module(f"tests.golden.{name}")


def warm_up_and_compile(name: str, **options: object) -> None:
    """Run a program in this process until its function, or its loop, is compiled."""
    import pyston_lite

    program = load(name)
    function = getattr(program, name)
    if getattr(program, "ENTRY", "function") == "loop":
        assert pyston_lite.enable(threshold=NEVER, loop_threshold=100, sync=True, **options), pyston_lite.status()
        function(*program.CALLS[0])
        return
    assert pyston_lite.enable(threshold=NEVER, loop_threshold=NEVER, sync=True, **options), pyston_lite.status()
    for _ in range(WARM_UP):
        for arguments in program.CALLS:
            function(*arguments)
    if getattr(program, "HANDLERS", False):
        assert pyston_lite.enable(compile_all=True, sync=True, **options), pyston_lite.status()
    pyston_lite.compile(function)


def record(name: str, target: Path) -> None:
    """Write the snapshot of one program to a file, as recorded."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PYSTON_LITE")}
        environ.update(PYTHONHASHSEED="0", PYTHONDONTWRITEBYTECODE="1")
        command = [sys.executable, "-m", "tests.tools.record", name, folder]
        subprocess.run(command, env=environ, cwd=ROOT, check=True)
        found = sorted(Path(folder).glob(f"*{name}*.snapshot"))
        assert len(found) == 1, f"{name}: {len(found)} snapshots"
        target.write_bytes(found[0].read_bytes())


def record_all(folder: Path) -> list[Path]:
    """The snapshots of all programs, normalised."""
    folder.mkdir(exist_ok=True)
    targets = [folder / f"{name}.snapshot" for name in names()]
    for target in targets:
        record(target.stem, target)
    command = ["go", "run", "./specializer/testcases/normalize", *map(str, targets)]
    subprocess.run(command, cwd=ROOT, check=True)
    return targets


def main(arguments: list[str]) -> None:
    if arguments:
        name, folder = arguments
        warm_up_and_compile(name, dump_dir=folder)
        return
    # The package cannot be built without one snapshot, so old ones are replaced in place and removed afterwards.
    targets = record_all(SNAPSHOTS)
    for stale in set(SNAPSHOTS.glob("*.snapshot")) - set(targets):
        stale.unlink()
    print(f"{len(targets)} snapshots in {SNAPSHOTS.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1:])
