"""The tools around the tests: the benchmark table and its arithmetic, bisecting, and the fuzzer's reading of its children."""

import pytest

from tests.bench import micro, programs
from tests.bench.runner import Result, geometric_mean, worker
from tests.bench.worker import measure
from tests.differential.fuzz import MARK, sections
from tests.support import Run
from tests.tools.bisect import smallest


def test_program_names() -> None:
    assert len(programs.BY_NAME) == len(programs.PYPERFORMANCE)
    assert set(programs.DEFAULT) <= set(programs.BY_NAME)
    assert programs.expand(["nbody", "micro", "nbody"]) == ["nbody", *micro.PROGRAMS]
    with pytest.raises(SystemExit, match="no program 'nobody'"):
        programs.expand(["nobody"])


@pytest.mark.parametrize("name", micro.PROGRAMS)
def test_micro_program_runs(name: str) -> None:
    assert programs.load(name)(2) >= 0


def test_recorder_keeps_benchmarks(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    import types

    monkeypatch.setitem(sys.modules, "pyperf", types.ModuleType("pyperf"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", sys.path[:])
    path = tmp_path / "run_benchmark.py"
    path.write_text(
        "import pyperf\n"
        "calls = []\n"
        "async def co(): calls.append('async')\n"
        "if __name__ == '__main__':\n"
        "    runner = pyperf.Runner(add_cmdline_args=None)\n"
        "    runner.argparser.add_argument('what')\n"
        "    what = runner.parse_args().what\n"
        "    runner.metadata['x'] = 1\n"
        "    runner.bench_func('func', calls.append, what, inner_loops=3)\n"
        "    runner.bench_time_func('timed', lambda loops, k: loops * k, 2.0)\n"
        "    runner.bench_async_func('async', co)\n"
    )
    found = programs.load_script(path, ("word",))
    assert set(found) == {"func", "timed", "async"}
    assert found["timed"](3) == 6.0
    found["func"](2)
    found["async"](1)
    assert sys.modules["__main__"].calls == ["word", "word", "async"]


def test_measure_counts_the_first_batch_apart() -> None:
    times = iter([9.0, 1.0, 2.0, 3.0])
    assert measure(lambda loops: next(times), 5, 0.0) == {"cold": 9.0, "batches": [1.0]}


def test_summary() -> None:
    def one(cold: float, *batches: float, compiled: int = 0) -> dict[str, object]:
        return {"cold": cold, "batches": list(batches), "peak_kib": 2048, "compiled": compiled}

    result = Result(
        "p", 1, [one(1.0, 0.4, 0.4, 9.0), one(1.0, 0.1)], [one(2.0, 0.1, compiled=3), one(2.0, 0.1, compiled=4)]
    )
    summary = result.summary()
    assert summary["ratio"] == pytest.approx(2.0)
    assert (summary["lowest"], summary["highest"]) == pytest.approx((1.0, 4.0))
    assert summary["cold_ratio"] == pytest.approx(0.5)
    assert (summary["compiled"], summary["stock_peak_mib"]) == (4, 2.0)
    assert geometric_mean([1.0, 4.0]) == pytest.approx(2.0)


def test_worker_process_on_stock() -> None:
    result = worker("micro_while", loops=1, seconds=0.0)
    assert set(result) == {"cold", "batches", "peak_kib"}
    assert len(result["batches"]) == 1


def test_worker_process_accelerated() -> None:
    result = worker("micro_while", loops=200, seconds=0.2, accelerated=True)
    assert result["compiled"] >= 1


def test_bisect_finds_the_culprits() -> None:
    names = [f"f{i}" for i in range(23)]
    assert smallest(names, lambda some: "f17" in some) == ["f17"]
    assert sorted(smallest(names, lambda some: {"f2", "f20"} <= set(some))) == ["f2", "f20"]


def test_fuzz_sections_name_the_program_that_crashed() -> None:
    run = Run(f"{MARK}7\nf0 0 1\n{MARK}8\nf0 0 2\nf1 0 3\n{MARK}9\n", "", -11)
    assert sections(run) == {7: "f0 0 1\n", 8: "f0 0 2\nf1 0 3\n", 9: ""}
