"""What the cases of one run did, read from what the project's own runner reports."""

import collections
import re
from pathlib import Path
from xml.etree import ElementTree

Outcomes = dict[str, str]


def gathered(pairs: list[tuple[str, str]]) -> Outcomes:
    """One entry a name; a name that occurs several times gets all its outcomes."""
    found = collections.defaultdict(list)
    for name, outcome in pairs:
        found[name].append(outcome)
    return {name: " ".join(sorted(outcomes)) for name, outcomes in found.items()}


def pytest_outcomes(report: Path) -> Outcomes:
    """The cases of a JUnit report."""
    if not report.exists():
        return {}
    pairs = []
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = [child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        pairs.append((f"{case.get('classname')}::{case.get('name')}", kinds[0] if kinds else "passed"))
    return gathered(pairs)


UNITTEST_CASE = re.compile(
    r"^(\w+) \(([\w.]+)\)(?:\n[^\n]+?)? \.\.\. (?:[^\n]*?\b)?(ok|FAIL|ERROR|skipped|expected failure|unexpected success)",
    re.MULTILINE,
)


def unittest_outcomes(text: str) -> Outcomes:
    """The cases that unittest prints when it is verbose."""
    return gathered([(match[2], match[3]) for match in UNITTEST_CASE.finditer(text)])


LINE = re.compile(r"^case (\S+): (.*)$", re.MULTILINE)


def program_outcomes(text: str) -> Outcomes:
    """The lines `case name: result` of a program of ours."""
    return gathered([(match[1], match[2]) for match in LINE.finditer(text)])


def passed(cases: Outcomes) -> int:
    """How many cases ran and did what they should. What a program of ours prints is compared, not judged."""
    return sum(not re.search(r"\b(failure|error|FAIL|ERROR|skipped)\b", outcome) for outcome in cases.values())
