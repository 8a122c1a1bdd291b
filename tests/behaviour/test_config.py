"""The table of switches: parsing, defaults, the one line that a bad value costs, and what a bad list file does."""

from pathlib import Path

import pyston_lite
import pytest
from pyston_lite import config


def read(environ: dict[str, str]) -> dict[str, object]:
    return config.read(environ, {})


def test_defaults() -> None:
    assert read({}) == pyston_lite._DEFAULTS
    assert {switch.key for switch in config.SWITCHES} == set(pyston_lite._DEFAULTS)


def test_each_default_is_accepted_from_python() -> None:
    assert config.read({}, dict(pyston_lite._DEFAULTS)) == pyston_lite._DEFAULTS


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("PYSTON_LITE_THRESHOLD", "1", "threshold", 1),
        ("PYSTON_LITE_LOOP_THRESHOLD", " 25 ", "loop_threshold", 25),
        ("PYSTON_LITE_SYNC", "1", "sync", True),
        ("PYSTON_LITE_SYNC", "", "sync", True),
        ("PYSTON_LITE_SYNC", "No", "sync", False),
        ("PYSTON_LITE_COMPILE_ALL", "yes", "compile_all", True),
        ("PYSTON_LITE_VERIFY", "ON", "verify", True),
        ("PYSTON_LITE_STATS", "-", "stats", "-"),
        ("PYSTON_LITE_STATS", "/x/report.json", "stats", "/x/report.json"),
        ("PYSTON_LITE_DUMP", "/x/dump", "dump_dir", "/x/dump"),
        ("PYSTON_LITE_DUMP", "", "dump_dir", None),
        ("PYSTON_LITE_STRESS", "guards=7,exits=1", "stress", {"guards": 7, "exits": 1}),
        ("PYSTON_LITE_STRESS", "", "stress", {}),
        ("PYSTON_LITE_CODE_CAP_MB", "8", "code_cap_mb", 8),
    ],
)
def test_values(variable: str, text: str, key: str, value: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert read({variable: text})[key] == value
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PYSTON_LITE_THRESHOLD", "0"),
        ("PYSTON_LITE_THRESHOLD", "-3"),
        ("PYSTON_LITE_THRESHOLD", "1.5"),
        ("PYSTON_LITE_THRESHOLD", "4294967296"),
        ("PYSTON_LITE_LOOP_THRESHOLD", "many"),
        ("PYSTON_LITE_SYNC", "perhaps"),
        ("PYSTON_LITE_COMPILE_ALL", "2"),
        ("PYSTON_LITE_VERIFY", "x"),
        ("PYSTON_LITE_STRESS", "guards"),
        ("PYSTON_LITE_STRESS", "guards=x"),
        ("PYSTON_LITE_STRESS", "guards=0"),
        ("PYSTON_LITE_STRESS", "guard=1"),
        ("PYSTON_LITE_CODE_CAP_MB", "1e3"),
    ],
)
def test_a_value_that_does_not_parse_costs_one_line(
    variable: str, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert read({variable: text}) == pyston_lite._DEFAULTS
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and err.endswith("\n")
    assert err.startswith(f"pyston_lite: {variable}={text!r} is not ")


def test_the_line_is_left_out_without_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert read({"PYSTON_LITE_THRESHOLD": "x"}) == pyston_lite._DEFAULTS


def test_dump_directory_is_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "a" / "b")
    assert config.dump_directory(folder) == folder
    assert Path(folder).is_dir()
    assert config.dump_directory(folder) == folder
    assert capsys.readouterr().err == ""


def test_a_dump_directory_that_cannot_be_made_costs_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below"):
        assert config.dump_directory(str(folder)) is None
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert err.startswith("pyston_lite: cannot write dumps to ")


def test_list_file(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_text("# a comment\n\nmodule.f   # why\n  C.method\nf\n", encoding="utf-8")
    assert read({"PYSTON_LITE_ALLOW": str(path)})["allow"] == {"module.f", "C.method", "f"}
    assert read({"PYSTON_LITE_DENY": str(path)})["deny"] == {"module.f", "C.method", "f"}
    assert read({"PYSTON_LITE_ALLOW": ""})["allow"] is None


def test_an_empty_allow_list_allows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_text("# nothing\n", encoding="utf-8")
    assert read({"PYSTON_LITE_ALLOW": str(path)})["allow"] == frozenset()


@pytest.mark.parametrize("variable", ["PYSTON_LITE_ALLOW", "PYSTON_LITE_DENY"])
def test_unreadable_list_file_means_off(variable: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (tmp_path / "missing", tmp_path, tmp_path / "binary"):
        (tmp_path / "binary").write_bytes(b"\xff\xfe")
        with pytest.raises(config.Unreadable):
            read({variable: str(path)})
        err = capsys.readouterr().err
        assert err.count("\n") == 1
        assert err.startswith(f"pyston_lite: {variable}: cannot read ")


@pytest.mark.parametrize(
    ("environ", "reason"),
    [
        ({}, None),
        ({"PYSTON_LITE": "1"}, None),
        ({"PYSTON_LITE": ""}, None),
        ({"PYSTON_LITE": "0"}, "PYSTON_LITE=0 is set"),
        ({"PYSTON_LITE": "off"}, "PYSTON_LITE=off is set"),
        ({"PYSTON_LITE": "FALSE"}, "PYSTON_LITE=FALSE is set"),
        ({"DISABLE_PYSTON": "1"}, "DISABLE_PYSTON is set"),
        ({"DISABLE_PYSTON": "0"}, "DISABLE_PYSTON is set"),
        ({"DISABLE_PYSTON": "", "PYSTON_LITE": "1"}, "DISABLE_PYSTON is set"),
    ],
)
def test_kill_switches(environ: dict[str, str], reason: str | None) -> None:
    assert config.off_reason(environ) == reason


def test_a_kill_switch_that_does_not_parse_is_no_kill_switch(capsys: pytest.CaptureFixture[str]) -> None:
    assert config.off_reason({"PYSTON_LITE": "perhaps"}) is None
    assert capsys.readouterr().err == "pyston_lite: PYSTON_LITE='perhaps' is not a yes/no word; using True\n"


def test_options_win_over_the_environment() -> None:
    settings = config.read({"PYSTON_LITE_THRESHOLD": "9", "PYSTON_LITE_SYNC": "1"}, {"threshold": 4, "allow": ["f"]})
    assert (settings["threshold"], settings["sync"], settings["allow"]) == (4, True, {"f"})


def test_wrong_options_raise() -> None:
    with pytest.raises(TypeError, match="unknown option 'treshold'"):
        config.read({}, {"treshold": 4})
    with pytest.raises(ValueError, match="threshold=0 is not a whole number of at least 1 and below"):
        config.read({}, {"threshold": 0})
