"""The virtual environment of the smoke runs, with autoload on, and the unpacked sources of the projects."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pyston_lite

from tests.support import ROOT, make_environment, site_directory

REQUIREMENTS = ROOT / "requirements" / "smoke.txt"
BUILD_REQUIREMENTS = ROOT / "requirements" / "build.txt"
BUILD = ROOT / "build" / "smoke"
PYTHON = BUILD / "venv" / "bin" / "python"


class Unavailable(Exception):
    """A project cannot be had or built here; the message says what failed."""


def outside_environment() -> dict[str, str]:
    """This process's environment without anything of Python's or ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYSTON", "DISABLE_"))}


def pip(*args: str) -> None:
    """Run the environment's pip, stock."""
    command = [str(PYTHON), "-m", "pip", *args, "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        command, env=outside_environment() | {"PYSTON_LITE": "0"}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable("\n".join((done.stdout + done.stderr).strip().splitlines()[-8:]))


def pins() -> dict[str, str]:
    """Distribution name to the version that requirements/smoke.txt pins."""
    lines = [line for name in (BUILD_REQUIREMENTS, REQUIREMENTS) for line in name.read_text().splitlines()]
    return dict(line.split()[0].split("==") for line in lines if "==" in line)


def prepare() -> None:
    """Make the environment, or bring an existing one up to date with the requirements and the package under test."""
    venv = PYTHON.parent.parent
    stamp = venv / "requirements.txt"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + BUILD_REQUIREMENTS.read_bytes()).hexdigest()
    if not PYTHON.exists():
        make_environment(venv, autoload=True)
        subprocess.run([str(PYTHON), "-m", "ensurepip"], env=outside_environment(), check=True, capture_output=True)
    if not stamp.exists() or stamp.read_text() != wanted:
        # mypy ships compiled by mypyc, and what is to be run here is Python.
        pip("install", "--no-binary", "mypy", "-r", str(REQUIREMENTS))
        stamp.write_text(wanted)
    package = site_directory(PYTHON) / "pyston_lite"
    shutil.rmtree(package)
    shutil.copytree(
        Path(pyston_lite.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
    )


def source(distribution: str) -> Path:
    """The source distribution of a pinned project, fetched once."""
    folder = BUILD / "sources" / f"{distribution}-{pins()[distribution]}"
    if not list(folder.glob("*.tar.gz")):
        pinned = f"{distribution}=={pins()[distribution]}"
        pip("download", "--no-deps", "--no-build-isolation", "--no-binary", ":all:", "--dest", str(folder), pinned)
    return next(folder.glob("*.tar.gz"))


def unpack(distribution: str, target: Path) -> Path:
    """Unpack the sources anew, so that no run sees what another left behind, and return their folder."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tarfile.open(source(distribution)) as archive:
        archive.extractall(target, filter="fully_trusted") if sys.version_info >= (3, 12) else archive.extractall(
            target
        )
    return next(path for path in target.iterdir() if path.is_dir())
