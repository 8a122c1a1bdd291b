"""Switches acceleration on for every start of one Python installation, by a `.pth` file in its site directory.

The file is the one that the pyston-lite-autoload distribution consists of. A start-up never fails because of its single line,
not even when pyston_lite has been removed and the file has stayed; of a native module that is there and cannot be loaded `site`
tells, and goes on. The line loads the native module that lies beside the file by its name in ordinary builds, and nothing else: each
word of it is parsed at every start. Where the native module has another name or place (a debug build of Python, an editable
installation), the file imports the package instead.
"""

import os
import re
import site
from importlib import metadata

FILE_NAME = "pyston_lite_autoload.pth"
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), FILE_NAME)
PACKAGE_LINE = (
    "import contextlib; exec('with contextlib.suppress(Exception): import pyston_lite; pyston_lite.enable()')\n"
)


class AutoloadError(Exception):
    """What was asked for cannot be done; the message is one line for the user."""


def native_line() -> str:
    """The line that loads the native module. The distribution is built from the same file."""
    with open(SOURCE, encoding="ascii") as file:
        return file.read()


def line(site_directory: str) -> str:
    """The text of the `.pth` file of a site directory."""
    text = native_line()
    [native] = re.findall(r"sitedir \+ '/([^']+)'", text)
    return text if os.path.exists(os.path.join(site_directory, native)) else PACKAGE_LINE


def directory() -> str:
    """The site directory that pyston_lite is installed in: `.pth` files work there and nowhere else."""
    try:
        found = os.path.realpath(str(metadata.distribution("pyston-lite").locate_file("")))
    except metadata.PackageNotFoundError:
        raise AutoloadError("pyston_lite is not installed here, it only happens to be importable") from None
    places = site.getsitepackages() + [site.getusersitepackages()]
    if found not in map(os.path.realpath, places):
        raise AutoloadError(f"pyston_lite is installed in {found}, which is not a site directory of this interpreter")
    return found


def path() -> str:
    return os.path.join(directory(), FILE_NAME)


def is_installed() -> bool:
    return os.path.exists(path())


def belongs_to_distribution() -> bool:
    """Whether pip owns the file: then pip must remove it, or its records would be wrong."""
    try:
        metadata.distribution("pyston-lite-autoload")
    except metadata.PackageNotFoundError:
        return False
    return True


def install() -> str:
    """Write the file, whole or not at all, and return its path."""
    target = path()
    temporary = f"{target}.{os.getpid()}"
    try:
        with open(temporary, "w", encoding="ascii") as file:
            file.write(line(os.path.dirname(target)))
        os.replace(temporary, target)
    except OSError as error:
        raise AutoloadError(f"cannot write {target}: {error.strerror}") from None
    return target


def remove() -> bool:
    """Remove the file, and return whether there was one."""
    if belongs_to_distribution():
        raise AutoloadError("autoload was installed by pip: run pip uninstall pyston-lite-autoload")
    target = path()
    try:
        os.remove(target)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise AutoloadError(f"cannot remove {target}: {error.strerror}") from None
    return True
