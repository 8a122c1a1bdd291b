"""Runs programs stock and accelerated in alternation, each in a fresh process of the same interpreter, and compares."""

import json
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support import ROOT


class WorkerFailed(Exception):
    """A measured process ended without a measurement; the message is the last line it wrote."""


def measured(module: str, arguments: list[str], accelerated: bool) -> dict[str, Any]:
    """What a process of this interpreter that runs a module, with or without --accelerated, prints as its last line."""
    command = [sys.executable, "-m", module, *arguments]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "0", "PYTHONWARNINGS": "ignore"}
    if accelerated:
        command.append("--accelerated")
        environ.pop("PYSTON_LITE", None)
    else:
        environ["PYSTON_LITE"] = "0"
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise WorkerFailed(f"exit status {done.returncode}: {lines[-1]}")
    # Some programs print while they are loaded; the measurement is the last line.
    return json.loads(done.stdout.strip().splitlines()[-1])


def worker(name: str, *, loops: int = 0, seconds: float = 1.0, accelerated: bool = False) -> dict[str, Any]:
    return measured("tests.bench.worker", [name, "--loops", str(loops), "--seconds", str(seconds)], accelerated)


@dataclass
class Result:
    """The rounds of one program. Ratios are stock time divided by accelerated time: above 1 is faster."""

    name: str
    loops: int
    stock: list[dict[str, Any]] = field(default_factory=list)
    accelerated: list[dict[str, Any]] = field(default_factory=list)

    def ratios(self) -> list[float]:
        pairs = zip(self.stock, self.accelerated, strict=True)
        return [statistics.median(s["batches"]) / statistics.median(a["batches"]) for s, a in pairs]

    def cold_ratios(self) -> list[float]:
        return [s["cold"] / a["cold"] for s, a in zip(self.stock, self.accelerated, strict=True)]

    def summary(self) -> dict[str, Any]:
        ratios = self.ratios()
        return {
            "name": self.name,
            "ratio": geometric_mean(ratios),
            "lowest": min(ratios),
            "highest": max(ratios),
            "cold_ratio": geometric_mean(self.cold_ratios()),
            "stock_ms": 1e3 * statistics.median(statistics.median(run["batches"]) for run in self.stock),
            "stock_peak_mib": max(run["peak_kib"] for run in self.stock) / 1024,
            "accelerated_peak_mib": max(run["peak_kib"] for run in self.accelerated) / 1024,
            "compiled": max(run["compiled"] for run in self.accelerated),
        }


def geometric_mean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values))


def run_program(name: str, rounds: int, seconds: float) -> Result:
    """Measure one program. The order within a round alternates, so that a drift of the machine favours neither side."""
    result = Result(name, worker(name)["loops"])
    for number in range(rounds):
        for accelerated in (False, True) if number % 2 == 0 else (True, False):
            runs = result.accelerated if accelerated else result.stock
            runs.append(worker(name, loops=result.loops, seconds=seconds, accelerated=accelerated))
    return result


def run_programs(names: list[str], rounds: int, seconds: float) -> Iterator[tuple[str, Result | str]]:
    """Each name with its result, or with the reason why there is none."""
    from tests.bench import programs

    for name in names:
        needed = programs.missing(name)
        if needed is not None:
            yield name, f"needs the module {needed}: pip install {needed}"
            continue
        try:
            yield name, run_program(name, rounds, seconds)
        except WorkerFailed as error:
            yield name, str(error)
