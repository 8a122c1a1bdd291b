"""The runner of CPython's test package: what counts as a difference."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cpython import __main__ as suite


def result(status: int = 0, compiled: int = 5, **cases: str) -> suite.Result:
    return {
        "status": status,
        "seconds": 1.0,
        "cases": cases,
        "statistics": {"compile": {"compiled": compiled}},
        "output": "printed",
    }


@pytest.fixture
def options(tmp_path: Path) -> argparse.Namespace:
    return argparse.Namespace(
        results=tmp_path, mode="profiled", again=2, fresh=False, expected={"a.wanted": "a reason"}
    )


def compare(
    monkeypatch: pytest.MonkeyPatch, options: argparse.Namespace, stock: list[suite.Result], ours: list[suite.Result]
) -> suite.Verdict:
    runs: dict[str | None, Iterator[suite.Result]] = {None: iter(stock), "profiled": iter(ours)}
    monkeypatch.setattr(suite, "run_module", lambda module, mode, options: next(runs[mode]))
    return suite.compare("test_x", options, "key")


def test_same(monkeypatch: pytest.MonkeyPatch, options: argparse.Namespace) -> None:
    verdict = compare(monkeypatch, options, [result(a="passed")], [result(a="passed")])
    assert not verdict.differences and not verdict.unsteady and not verdict.is_skipped()
    # Kept results: nothing runs any more.
    assert not compare(monkeypatch, options, [], []).differences


def test_difference(monkeypatch: pytest.MonkeyPatch, options: argparse.Namespace) -> None:
    good, bad = result(a="passed"), result(a="failure")
    assert compare(monkeypatch, options, [good] * 3, [bad, good, good]).differences == [
        "a: passed, passed, passed -> failure, passed, passed"
    ]


def test_not_steady(monkeypatch: pytest.MonkeyPatch, options: argparse.Namespace) -> None:
    good, bad = result(a="passed"), result(a="failure")
    verdict = compare(monkeypatch, options, [good, bad, good], [bad, good, good])
    assert not verdict.differences
    assert verdict.unsteady == ["a: passed, failure, passed -> failure, passed, passed"]


def test_case_that_one_way_lacks(monkeypatch: pytest.MonkeyPatch, options: argparse.Namespace) -> None:
    verdict = compare(monkeypatch, options, [result(a="passed", b="passed")] * 3, [result(a="passed")] * 3)
    assert verdict.differences == ["b: passed, passed, passed -> absent, absent, absent"]


def test_crash_and_nothing_compiled(monkeypatch: pytest.MonkeyPatch, options: argparse.Namespace) -> None:
    verdict = compare(monkeypatch, options, [result(a="passed")], [result(status=-11)])
    assert "no cases, exit status -11" in verdict.differences[0]
    options.fresh = True
    verdict = compare(monkeypatch, options, [], [result(a="passed", compiled=0)])
    assert "nothing was compiled" in verdict.differences[0]


def test_modules_that_skip_themselves_do_so_both_ways(
    monkeypatch: pytest.MonkeyPatch, options: argparse.Namespace
) -> None:
    assert compare(monkeypatch, options, [result(status=4)], [result(status=4)]).is_skipped()
    options.fresh = True
    assert compare(monkeypatch, options, [], [result(status=1)]).differences


def test_groups() -> None:
    assert suite.grouped(["a", "test_xml_etree", "b", "c"], 2) == ["a b", "c", "test_xml_etree"]


def test_lists() -> None:
    modules = [line for line in (suite.HERE / "tests.txt").read_text().splitlines() if not line.startswith("#")]
    assert len(modules) == len(set(modules)) and all(modules)
    for name in suite.read_reasons("not_run.txt"):
        module, _, case = name.partition(":")
        assert (module in modules) == bool(case), name
    assert suite.not_run_cases("test_ssl test_socket") == ["ThreadedVSOCKSocketStreamTest"]
    assert not suite.not_run_cases("test_sock")
    assert suite.read_reasons("expected.txt")
