"""`python -m pyston_lite X` shows what `python X` shows: output, tracebacks, exit status, and the names of `__main__`."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support import child_environment

PROBE = """\
import sys
main = sys.modules["__main__"]
names = {name: type(value).__name__ for name, value in vars(main).items()}
print(list(names.items()))
print(sys.argv, sys.path[0], __name__, __package__, __doc__, __spec__ and __spec__.name, vars(main).get("__file__"))
print(vars(main) is globals(), vars(main).get("__cached__"), type(__builtins__), __annotations__)
import atexit
atexit.register(lambda: print("at exit", sorted(vars(main))))
"""

SCRIPTS = {
    "probe": PROBE,
    "raises": "def f(x):\n    return x['a']['b'] + 1\nf({'a': {}})\n",
    "chained": "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise ValueError('v') from e\n",
    "group": "raise ExceptionGroup('g', [ValueError(1), TypeError(2)])\n",
    "syntax_error": "def f(:\n    pass\n",
    "tab_error": "if 1:\n\tx = 1\n        y = 2\n",
    "latin": "# -*- coding: utf-8 -*-\nprint('é')\n",
    "exit_0": "import sys; sys.exit()\n",
    "exit_3": "import sys; sys.exit(3)\n",
    "exit_text": "import sys; sys.exit('text')\n",
    "exit_object": "raise SystemExit((1, 2))\n",
    "interrupt": "import atexit; atexit.register(print, 'bye')\nraise KeyboardInterrupt\n",
    "interrupt_subclass": "class K(KeyboardInterrupt): pass\nraise K('k')\n",
    "own_hook": "import sys\nsys.excepthook = lambda k, v, t: print('hook', k, v, t and t.tb_lineno, t and t.tb_next)\n1 / 0\n",
    "no_hook": "import sys\ndel sys.excepthook\n1 / 0\n",
    "last_traceback": "import atexit, sys\natexit.register(lambda: print(sys.last_type, sys.last_traceback.tb_lineno))\n1 / 0\n",
    "pickle_main": "import pickle\nclass C: pass\nprint(type(pickle.loads(pickle.dumps(C()))) is C)\n",
    "future": "from __future__ import annotations\ndef f(x: undefined): pass\nprint(f.__annotations__)\n",
    "recursion_error": "def f(): f()\ntry:\n    f()\nexcept RecursionError as e:\n    print(e)\n",
    "warns": "import warnings\nwarnings.warn('careful')\n",
    "finalizer": "class D:\n    def __del__(self): print('gone')\nd = D()\n",
    "threads": "import threading\nt = threading.Thread(target=lambda: print('in thread'))\nt.start()\n",
    "imports_sibling": "import sibling\nprint(sibling.x, sibling.__file__)\n",
}


def execute(
    arguments: list[str],
    cwd: Path,
    stdin: str | None = None,
    through_us: bool = False,
    *,
    flags: list[str] | None = None,
):
    environ = child_environment(None)
    del environ["PYTHONPATH"]
    if through_us:
        environ.update(PYSTON_LITE="1", PYSTON_LITE_COMPILE_ALL="1", PYSTON_LITE_SYNC="1")
    command = [sys.executable, *(flags or []), *(["-m", "pyston_lite"] if through_us else []), *arguments]
    done = subprocess.run(
        command, cwd=cwd, env=environ, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout, done.stderr, done.returncode


def assert_same(
    arguments: list[str], cwd: Path, stdin: str | None = None, flags: list[str] | None = None
) -> tuple[str, str, int]:
    want = execute(arguments, cwd, stdin, flags=flags)
    got = execute(arguments, cwd, stdin, through_us=True, flags=flags)
    assert want == got
    return want


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sibling.py").write_text("x = 5\n")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("print('package', __name__)\n")
    (package / "__main__.py").write_text(PROBE)
    (package / "inner.py").write_text(PROBE + "def f(): raise KeyError('k')\nf()\n")
    (package / "broken.py").write_text("import no_such_module\n")
    return tmp_path


@pytest.mark.parametrize("name", SCRIPTS)
def test_script(folder: Path, name: str) -> None:
    (folder / f"{name}.py").write_text(SCRIPTS[name], encoding="utf-8")
    assert_same([f"{name}.py", "one", "--two"], folder)


def test_scripts_fail_as_meant(folder: Path) -> None:
    """Some of the statuses that test_script compares, so that it does not compare the same failure to start."""
    statuses = {"probe": 0, "raises": 1, "exit_3": 3, "exit_text": 1, "interrupt": -2}
    for name, status in statuses.items():
        (folder / f"{name}.py").write_text(SCRIPTS[name], encoding="utf-8")
        assert execute([f"{name}.py"], folder, through_us=True)[2] == status, name


@pytest.mark.parametrize("where", ["absolute", "relative", "symlink", "other_folder"])
def test_script_path(folder: Path, where: str) -> None:
    sub = folder / "sub"
    sub.mkdir()
    (sub / "probe.py").write_text(PROBE)
    (folder / "link.py").symlink_to(sub / "probe.py")
    argument, cwd = {
        "absolute": (str(sub / "probe.py"), folder),
        "relative": ("./sub/../sub/probe.py", folder),
        "symlink": ("link.py", folder),
        "other_folder": ("../probe.py", sub / "deeper"),
    }[where]
    cwd.mkdir(exist_ok=True)
    assert_same([argument], cwd)


@pytest.mark.parametrize("flags", [["-P"], ["-I"], ["-O"], ["-W", "error"], ["-X", "dev"], ["-s"]], ids=" ".join)
def test_interpreter_flags(folder: Path, flags: list[str]) -> None:
    (folder / "probe.py").write_text(PROBE + "assert False, 'asserted'\n")
    assert_same(["probe.py"], folder, flags=flags)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-m", "package", "a", "-b"],
        ["-m", "package.inner"],
        ["-m", "package.broken"],
        ["-m", "sibling"],
        ["-m", "no_such_module"],
        ["-m", "package.no_such"],
        ["-m", "sibling.x"],
        ["package", "a"],
        ["no_such_file.py"],
        ["."],
        ["-c", PROBE, "a", "b"],
        ["-c", "def f(): return 1 / 0\nf()"],
        ["-c", "raise KeyboardInterrupt"],
        ["-c", "import sys; sys.exit(4)"],
        ["-c", "1 +"],
    ],
    ids=lambda arguments: " ".join(arguments[:2])[:30].replace("\n", " "),
)
def test_other_forms(folder: Path, arguments: list[str]) -> None:
    assert_same(arguments, folder)


def test_program_on_standard_input(folder: Path) -> None:
    assert_same(["-", "a"], folder, stdin=PROBE + "1 / 0\n")


def test_compiled_file_and_archive(folder: Path) -> None:
    import compileall
    import shutil

    (folder / "probe.py").write_text(PROBE)
    compileall.compile_file(str(folder / "probe.py"), quiet=1, legacy=True)
    assert_same(["probe.pyc", "x"], folder)
    (folder / "app").mkdir()
    (folder / "app" / "__main__.py").write_text(PROBE + "1 / 0\n")
    shutil.make_archive(str(folder / "app"), "zip", folder / "app")
    assert_same(["app.zip", "x"], folder)


def test_bytecode_cache_is_written_as_by_python(folder: Path) -> None:
    (folder / "imports.py").write_text("import sibling\n")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    subprocess.run([sys.executable, "-m", "pyston_lite", "imports.py"], cwd=folder, env=environ, check=True)
    assert [path.stem.partition(".")[0] for path in (folder / "__pycache__").iterdir()] == ["sibling"]


def test_options_reach_the_program_untouched(folder: Path) -> None:
    (folder / "show.py").write_text("import sys; print(sys.argv)\n")
    out, err, status = execute(["--threshold=3", "--sync", "--", "show.py", "--stats", "-m"], folder, through_us=True)
    assert (out, err, status) == ("['show.py', '--stats', '-m']\n", "", 0)


def test_stats_option_reports_on_standard_error(folder: Path) -> None:
    (folder / "work.py").write_text("def f(x): return x + 1\nfor i in range(5000): f(i)\nprint('done')\n")
    out, err, status = execute(["--stats", "work.py"], folder, through_us=True)
    assert (out, status) == ("done\n", 0)
    assert err.startswith("pyston_lite ")
    assert "f (work.py:1)" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--no-such"], "unknown option --no-such"),
        (["--threshold"], "--threshold needs a value"),
        (["--threshold=x", "a.py"], "threshold='x' is not a whole number of at least 1"),
        (["--allow=/no/such/file", "a.py"], "cannot read '/no/such/file'"),
        (["-m"], "argument expected for the -m option"),
        (["-q"], "unknown option -q"),
        (["autoload", "sideways"], "autoload takes one of on, off and status"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_wrong_usage_is_one_line(folder: Path, arguments: list[str], message: str) -> None:
    out, err, status = execute(arguments, folder, through_us=True)
    assert (out, status, err.count("\n")) == ("", 2, 1)
    assert message in err


def test_help_and_version(folder: Path) -> None:
    out, err, status = execute(["--help"], folder, through_us=True)
    assert status == 0 and err == "" and "PYSTON_LITE_THRESHOLD" in out
    out, err, status = execute(["--version"], folder, through_us=True)
    assert (out.split(), err, status) == (["pyston_lite", "0.1.0"], "", 0)


def test_status(folder: Path) -> None:
    out, err, status = execute(["status"], folder, through_us=True)
    assert status == 0 and err == ""
    assert out.splitlines()[1] == "enabled"


def test_status_tells_the_reason(folder: Path) -> None:
    environ = child_environment(None)
    done = subprocess.run(
        [sys.executable, "-m", "pyston_lite", "status"],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout.splitlines()[1] == "not enabled: PYSTON_LITE=0 is set"


def test_our_frames_are_not_in_a_traceback_printed_by_the_program(folder: Path) -> None:
    """traceback.print_exc inside the program shows the frames from the handler on, as always."""
    (folder / "own.py").write_text(
        textwrap.dedent("""\
        import traceback
        try:
            {}["k"]
        except KeyError:
            traceback.print_exc()
        """)
    )
    assert_same(["own.py"], folder)
