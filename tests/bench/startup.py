"""Start-up time: the same small programs in two fresh environments that differ in the autoload file alone."""

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from tests.support import make_environment

COMMANDS = {
    "startup_pass": ["-c", "pass"],
    "startup_imports": ["-c", "import json, re, argparse, logging, asyncio"],
}


def seconds(python: Path, arguments: list[str]) -> float:
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYSTON", "DISABLE_"))
    }
    start = time.perf_counter()
    subprocess.run([str(python), *arguments], env=environ, check=True)
    return time.perf_counter() - start


def measure(rounds: int) -> dict[str, dict[str, float]]:
    """For each command the median seconds without and with autoload, in alternation, and their ratio."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        stock = make_environment(Path(folder) / "stock", autoload=False)
        accelerated = make_environment(Path(folder) / "accelerated", autoload=True)
        for name, arguments in COMMANDS.items():
            times: dict[Path, list[float]] = {stock: [], accelerated: []}
            for _ in range(rounds + 1):
                for python, found in times.items():
                    found.append(seconds(python, arguments))
            # The first start of each writes the bytecode caches.
            before, after = (statistics.median(found[1:]) for found in times.values())
            results[name] = {"stock": before, "accelerated": after, "ratio": before / after}
    return results
