"""Whoever looks at a running program sees what stock shows: debuggers, tracers, profilers, samplers, collectors.

The programs in observers/ print what they see; they run stock and in every mode of the differential tests.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import child_environment, run_both

PROGRAMS = sorted((Path(__file__).parent / "observers").glob("*.py"))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_observer(program: Path) -> None:
    run_both(program)


SPINNING = """
import sys, time

def leaf(x):
    return x + 1

def inner(n):
    total = 0
    for i in range(n):
        total = leaf(total)
    return total

def outer(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        inner(2000)

for turn in range(60):
    outer(0.0)
print("hot", flush=True)
outer(60.0)
"""


def test_a_sampler_from_outside_sees_the_frames(tmp_path: Path) -> None:
    """py-spy reads the frames out of another process's memory. Callees that are inlined have no frame of their own."""
    sampler = shutil.which("py-spy", path=str(Path(sys.executable).parent))
    assert sampler is not None, "py-spy is in requirements/test.txt"
    program = tmp_path / "spinning.py"
    program.write_text(SPINNING)
    spinning = subprocess.Popen(
        [sys.executable, str(program)], env=child_environment("profiled"), stdout=subprocess.PIPE
    )
    try:
        assert spinning.stdout is not None
        assert spinning.stdout.readline() == b"hot\n"
        samples = 0
        while samples < 5:
            done = subprocess.run(
                [sampler, "dump", "--pid", str(spinning.pid)], capture_output=True, text=True, check=True, timeout=60
            )
            names = re.findall(r"^    (\S+) \(spinning.py:\d+\)", done.stdout, re.MULTILINE)
            if samples == 0 and names == ["<module>"]:
                continue  # it has told that it is hot, and not gone on yet
            samples += 1
            assert [name for name in names if name not in ("leaf", "inner")] == ["outer", "<module>"], done.stdout
    finally:
        spinning.kill()
        spinning.communicate()
