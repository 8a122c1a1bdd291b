"""One measured process: `python -m tests.bench.worker NAME --loops N [--accelerated]` prints its measurement as JSON."""

import argparse
import gc
import json
import resource
import time
from typing import Any

# What a batch should take on stock: long enough to time, short enough that the first one still shows warm-up.
BATCH_SECONDS = 0.05


def calibrate(bench: Any) -> int:
    """The iterations of one batch. Called on stock once for each program; both sides then use the same number."""
    loops = 1
    while True:
        seconds = bench(loops)
        if seconds >= BATCH_SECONDS:
            break
        # Grow at most tenfold at a time: the first calls are the slowest and would mislead.
        loops = max(loops + 1, min(loops * 10, int(loops * BATCH_SECONDS * 1.05 / max(seconds, 1e-9))))
    return max(1, round(loops * BATCH_SECONDS / min(seconds, bench(loops))))


def measure(bench: Any, loops: int, seconds: float) -> dict[str, Any]:
    gc.collect()
    cold = bench(loops)
    batches = []
    end = time.perf_counter() + seconds
    while not batches or time.perf_counter() < end:
        batches.append(bench(loops))
    return {"cold": cold, "batches": batches}


def enable(**options: Any) -> Any:
    """The package, enabled; a measurement without it would be one of stock."""
    import pyston_lite

    if not pyston_lite.enable(**options):
        raise SystemExit(f"bench: pyston_lite is not enabled: {pyston_lite.status()['reason']}")
    return pyston_lite


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--loops", type=int, default=0, help="0 calibrates and prints the number")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--accelerated", action="store_true")
    options = parser.parse_args()

    pyston_lite: Any = enable() if options.accelerated else None
    from tests.bench import programs

    bench = programs.load(options.name)
    if options.loops == 0:
        print(json.dumps({"loops": calibrate(bench)}))
        return
    result = measure(bench, options.loops, options.seconds)
    result["peak_kib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if options.accelerated:
        result["compiled"] = sum(row["code_bytes"] > 0 for row in pyston_lite.functions())
        result["stats"] = pyston_lite.stats()
    print(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
