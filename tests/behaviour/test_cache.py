"""Machine code that outlives its process: who loads it, and what happens where it cannot be kept."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pyston_lite import config

from tests.support import child_environment

# The functions differ in what their machine code names: objects, classes, callees, globals, closures, generators, constants.
PROGRAM = """
import json, multiprocessing, os, sys
import pyston_lite

class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def norm(self):
        return abs(self.x) + abs(self.y)

LIMIT = 10**12

def total(points):
    return sum(p.norm() for p in points) % LIMIT

def adder(n):
    def add(m):
        return n + m + len("text")
    return add

def squares(n):
    for i in range(n):
        yield i * i

def raises(n):
    try:
        return [1, 2, 3][n]
    except IndexError as error:
        return str(error)

def work():
    points = [Point(i, -i) for i in range(50)]
    add = adder(5)
    return total(points), add(3), sum(squares(30)), raises(1), raises(7), 2.5 * add(1), "%s" % add(2)

def child(queue):
    queue.put(([work() for _ in range(60)][-1], counters()))

def counters():
    if not pyston_lite.is_enabled():
        return {}
    compile = pyston_lite.stats()["compile"]
    return {name: compile[name] for name in ("compiled", "kept", "loaded")}

before = sorted(os.listdir("/proc/self/fd"))
results = {work() for _ in range(200)}
assert len(results) == 1, results
shown = {"result": results.pop(), "counters": counters(), "descriptors": sorted(os.listdir("/proc/self/fd")) == before}
if "fork" in sys.argv:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    process = context.Process(target=child, args=(queue,))
    process.start()
    shown["child"] = queue.get(timeout=60)
    process.join()
print(json.dumps(shown))
"""


def run(folder: Path, cache: Path, *args: str, **extra: str) -> tuple[dict[str, Any], str]:
    """What the program shows, and what it says on standard error."""
    path = folder / "program.py"
    path.write_text(PROGRAM)
    environ = child_environment("profiled") | {"PYSTON_LITE_CACHE": str(cache), "PYSTON_LITE_VERIFY": "0"} | extra
    done = subprocess.run(
        [sys.executable, str(path), *args], env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), done.stderr


def kept(cache: Path) -> list[Path]:
    return sorted(path for path in cache.glob("*/*") if path.is_file())


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Any:
    shown, _ = run(tmp_path_factory.mktemp("stock"), tmp_path_factory.mktemp("none"), PYSTON_LITE="0")
    return shown["result"]


def test_a_second_process_compiles_nothing(tmp_path: Path, stock: Any) -> None:
    cache = tmp_path / "made" / "cache"
    first, _ = run(tmp_path, cache)
    assert first["result"] == stock and first["counters"]["compiled"] >= 7
    assert first["counters"]["kept"] == first["counters"]["compiled"] - first["counters"]["loaded"]
    assert cache.stat().st_mode & 0o077 == 0
    files = kept(cache)
    assert len(files) == first["counters"]["kept"]
    second, _ = run(tmp_path, cache)
    assert second["result"] == stock
    assert second["counters"] == {
        "compiled": first["counters"]["compiled"],
        "kept": 0,
        "loaded": first["counters"]["compiled"],
    }
    assert first["descriptors"] and second["descriptors"]
    assert kept(cache) == files


def test_in_the_background(tmp_path: Path, stock: Any) -> None:
    """Some process finds what an earlier one has kept; a short one may end before its compiler has begun."""
    loaded = 0
    for _ in range(20):
        shown, _ = run(tmp_path, tmp_path / "cache", PYSTON_LITE_SYNC="0")
        assert shown["result"] == stock
        loaded = shown["counters"]["loaded"]
        if loaded:
            break
    assert loaded > 0


def test_children_of_fork_load(tmp_path: Path, stock: Any) -> None:
    """A child compiles for itself what its parent has not; here another process has."""
    for _ in range(2):
        shown, _ = run(tmp_path, tmp_path / "cache", "fork")
        result, counters = shown["child"]
        assert shown["result"] == result == stock
    assert counters["loaded"] == counters["compiled"]


def test_damaged_files_are_compiled_again(tmp_path: Path, stock: Any) -> None:
    cache = tmp_path / "cache"
    run(tmp_path, cache)
    files = kept(cache)
    for k, path in enumerate(files):
        data = bytearray(path.read_bytes())
        if k % 2:
            del data[len(data) // 2 :]
        else:
            data[len(data) // 2] ^= 1
        path.write_bytes(data)
    shown, _ = run(tmp_path, cache)
    assert shown["result"] == stock and shown["counters"]["loaded"] == 0 and shown["counters"]["kept"] == len(files)


def test_other_code_is_another_request(tmp_path: Path) -> None:
    """Stress modes make other code of the same functions, and their processes do not share it with others."""
    cache = tmp_path / "cache"
    run(tmp_path, cache)
    shown, _ = run(tmp_path, cache, PYSTON_LITE_STRESS="guards=7")
    assert shown["counters"]["loaded"] == 0 and shown["counters"]["kept"] > 0


def test_dumps_are_of_what_is_compiled(tmp_path: Path, stock: Any) -> None:
    cache, dumps = tmp_path / "cache", tmp_path / "dumps"
    run(tmp_path, cache)
    shown, _ = run(tmp_path, cache, PYSTON_LITE_DUMP=str(dumps))
    assert shown["result"] == stock and shown["counters"]["loaded"] == 0
    assert any(dumps.glob("*.disassembly"))


def test_a_folder_that_is_gone_costs_one_line(tmp_path: Path, stock: Any) -> None:
    """The folder disappears between the start of the process and its first compilation."""
    cache = tmp_path / "cache"
    (tmp_path / "sitecustomize.py").write_text("")
    program = (
        f"import os, pyston_lite\npyston_lite.enable(threshold=5, sync=True)\nos.rmdir({str(cache)!r})\n" + PROGRAM
    )
    path = tmp_path / "program.py"
    path.write_text(program)
    environ = child_environment("profiled") | {"PYSTON_LITE_CACHE": str(cache), "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, str(path)], env=environ, capture_output=True, text=True, timeout=120, check=True
    )
    assert json.loads(done.stdout)["result"] == stock
    assert done.stderr == f"pyston_lite: cannot keep machine code in {cache}: no such file or directory\n"


def test_the_folder_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "b"
    assert config.cache_directory(str(folder)) == str(folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert config.cache_directory(str(folder)) == str(folder)
    assert capsys.readouterr().err == ""


def test_a_relative_folder_is_that_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.cache_directory("cache") == str(tmp_path / "cache")


@pytest.mark.parametrize(
    ("arrange", "why"),
    [
        (lambda folder: folder.write_text(""), "File exists"),
        (lambda folder: (folder.mkdir(), folder.chmod(0o777)), "others may write to it"),
        (lambda folder: (folder.mkdir(), folder.chmod(0o720)), "others may write to it"),
    ],
    ids=["a file", "everybody's", "a group's"],
)
def test_a_folder_that_is_not_safe_costs_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arrange: Any, why: str
) -> None:
    folder = tmp_path / "cache"
    arrange(folder)
    assert config.cache_directory(str(folder)) is None
    err = capsys.readouterr().err
    assert err == f"pyston_lite: cannot keep machine code in {str(folder)!r} ({why}); running without\n"


def test_a_folder_of_somebody_else_costs_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = tmp_path.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
    assert config.cache_directory(str(tmp_path)) is None
    assert "it belongs to another user" in capsys.readouterr().err
