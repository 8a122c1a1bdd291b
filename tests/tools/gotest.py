"""Runs `go test -json` over the packages given, prints what failed, and closes with the number of tests.

`go test` alone counts packages. A run that executed no test fails here.
"""

import json
import subprocess
import sys
from collections import Counter, defaultdict


def main(arguments: list[str]) -> int:
    process = subprocess.Popen(["go", "test", "-json", *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    counts: Counter[str] = Counter()
    broken = 0  # Packages that failed, which a failed build makes without any test failing.
    output: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in process.stdout:
        try:
            event = json.loads(line)
        except ValueError:
            sys.stdout.write(line)
            continue
        key = event.get("Package") or event.get("ImportPath", ""), event.get("Test", "")
        action = event["Action"]
        if action in ("output", "build-output"):
            output[key].append(event["Output"])
        elif action in ("fail", "build-fail"):
            sys.stdout.write("".join(output[key]))
        if action in ("pass", "fail", "skip") and key[1]:
            counts[action] += 1
        elif action in ("pass", "fail") and not key[1]:
            broken += action == "fail"
            print(f"{action:4} {key[0]} ({event.get('Elapsed', 0):.1f} s)", flush=True)
    status = process.wait()
    if broken:
        print(f"{broken} packages failed", flush=True)
    print(f"go: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped", flush=True)
    if status == 0 and counts["pass"] == 0:
        print("no Go test was executed", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
