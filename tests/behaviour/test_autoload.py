"""Autoload in fresh virtual environments: on, off, the kill switch, and a start-up that nothing can break."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from pyston_lite import autoload

from tests.support import ROOT, make_environment, site_directory

# Whether the native module is there once there is a loop, and whether it is on.
STATE = (
    "import sys\nfor _ in (): pass\n"
    "m = sys.modules.get('pyston_lite._pyston_lite'); print(m is not None, m is not None and m.is_enabled())"
)
# Prints which modules of ours are loaded, without a loop and without a call of a Python function.
OURS = "import sys; print(*sorted(filter({'pyston_lite', 'pyston_lite._autoload', 'pyston_lite._pyston_lite', 'pyston_lite.config'}.__contains__, sys.modules)))"


def start(python: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYSTON", "DISABLE_"))}
    return subprocess.run([str(python), *arguments], env=clean | variables, capture_output=True, text=True, check=False)


def state(python: Path, **variables: str) -> str:
    done = start(python, "-c", STATE, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


# The line of the .pth file loads the native module of an ordinary build; in others it imports the package.
short_way = pytest.mark.skipif(hasattr(sys, "gettotalrefcount"), reason="a debug build of the interpreter takes the long way")


@pytest.fixture
def python(tmp_path: Path) -> Path:
    return make_environment(tmp_path / "venv")


def test_on_and_off(python: Path) -> None:
    path = site_directory(python) / autoload.FILE_NAME
    assert state(python) == "False False"
    assert start(python, "-m", "pyston_lite", "autoload", "status").stdout == "off\n"

    assert start(python, "-m", "pyston_lite", "autoload", "on").stdout == f"on: {path}\n"
    assert path.read_text() == autoload.line(str(site_directory(python)))
    assert state(python) == "True True"
    assert start(python, "-m", "pyston_lite", "autoload", "status").stdout == f"on: {path}\n"
    assert start(python, "-m", "pyston_lite", "autoload", "on").returncode == 0, "twice is once"

    assert start(python, "-m", "pyston_lite", "autoload", "off").stdout == "off\n"
    assert not path.exists()
    assert state(python) == "False False"
    assert start(python, "-m", "pyston_lite", "autoload", "off").stdout == "off already\n"


def test_kill_switches(python: Path) -> None:
    start(python, "-m", "pyston_lite", "autoload", "on")
    assert state(python, DISABLE_PYSTON="") == "False False"
    assert state(python, PYSTON_LITE="off") == "False False"
    assert state(python, PYSTON_LITE="1") == "True True"
    assert start(python, "-S", "-c", STATE).stdout == "False False\n"


@short_way
@pytest.mark.parametrize(
    ("program", "loaded"),
    [
        ("pass", "pyston_lite._autoload"),
        ("def f(): pass\nf()", "pyston_lite._autoload"),
        ("while True: break", "pyston_lite._autoload"),  # there is no backward jump in this
        ("def f(): pass\nf(); f(); f(); f(); f(); f(); f(); f(); f()", "pyston_lite._autoload pyston_lite._pyston_lite"),
        ("def f():\n  for _ in (): pass\nf()", "pyston_lite._autoload pyston_lite._pyston_lite"),
        ("for _ in (): pass", "pyston_lite._autoload pyston_lite._pyston_lite"),
        ("import pyston_lite", "pyston_lite pyston_lite._autoload pyston_lite._pyston_lite"),
    ],
)
def test_the_native_module_comes_when_a_process_is_not_short(python: Path, program: str, loaded: str) -> None:
    start(python, "-m", "pyston_lite", "autoload", "on")
    done = start(python, "-c", f"{program}\n{OURS}")
    assert (done.stdout, done.stderr) == (f"{loaded}\n", "")


@short_way
def test_switches_are_what_the_package_reads(python: Path) -> None:
    start(python, "-m", "pyston_lite", "autoload", "on")
    all_of_them = "pyston_lite pyston_lite._autoload pyston_lite._pyston_lite pyston_lite.config\n"
    assert start(python, "-c", OURS, PYSTON_LITE_THRESHOLD="5").stdout == all_of_them


def test_an_environment_that_changes_later_has_no_say(python: Path) -> None:
    start(python, "-m", "pyston_lite", "autoload", "on")
    code = "import os; os.environ['PYSTON_LITE'] = '0'; import pyston_lite; print(pyston_lite.is_enabled())"
    assert start(python, "-c", code).stdout == "True\n"


@short_way
def test_nobody_sees_it_being_loaded(python: Path) -> None:
    """Neither a tracer nor the exception that is being handled or thrown is touched."""
    start(python, "-m", "pyston_lite", "autoload", "on")
    code = """
import sys
events = []
def tracer(frame, event, arg):
    events.append((frame.f_code.co_name, event))
def f(): pass
def g():
    try:
        yield
    except KeyError as error:
        for _ in (): pass
        yield sys.exc_info()[1] is error
waiting = g()
next(waiting)
sys.settrace(tracer)
f(); f(); f(); f(); f(); f()
print(waiting.throw(KeyError(1)))
f()
sys.settrace(None)
print(events == [("f", "call")] * 6 + [("g", "call")] + [("f", "call")])
"""
    expected = start(python, "-c", code, PYSTON_LITE="0")
    done = start(python, "-c", f"{code}\n{OURS}")
    assert (done.stdout, done.stderr) == (expected.stdout + "pyston_lite._autoload pyston_lite._pyston_lite\n", "")
    assert expected.stdout.startswith("True\n")


@short_way
def test_subinterpreters_are_left_to_stock(python: Path) -> None:
    start(python, "-m", "pyston_lite", "autoload", "on")
    code = """
import _xxsubinterpreters as interpreters
one = interpreters.create()
interpreters.run_string(one, "import sys\\nfor i in range(100): pass\\nprint('pyston_lite._pyston_lite' in sys.modules)")
interpreters.destroy(one)
"""
    done = start(python, "-c", f"{code}\nfor _ in (): pass\n{OURS}")
    assert (done.stdout, done.stderr) == ("False\npyston_lite._autoload pyston_lite._pyston_lite\n", "")


def test_the_package_finds_what_was_loaded(python: Path) -> None:
    start(python, "-m", "pyston_lite", "autoload", "on")
    code = (
        "import sys, pyston_lite as p; from pyston_lite import _pyston_lite as n; print(p._native is n is "
        "sys.modules['pyston_lite._pyston_lite'], p.is_enabled(), p.status()['reason'], n.__file__ == n.__spec__.origin, "
        "p.Refused is n.Refused, p.enable(threshold=3), p.stats()['enabled'])"
    )
    assert start(python, "-c", code).stdout == "True True None True True True True\n"


def test_the_file_imports_the_package_where_the_native_module_has_another_name(python: Path) -> None:
    """A debug build of Python, or an editable installation; and nothing is seen of it when the package has gone."""
    site = site_directory(python)
    for path in (site / "pyston_lite").glob("_autoload.*.so"):
        path.rename(path.with_name("_autoload.so"))
    start(python, "-m", "pyston_lite", "autoload", "on")
    assert (site / autoload.FILE_NAME).read_text() == autoload.PACKAGE_LINE
    assert state(python) == "True True"
    shutil.rmtree(site / "pyston_lite")
    assert state(python) == "False False"


def test_hot_functions_are_compiled(python: Path) -> None:
    """The library is found without the package."""
    start(python, "-m", "pyston_lite", "autoload", "on")
    code = "def f(x): return x + 1\nfor i in range(5000): f(i)\nimport pyston_lite; pyston_lite.compile(f); print(f(1))"
    done = start(python, "-c", code)
    assert (done.stdout, done.stderr) == ("2\n", "")


@pytest.mark.parametrize("text", [autoload.native_line(), autoload.PACKAGE_LINE])
def test_line_is_one_import_line(text: str) -> None:
    """`site` executes single lines that begin with import, and nothing else."""
    assert text.startswith("import ") and text.count("\n") == 1 and text.endswith("\n")


@pytest.mark.parametrize("damage", ["removed", "syntax", "no_autoload", "no_native", "no_library", "raises", "config"])
def test_start_up_never_breaks(python: Path, damage: str) -> None:
    start(python, "-m", "pyston_lite", "autoload", "on")
    package = site_directory(python) / "pyston_lite"
    if damage == "removed":
        shutil.rmtree(package)
    elif damage == "syntax":
        (package / "__init__.py").write_text("def f(:\n")
    elif damage == "raises":
        (package / "__init__.py").write_text("raise ValueError('broken')\n")
    elif damage == "config":
        (package / "config.py").write_text("raise ValueError('broken')\n")
    elif damage in ("no_autoload", "no_native"):
        for path in package.glob(f"_{damage.removeprefix('no_').replace('native', 'pyston_lite')}.*"):
            path.unlink()
    else:
        (package / "libpystonlite.so").unlink()
    done = start(
        python, "-c", "print(sum(i for i in range(100_000)))", PYSTON_LITE_THRESHOLD="50", PYSTON_LITE_SYNC="1"
    )
    assert (done.stdout, done.returncode) == ("4999950000\n", 0)
    if damage == "no_library":  # noticed when the first function is hot, and said in one line
        assert done.stderr.startswith("pyston_lite: nothing will be compiled")
        assert done.stderr.count("\n") == 1
    else:
        assert done.stderr == ""


def test_only_importable_is_not_installed(tmp_path: Path, python: Path) -> None:
    site = site_directory(python)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.move(site / "pyston_lite", elsewhere)
    for info in site.glob("pyston_lite-*.dist-info"):
        shutil.rmtree(info)
    done = start(python, "-m", "pyston_lite", "autoload", "on", PYTHONPATH=str(elsewhere))
    assert (done.returncode, done.stderr) == (
        1,
        "pyston_lite: pyston_lite is not installed here, it only happens to be importable\n",
    )


@pytest.mark.build
def test_distribution(tmp_path: Path, python: Path) -> None:
    """The second distribution installs the same file as the command line, and the command line leaves it to pip."""
    source = tmp_path / "source"
    shutil.copytree(
        ROOT / "python", source, ignore=shutil.ignore_patterns("*.so", "*.egg-info", "build", "__pycache__")
    )
    project = source / "pyston_lite_autoload"
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp_path), str(project)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    # `build` made the sdist from the tree and the wheel from that sdist, so the sdist is complete.
    assert len(list(tmp_path.glob("*.tar.gz"))) == 1
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        files = {name for name in archive.namelist() if ".dist-info/" not in name}
        assert files == {autoload.FILE_NAME, "pyston_lite_autoload/__init__.py", "pyston_lite_autoload/py.typed"}
        assert archive.read(autoload.FILE_NAME).decode() == autoload.native_line()

    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    # Its line names the native module of an ordinary build.
    assert state(python) == ("False False" if hasattr(sys, "gettotalrefcount") else "True True")
    done = start(python, "-m", "pyston_lite", "autoload", "off")
    assert done.returncode == 1
    assert done.stderr == "pyston_lite: autoload was installed by pip: run pip uninstall pyston-lite-autoload\n"

    # Removing the first half only must not show at the next start; removing the second leaves nothing.
    shutil.rmtree(site_directory(python) / "pyston_lite")
    assert state(python) == "False False"
    remove = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "uninstall",
        "--quiet",
        "--yes",
        "pyston-lite-autoload",
    ]
    subprocess.run(remove, check=True, capture_output=True)
    assert not list(site_directory(python).glob("pyston_lite_autoload*"))


def test_importing_the_second_distribution_enables(python: Path) -> None:
    target = site_directory(python) / "pyston_lite_autoload"
    target.mkdir()
    shutil.copy(ROOT / "python" / "pyston_lite_autoload" / "__init__.py", target)
    done = start(python, "-c", "import pyston_lite_autoload, pyston_lite; print(pyston_lite.is_enabled())")
    assert (done.stdout, done.stderr) == ("True\n", "")
