"""The native build, and nothing else: metadata is static in pyproject.toml.

Three things are compiled into the package: the extension modules `_pyston_lite`, from `cshim/*.c`, and `_autoload`, and the
compiler library `libpystonlite.so` from the Go package `./ext`. Installing a wheel needs neither a C compiler nor Go.

Environment switches of the build:

=============================  ========================================================================================
PYSTON_LITE_DEBUG=1            both parts without optimisation and with debugging information; C assertions stay in
PYSTON_LITE_SANITIZE=address   the extension module with AddressSanitizer (start Python with libasan preloaded)
GO=path                        the go command to use instead of the first one in PATH
=============================  ========================================================================================
"""

import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from glob import glob
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import PlatformError

ROOT = Path(__file__).resolve().parent
LIBRARY = "libpystonlite.so"

DEBUG = os.environ.get("PYSTON_LITE_DEBUG", "") not in ("", "0")
SANITIZE = os.environ.get("PYSTON_LITE_SANITIZE", "")

# CPython's headers are given as system headers: their own warnings then do not count against -Werror, ours do.
INCLUDE = sysconfig.get_path("include")
SYSTEM_INCLUDES = [INCLUDE, os.path.join(INCLUDE, "internal")]

# gcc would replace the path of a system header by the one it is a link to.  Debian's headers for debug builds are links to the
# ordinary ones, and the pyconfig.h that counts lies beside the link.
LINKED_INCLUDES = ["-fno-canonical-system-headers"]

# What -Wextra would say about every function with a signature of the C API, every static type object and every
# METH_FASTCALL entry of a method table.
NO_WARNINGS = ["-Wno-unused-parameter", "-Wno-missing-field-initializers", "-Wno-cast-function-type"]

# The shim calls the interpreter all the time, through pointers that are resolved at load anyway, and clears locals and stack
# slots, mostly so few that a call of memset costs more than the stores.
OPTIMISE = ["-O2", "-fno-plt", "-fno-tree-loop-distribute-patterns"]

# Every process with autoload loads `_autoload`: two pieces to map instead of four, whose protection does not change, and no
# library to look through but those that the interpreter has loaded.
SMALL = [] if SANITIZE else ["-Wl,-z,noseparate-code", "-Wl,-z,norelro", "-nostdlib"]

# What the Go runtime must not do in somebody else's process (ext/runtime.go says why).
GO_SETTINGS = "-X=runtime.godebugDefault=asyncpreemptoff=1,containermaxprocs=0,updatemaxprocs=0"

NATIVE_SOURCES = (
    "cshim/**/*.[ch]",
    "cshim/**/*.def",
    "codecache/*.go",
    "ext/*",
    "files/*.go",
    "hooks/*.go",
    "specializer/**/*.go",
    "go.*",
)


def identity(go: str) -> str:
    """What machine code kept for other processes belongs to (codecache): a hash of everything the native code is built from."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in NATIVE_SOURCES for path in glob(pattern, root_dir=ROOT, recursive=True)):
        digest.update(path.encode() + b"\0" + (ROOT / path).read_bytes())
    version = subprocess.run([go, "env", "GOVERSION"], cwd=ROOT, capture_output=True, check=False).stdout
    digest.update(version + (b"debug" if DEBUG else b""))
    return digest.hexdigest()


def c_flags() -> list[str]:
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", *NO_WARNINGS, *LINKED_INCLUDES, "-fvisibility=hidden"]
    for directory in SYSTEM_INCLUDES:
        flags += ["-isystem", directory]
    flags += ["-O0", "-g", "-UNDEBUG"] if DEBUG else OPTIMISE
    if SANITIZE:
        flags += [f"-fsanitize={SANITIZE}", "-fno-omit-frame-pointer"]
    return flags


def required_go() -> tuple[int, int]:
    """The oldest Go that go.mod accepts, so that the number is written down once."""
    match = re.search(r"^go (\d+)\.(\d+)", (ROOT / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise PlatformError("go.mod names no Go version")
    return int(match[1]), int(match[2])


def find_go() -> str:
    """The go command, or one line that says what to install."""
    major, minor = required_go()
    hint = f"install Go {major}.{minor} or newer (Debian package golang-go, or golang-{major}.{minor}-go)"
    go = os.environ.get("GO") or shutil.which("go")
    if go is None:
        raise PlatformError(f"no go command found, which building the compiler library needs: {hint}")
    # GOTOOLCHAIN=local asks for the version of this very command, not of the one it would fetch for go.mod.
    environ = {**os.environ, "GOTOOLCHAIN": "local"}
    try:
        probe = subprocess.run(
            [go, "env", "GOVERSION"], env=environ, cwd="/", capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise PlatformError(f"{go} cannot be started ({error.strerror}): {hint}") from None
    text = probe.stdout
    match = re.match(r"go(\d+)\.(\d+)", text)
    if match is None or (int(match[1]), int(match[2])) < (major, minor):
        raise PlatformError(f"{go} is {text.strip() or 'of an unknown version'}: {hint}")
    return go


def check_c_compiler() -> None:
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        raise PlatformError(f"no C compiler {compiler!r} found: install the Debian package gcc")


def check_headers() -> None:
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for directory, header in zip(SYSTEM_INCLUDES, ("Python.h", "pycore_frame.h"), strict=True):
        if not os.path.exists(os.path.join(directory, header)):
            raise PlatformError(
                f"no {header} in {directory}: install the headers of this Python (Debian package python{version}-dev)"
            )


def check_platform() -> None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise PlatformError(f"pyston-lite supports linux on x86_64 only, not {sys.platform} on {platform.machine()}")
    if platform.python_implementation() != "CPython":
        raise PlatformError(f"pyston-lite supports CPython only, not {platform.python_implementation()}")


class BuildNative(build_ext):
    """Builds the extension module as usual, then the Go library beside it."""

    def run(self) -> None:
        check_platform()
        if not self.extensions[0].sources:
            raise PlatformError("cshim/ holds no C source: this is not a complete source tree")
        check_c_compiler()
        check_headers()
        go = find_go()
        super().run()
        self.build_library(go)

    def build_library(self, go: str) -> None:
        package = Path(self.get_ext_fullpath("pyston_lite._pyston_lite")).parent
        # Go writes a C header beside the library, so it builds in the temporary tree and only the library is copied.
        built = Path(self.build_temp).resolve() / LIBRARY
        command = [go, "build", "-buildmode=c-shared", "-trimpath", "-buildvcs=false", "-o", str(built)]
        settings = f"{GO_SETTINGS} -X=main.build={identity(go)}"
        command += ["-gcflags=all=-N -l", f"-ldflags={settings}"] if DEBUG else [f"-ldflags=-s -w {settings}"]
        command.append("./ext")
        self.announce(shlex.join(command), level=2)
        result = subprocess.run(command, cwd=ROOT, env={**os.environ, "CGO_ENABLED": "1"}, check=False)
        if result.returncode != 0:
            raise PlatformError("go build of ./ext failed, see above")
        package.mkdir(parents=True, exist_ok=True)
        self.copy_file(str(built), str(package / LIBRARY))

    def get_outputs(self) -> list[str]:
        outputs = list(super().get_outputs())
        return outputs + [str(Path(outputs[0]).parent / LIBRARY)]


# setup() wants paths relative to this file, and may be called from anywhere.
os.chdir(ROOT)


def extension(name: str, sources: str, link_args: list[str]) -> Extension:
    return Extension(
        f"pyston_lite.{name}",
        sources=sorted(glob(sources)),
        depends=sorted(path for kind in ("h", "def") for path in glob(f"cshim/**/*.{kind}", recursive=True)),
        include_dirs=["cshim"],
        define_macros=[("Py_BUILD_CORE", "1")],
        extra_compile_args=c_flags(),
        extra_link_args=link_args + ([f"-fsanitize={SANITIZE}"] if SANITIZE else []),
    )


setup(
    ext_modules=[
        extension("_pyston_lite", "cshim/*.c", []),
        extension("_autoload", "cshim/autoload/*.c", SMALL),
    ],
    cmdclass={"build_ext": BuildNative},
)
