"""`python -m tests.bench`: speed, warm-up, memory and start-up of programs, stock against accelerated."""

import argparse
import json
import platform
import sys
from typing import Any

import pyston_lite

from tests.bench import runner, startup
from tests.bench.programs import expand

HEADER = f"{'program':24} {'ratio':>6} {'spread':>13} {'cold':>6} {'stock ms':>9} {'MiB stock':>9} {'MiB acc.':>9} {'compiled':>8}"


def line(row: dict[str, Any]) -> str:
    spread = f"{row['lowest']:.2f}-{row['highest']:.2f}"
    return (
        f"{row['name']:24} {row['ratio']:6.2f} {spread:>13} {row['cold_ratio']:6.2f} {row['stock_ms']:9.2f} "
        f"{row['stock_peak_mib']:9.1f} {row['accelerated_peak_mib']:9.1f} {row['compiled']:8}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--programs", default="default", help="names, and the words default, micro, pyperformance and all, by commas"
    )
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="pairs of processes for each program")
    parser.add_argument(
        "--seconds", type=float, default=1.0, metavar="S", help="measured time in each process after its first batch"
    )
    parser.add_argument("--json", metavar="FILE", help="write every measurement there")
    parser.add_argument("--no-startup", action="store_true", help="leave out the start-up times")
    options = parser.parse_args()

    interpreter = f"{platform.python_implementation()} {platform.python_version()} ({sys.executable})"
    print(f"pyston_lite {pyston_lite.__version__} on {interpreter}, {options.rounds} rounds of {options.seconds} s")
    print(
        "ratio = stock time / accelerated time, above 1 is faster; cold = the first batch of about 50 ms of stock work"
    )
    print(HEADER, flush=True)
    rows, raw, failed = [], [], {}
    for name, result in runner.run_programs(expand(options.programs.split(",")), options.rounds, options.seconds):
        if isinstance(result, str):
            failed[name] = result
            print(f"{name:24} not measured: {result}", flush=True)
            continue
        rows.append(result.summary())
        raw.append({"name": name, "loops": result.loops, "stock": result.stock, "accelerated": result.accelerated})
        print(line(rows[-1]), flush=True)
    data: dict[str, Any] = {"interpreter": interpreter, "programs": rows, "raw": raw, "not_measured": failed}
    if rows:
        data["geometric_mean"] = runner.geometric_mean([row["ratio"] for row in rows])
        data["geometric_mean_cold"] = runner.geometric_mean([row["cold_ratio"] for row in rows])
        print(f"{'geometric mean':24} {data['geometric_mean']:6.2f} {'':13} {data['geometric_mean_cold']:6.2f}")
    if not options.no_startup:
        data["startup"] = startup.measure(max(20, 10 * options.rounds))
        for name, times in data["startup"].items():
            text = f"{1e3 * times['stock']:.2f} ms stock, {1e3 * times['accelerated']:.2f} ms with autoload"
            print(f"{name:24} {times['ratio']:6.2f} {text}")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
