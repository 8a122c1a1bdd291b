"""The Python face alone, over a stand-in for the native module: what is checked before native code is loaded, and when."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pyston_lite
import pytest

from tests.support import child_environment


class Native(ModuleType):
    """Records what the face asks of the native module."""

    class Refused(Exception):
        pass

    def __init__(self, failure: str | None = None) -> None:
        super().__init__("pyston_lite._pyston_lite")
        self.calls: list[tuple[Any, ...]] = []
        self.on = False
        self.failure = failure

    def enable(self, config: dict[str, Any]) -> None:
        self.calls.append(("enable", config))
        if self.failure is not None:
            raise RuntimeError(self.failure)
        self.on = True

    def disable(self) -> None:
        self.calls.append(("disable",))
        self.on = False

    def is_enabled(self) -> bool:
        return self.on

    def suppress(self, func: object) -> None:
        self.calls.append(("suppress", func))

    def build_info(self) -> dict[str, str]:
        return {"compiler": "none"}


@pytest.fixture
def native(monkeypatch: pytest.MonkeyPatch) -> Native:
    module = Native()
    monkeypatch.setattr(pyston_lite, "_native", module)
    monkeypatch.setattr(pyston_lite, "_reason", "enable() has not been called")
    return module


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyston_lite, "_native", None)
    monkeypatch.setattr(pyston_lite, "_reason", "enable() has not been called")


def test_enable_passes_final_values(native: Native) -> None:
    assert pyston_lite.enable() is True
    [(_, config)] = native.calls
    assert config.pop("library") == str(Path(pyston_lite.__file__).absolute().parent / "libpystonlite.so")
    assert config == {key: value for key, value in pyston_lite._DEFAULTS.items() if key != "stats"}
    assert pyston_lite.status()["reason"] is None


def test_the_short_way_and_the_table_agree(native: Native, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any switch set, enable() does not import the table; with one that changes nothing, the values are the same."""
    pyston_lite.enable()
    pyston_lite.disable()
    monkeypatch.setenv("PYSTON_LITE", "1")
    pyston_lite.enable()
    first, second = (call[1] for call in native.calls if call[0] == "enable")
    assert first == second


def test_enable_twice_is_once(native: Native) -> None:
    assert pyston_lite.enable() and pyston_lite.enable()
    assert [call[0] for call in native.calls] == ["enable"]


def test_enable_with_options_starts_again(native: Native) -> None:
    pyston_lite.enable()
    assert pyston_lite.enable(threshold=7)
    assert [call[0] for call in native.calls] == ["enable", "disable", "enable"]
    assert native.calls[-1][1]["threshold"] == 7


def test_a_wrong_option_changes_nothing(native: Native) -> None:
    pyston_lite.enable()
    with pytest.raises(ValueError, match="threshold"):
        pyston_lite.enable(threshold="x")
    with pytest.raises(TypeError, match="unknown option"):
        pyston_lite.enable(speed=3)
    assert pyston_lite.is_enabled()
    assert pyston_lite.status()["reason"] is None


def test_disable(native: Native) -> None:
    pyston_lite.disable()
    assert native.calls == []
    pyston_lite.enable()
    pyston_lite.disable()
    assert not pyston_lite.is_enabled()
    assert pyston_lite.status()["reason"] == "disable() was called"
    assert pyston_lite.enable() is True


def test_the_native_reason_is_recorded(native: Native) -> None:
    native.failure = "another evaluator is installed"
    assert pyston_lite.enable() is False
    assert pyston_lite.status()["reason"] == "another evaluator is installed"


@pytest.mark.parametrize("variable", ["PYSTON_LITE", "DISABLE_PYSTON"])
def test_kill_switch(unloaded: None, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "0")
    assert pyston_lite.enable() is False
    assert pyston_lite.enable(threshold=3) is False
    assert variable in pyston_lite.status()["reason"]
    assert pyston_lite._native is None, "native code is not loaded"


def test_unreadable_list_leaves_the_process_stock(
    native: Native, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PYSTON_LITE_DENY", "/no/such/file")
    assert pyston_lite.enable() is False
    assert native.calls == []
    assert "cannot read '/no/such/file'" in pyston_lite.status()["reason"]
    assert capsys.readouterr().err.count("\n") == 1


def unsupported(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    if what == "minor":
        monkeypatch.setattr(sys, "version_info", (3, 12, 0, "final", 0))
    elif what == "implementation":
        monkeypatch.setattr(sys.implementation, "name", "pypy")
    else:
        monkeypatch.setattr(sys, "platform", "darwin")


REASONS = {
    "minor": "this is cpython 3.12, and only cpython 3.11 is supported",
    "implementation": "this is pypy 3.11, and only cpython 3.11 is supported",
    "platform": "only 64-bit linux on x86_64 is supported",
}


@pytest.mark.parametrize("what", REASONS)
def test_unsupported_interpreter(unloaded: None, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    unsupported(monkeypatch, what)
    assert pyston_lite.enable() is False
    assert pyston_lite.status()["reason"].startswith(REASONS[what])
    assert pyston_lite.status()["build"] is None
    assert not pyston_lite.is_enabled()
    assert pyston_lite.functions() == [] and pyston_lite.stats() == {}

    def func() -> int:
        return 1

    assert pyston_lite.suppress(func) is func
    assert pyston_lite.is_compiled(func) is False
    with pytest.raises(pyston_lite.Refused) as caught:
        pyston_lite.compile(func)
    assert caught.value.reason.startswith(REASONS[what])


@pytest.mark.parametrize("micro", [0, 1, 15, 99])
def test_every_micro_version_is_accepted(monkeypatch: pytest.MonkeyPatch, micro: int) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 11, micro, "final", 0))
    assert pyston_lite._interpreter_reason() is None


def test_a_missing_native_module_is_a_reason(unloaded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyston_lite._pyston_lite", None)
    monkeypatch.delattr(pyston_lite, "_pyston_lite", raising=False)
    assert pyston_lite.enable() is False
    assert pyston_lite.status()["reason"].startswith("the native module cannot be loaded: ")


def test_suppress_is_a_decorator(native: Native) -> None:
    @pyston_lite.suppress
    def func() -> None: ...

    assert native.calls == [("suppress", func)]
    assert callable(func)


def test_refused_is_the_native_exception(native: Native) -> None:
    assert pyston_lite.Refused is native.Refused


def test_defaults_are_those_of_the_native_code() -> None:
    code = "import pyston_lite as p; print(p._load().defaults().items() <= p._DEFAULTS.items())"
    done = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(None), capture_output=True, text=True, check=True
    )
    assert done.stdout == "True\n"


def test_unknown_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        pyston_lite.nothing  # noqa: B018 - the access is what is tested


def test_import_alone_loads_nothing_native() -> None:
    code = "import sys, pyston_lite; print([m for m in sys.modules if m.startswith('pyston_lite')], pyston_lite.status()['reason'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=child_environment(None), capture_output=True, text=True, check=True
    )
    assert done.stdout == "['pyston_lite'] enable() has not been called\n"


def test_start_up_imports_nothing_else() -> None:
    """What autoload does at every start imports no module from a file, except our own."""
    code = "import sys; before = set(sys.modules); import pyston_lite; pyston_lite.enable(); print(sorted(set(sys.modules) - before - set(sys.builtin_module_names)))"
    environ = child_environment(None)
    del environ["PYSTON_LITE"]
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "['pyston_lite', 'pyston_lite._pyston_lite']\n"


SAMPLE = {
    "status": {"enabled": False, "reason": "no", "version": "0.1.0", "python": "cpython 3.11.2", "build": None},
    "stats": {
        "compiled": 3,
        "deopts": {"guard": 2, "none": {}},
        "seconds": 0.5,
        "sites": [
            {"qualname": "hot", "filename": "/x/a.py", "line": 10, "bci": 4, "reason": "not an int", "count": 2},
            {"qualname": "hot", "filename": "/x/a.py", "line": 11, "bci": 9, "reason": "overflow", "count": 7},
        ],
    },
    "functions": [
        {
            "qualname": "cold",
            "filename": "/x/a.py",
            "line": 3,
            "state": "refused",
            "code_bytes": 0,
            "compile_ms": 0.0,
            "entries": 0,
            "deopts": {},
            "reason": "too large",
        },
        {
            "qualname": "hot",
            "filename": "/x/a.py",
            "line": 9,
            "state": "compiled",
            "code_bytes": 120,
            "compile_ms": 1.25,
            "entries": 7,
            "deopts": {"overflow": 1},
        },
    ],
}


def test_report_text() -> None:
    from pyston_lite import report

    text = report.as_text(SAMPLE)
    assert text.splitlines() == [
        "pyston_lite 0.1.0 on cpython 3.11.2, not enabled: no",
        "compiled: 3",
        "deopts:",
        "  guard: 2",
        "seconds: 0.500",
        "deoptimised most:",
        "         7 overflow in hot (a.py:11)",
        "         2 not an int in hot (a.py:10)",
        "   entries   deopts    bytes       ms state      function",
        "         7        1      120      1.2 compiled   hot (a.py:9)",
        "         0        0        0      0.0 refused    cold (a.py:3): too large",
    ]


def test_report_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from pyston_lite import report

    monkeypatch.setattr(report, "collect", lambda: SAMPLE)
    report.write(str(tmp_path / "r.json"))
    assert json.loads((tmp_path / "r.json").read_text()) == SAMPLE
    report.write(str(tmp_path / "r.%p.txt"))
    [text] = [path for path in tmp_path.iterdir() if path.suffix == ".txt"]
    assert text.read_text() == report.as_text(SAMPLE)
    assert text.name.split(".")[1].isdigit()
    report.write("-")
    assert capsys.readouterr().err == report.as_text(SAMPLE)
    report.write(str(tmp_path / "none" / "r.txt"))
    assert capsys.readouterr().err.startswith("pyston_lite: cannot write ")
