"""The report about one process: as data, as JSON and as text. Written at exit when PYSTON_LITE_STATS asks for it."""

import json
import os
import sys
from typing import Any

import pyston_lite

COLUMNS = (
    # heading, key of the function's dictionary, width, number format
    ("entries", "entries", 10, "d"),
    ("deopts", "deopts", 8, "d"),
    ("bytes", "code_bytes", 8, "d"),
    ("ms", "compile_ms", 8, ".1f"),
    ("state", "state", 10, "s"),
)


def collect() -> dict[str, Any]:
    """The whole report as plain data."""
    return {"status": pyston_lite.status(), "stats": pyston_lite.stats(), "functions": pyston_lite.functions()}


# How many of the places that deoptimised most the text report lists.
SITES = 10


def _total(deopts: Any) -> int:
    """The deoptimisations of a function, which it counts by reason."""
    return sum(deopts.values()) if isinstance(deopts, dict) else int(deopts)


def _cell(value: Any, width: int, form: str) -> str:
    text = "-" if value is None else format(value if form == "s" else float(value) if "f" in form else int(value), form)
    return text.ljust(width) if form == "s" else text.rjust(width)


def _counters(counters: dict[str, Any], indent: int) -> list[str]:
    lines = []
    for name, value in counters.items():
        if isinstance(value, dict):
            if value:
                lines += [f"{' ' * indent}{name}:", *_counters(value, indent + 2)]
        elif not isinstance(value, list):
            text = f"{value:.3f}" if isinstance(value, float) else str(value)
            lines.append(f"{' ' * indent}{name}: {text}")
    return lines


def _site_lines(sites: list[dict[str, Any]]) -> list[str]:
    """The places that deoptimised most, with the reason."""
    if not sites:
        return []
    lines = ["deoptimised most:"]
    for site in sorted(sites, key=lambda site: -int(site["count"]))[:SITES]:
        place = f"{site['qualname']} ({os.path.basename(site['filename'])}:{site['line']})"
        lines.append(f"{site['count']:10d} {site['reason']} in {place}")
    return lines


def _function_lines(functions: list[dict[str, Any]]) -> list[str]:
    if not functions:
        return ["no function was compiled or refused"]
    lines = [
        " ".join(
            _cell(heading, width, "s" if form == "s" else "") if form == "s" else heading.rjust(width)
            for heading, _, width, form in COLUMNS
        )
        + " function"
    ]
    for function in sorted(functions, key=lambda row: (-int(row.get("entries") or 0), str(row.get("qualname")))):
        row = {**function, "deopts": _total(function.get("deopts") or 0)}
        cells = [_cell(row.get(key), width, form) for _, key, width, form in COLUMNS]
        place = f"{function.get('qualname')} ({os.path.basename(str(function.get('filename')))}:{function.get('line')})"
        reason = f": {function['reason']}" if function.get("reason") else ""
        lines.append(f"{' '.join(cells)} {place}{reason}")
    return lines


def as_text(data: dict[str, Any]) -> str:
    """The report for people: what runs, the counters, then one line a function, the most entered first."""
    status = data["status"]
    state = "enabled" if status["enabled"] else f"not enabled: {status['reason']}"
    lines = [f"pyston_lite {status['version']} on {status['python']}, {state}"]
    lines += _counters(data["stats"], 0)
    lines += _site_lines(data["stats"].get("sites", []))
    lines += _function_lines(data["functions"])
    return "\n".join(lines) + "\n"


def write(target: str) -> None:
    """Write the report to a file, or to standard error for "-". `%p` in a path becomes the process id.

    A report that cannot be written costs one line: the program it is about has finished its work by then.
    """
    data = collect()
    if target == "-":
        if sys.stderr is not None:
            sys.stderr.write(as_text(data))
        return
    path = target.replace("%p", str(os.getpid()))
    text = json.dumps(data, indent=1, default=str) + "\n" if path.endswith(".json") else as_text(data)
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        if sys.stderr is not None:
            sys.stderr.write(f"pyston_lite: cannot write {path!r}: {error.strerror}\n")
