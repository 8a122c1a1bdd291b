"""Wheel and source distribution: what is in them, and that a wheel installs and works where there is no Go and no compiler."""

import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path
from types import ModuleType

import pytest

from tests.support import ROOT

pytestmark = pytest.mark.build


def build(tmp: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(tmp), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build(folder, "--wheel", str(ROOT))
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sdist")
    build(folder, "--sdist", str(ROOT))
    [path] = folder.glob("*.tar.gz")
    return path


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    suffix = str(sysconfig.get_config_var("EXT_SUFFIX")).removeprefix(".")
    files = {"__init__.py", "__main__.py", "autoload.py", "config.py", "launcher.py", "report.py", "py.typed"}
    files |= {"_pyston_lite.pyi", "pyston_lite_autoload.pth", f"_pyston_lite.{suffix}", "libpystonlite.so"}
    files |= {"_autoload.pyi", f"_autoload.{suffix}"}
    assert names == {f"pyston_lite/{name}" for name in files}
    assert wheel.name.endswith(f"-cp311-cp311{sys.abiflags}-linux_x86_64.whl")


def test_wheel_installs_and_works_without_go_and_compiler(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False, symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    (tmp_path / "empty").mkdir()
    environ = {"PATH": str(tmp_path / "empty"), "HOME": str(tmp_path)}
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, env=environ, check=True, capture_output=True)
    code = "import pyston_lite as p\nassert p.enable(sync=True), p.status()\ndef f(n): return n + 1\np.compile(f)\nprint(f(1), p.is_compiled(f))"
    done = subprocess.run(
        [str(python), "-c", code], env=environ, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("2 True\n", "")

    remove = [sys.executable, "-m", "pip", "--python", str(python), "uninstall", "--yes", "pyston-lite"]
    subprocess.run(remove, env=environ, check=True, capture_output=True)
    assert not list((tmp_path / "venv").rglob("*pyston*"))


def test_sdist_holds_every_source(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for pattern in (
        "cshim/**/*.[chd]*",
        "ext/**/*.go",
        "hooks/**/*.go",
        "specializer/**/*.go",
        "python/**/*.py",
        "tests/**/*.py",
    ):
        found = {
            str(path.relative_to(ROOT)) for path in ROOT.glob(pattern) if path.is_file() and "/build/" not in str(path)
        }
        assert found, f"{pattern} matches nothing in the source tree"
        assert found <= names, f"missing from the sdist: {sorted(found - names)[:5]}"
    assert {"go.mod", "go.sum", "setup.py", "pyproject.toml", "LICENSE", "README.md", "Makefile"} <= names
    assert not {
        name for name in names if name.endswith((".so", ".o", ".pyc")) or name.startswith((".venv", "build/", ".git/"))
    }


def test_sdist_builds(sdist: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path)
    [tree] = [path for path in tmp_path.iterdir() if path.is_dir()]
    build(tmp_path / "out", "--wheel", str(tree))
    assert len(list((tmp_path / "out").glob("*.whl"))) == 1


def build_with_tools(tmp_path: Path, *tools: str) -> subprocess.CompletedProcess[str]:
    """setup.py build_ext with a PATH that holds these tools only."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in tools:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(os.path.realpath(found))
    environ = {"PATH": str(folder), "HOME": str(tmp_path)}
    command = [
        sys.executable,
        "setup.py",
        "-q",
        "build_ext",
        "--build-lib",
        str(tmp_path / "lib"),
        "--build-temp",
        str(tmp_path / "temp"),
    ]
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)


def test_missing_compiler_is_one_line(tmp_path: Path) -> None:
    done = build_with_tools(tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: no C compiler") and last.endswith("install the Debian package gcc")


def test_missing_go_is_one_line(tmp_path: Path) -> None:
    import sysconfig

    done = build_with_tools(tmp_path, sysconfig.get_config_var("CC").split()[0])
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: no go command found") and "golang-go" in last


@pytest.fixture
def setup_module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """setup.py as a module, without its call of setup()."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr("setuptools.setup", lambda **_: None)
    spec = importlib.util.spec_from_file_location("project_setup", ROOT / "setup.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_missing_headers_are_one_line(setup_module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_module, "SYSTEM_INCLUDES", ["/no/such", "/no/such/internal"])
    with pytest.raises(setup_module.PlatformError, match=r"^no Python.h in /no/such: .*python3\.11-dev\)$"):
        setup_module.check_headers()


def test_old_go_is_one_line(setup_module: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "go"
    fake.write_text("#!/bin/sh\necho go1.19.8\n")
    fake.chmod(0o755)
    monkeypatch.setenv("GO", str(fake))
    with pytest.raises(setup_module.PlatformError, match=r"is go1\.19\.8: install Go 1\.24 or newer"):
        setup_module.find_go()
    monkeypatch.setenv("GO", str(tmp_path / "none"))
    with pytest.raises(setup_module.PlatformError, match="cannot be started"):
        setup_module.find_go()
