"""Every switch of pyston_lite, in one table: its environment variable, its option name, its parser and its default.

The environment, `enable(...)` and `python -m pyston_lite --...` are three spellings of the same rows. The native code only
ever gets final values. This module is imported at interpreter start-up when autoload is on and the environment names a switch,
so it imports nothing that the interpreter has not loaded already, and building the table is all it does.
"""

import os
import sys

from . import _DEFAULTS

FALSE_WORDS = frozenset(("0", "off", "false", "no"))
TRUE_WORDS = frozenset(("", "1", "on", "true", "yes"))

# What can be made to fail on purpose: every Nth guard, exit from machine code that could have been avoided, compilation.
STRESS_MODES = frozenset(("guards", "exits", "shuffle", "faults", "thresholds"))

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Unreadable(Exception):
    """A file that a switch names cannot be read. Guessing its contents could compile what must not be: nothing is."""


def flag(value: object) -> bool:
    """a yes/no word"""
    if not isinstance(value, str):
        return bool(value)
    word = value.strip().lower()
    if word in FALSE_WORDS:
        return False
    if word in TRUE_WORDS:
        return True
    raise ValueError(value)


def count(value: "int | str") -> int:
    """a whole number of at least 1 and below 2**32"""
    number = int(value)
    if not 0 < number < 2**32:
        raise ValueError(value)
    return number


def path(value: "str | os.PathLike[str] | None") -> "str | None":
    """a path"""
    return os.path.abspath(os.fspath(value)) if value else None


def report_target(value: "str | None") -> "str | None":
    """a path, or - for standard error"""
    return value if value == "-" else path(value)


def names(value: "str | frozenset[str] | None") -> "frozenset[str] | None":
    """a file with one qualified name a line (# starts a comment); from Python also the names themselves"""
    if not value:
        return None
    if not isinstance(value, str):
        return frozenset(value)
    try:
        with open(value, encoding="utf-8") as file:
            lines = [line.partition("#")[0].strip() for line in file]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise Unreadable(f"cannot read {value!r} ({why})") from None
    return frozenset(line for line in lines if line)


def stress(value: "str | Mapping[str, int]") -> "dict[str, int]":
    """a list such as guards=7,exits=1"""
    pairs = (
        value.items() if not isinstance(value, str) else [item.partition("=")[::2] for item in value.split(",") if item]
    )
    modes = {}
    for name, number in pairs:
        if name.strip() not in STRESS_MODES:
            raise ValueError(value)
        modes[name.strip()] = count(number)
    return modes


class Switch:
    """One row of the table. A parser takes the text of the environment as well as a value given from Python."""

    def __init__(self, variable: str, key: str, parse: "Callable[[Any], Any]", metavar: str, help: str) -> None:
        self.variable = variable
        self.key = key
        self.parse = parse
        self.default: Any = _DEFAULTS.get(key, True)
        self.metavar = metavar
        self.help = help


MASTER = Switch("PYSTON_LITE", "", flag, "0|1", "0, off, no or false keeps pyston_lite off, whoever enables it")

# The name that earlier generations of this accelerator obeyed. As there, the variable being present is what counts.
DISABLE_VARIABLE = "DISABLE_PYSTON"

SWITCHES = (
    Switch("PYSTON_LITE_THRESHOLD", "threshold", count, "N", "calls after which a function is compiled"),
    Switch("PYSTON_LITE_LOOP_THRESHOLD", "loop_threshold", count, "N", "iterations after which a loop is compiled"),
    Switch("PYSTON_LITE_SYNC", "sync", flag, "0|1", "compile in the calling thread instead of the background"),
    Switch("PYSTON_LITE_COMPILE_ALL", "compile_all", flag, "0|1", "compile every function at its first call"),
    Switch("PYSTON_LITE_STATS", "stats", report_target, "PATH|-", "write a report at exit (JSON for *.json)"),
    Switch("PYSTON_LITE_DUMP", "dump_dir", path, "DIR", "write every stage of every compilation there"),
    Switch("PYSTON_LITE_CACHE", "cache_dir", path, "DIR", "keep machine code there for other processes"),
    Switch("PYSTON_LITE_ALLOW", "allow", names, "FILE", "compile only the qualified names listed in this file"),
    Switch("PYSTON_LITE_DENY", "deny", names, "FILE", "never compile the qualified names listed in this file"),
    Switch("PYSTON_LITE_VERIFY", "verify", flag, "0|1", "check the compiler's own results after every stage"),
    Switch("PYSTON_LITE_STRESS", "stress", stress, "NAME=N,...", "fail every Nth guard and the like, for tests"),
    Switch("PYSTON_LITE_CODE_CAP_MB", "code_cap_mb", count, "N", "megabytes of machine code that may exist at a time"),
)


def warn(message: str) -> None:
    """One line on standard error, or none where there is no standard error: a bad switch never stops a program."""
    if sys.stderr is not None:
        sys.stderr.write(f"pyston_lite: {message}\n")


def _objection(folder: str, mode: int, private: bool) -> "str | None":
    """Why we cannot write to a folder, or, where it is private, others can; None when all is well. Makes it when it is missing."""
    try:
        os.makedirs(folder, mode=mode, exist_ok=True)
        owner = os.stat(folder)
    except OSError as error:
        return error.strerror or "it cannot be made"
    if private and owner.st_uid != os.geteuid():
        return "it belongs to another user"
    if private and owner.st_mode & 0o022:
        return "others may write to it"
    return None if os.access(folder, os.W_OK | os.X_OK) else "it is not writable"


def dump_directory(folder: str) -> "str | None":
    """The folder itself, made when it is missing; None, for one line, when nothing can be written there."""
    why = _objection(folder, mode=0o777, private=False)
    if why is None:
        return folder
    warn(f"cannot write dumps to {folder!r} ({why}); running without dumps")
    return None


def cache_directory(folder: str) -> "str | None":
    """The folder itself, made when it is missing; None, for one line, when others could put machine code there, or nobody can."""
    folder = os.path.abspath(folder)
    why = _objection(folder, mode=0o700, private=True)
    if why is None:
        return folder
    warn(f"cannot keep machine code in {folder!r} ({why}); running without")
    return None


def off_reason(environ: "Mapping[str, str]") -> "str | None":
    """Why the environment forbids pyston_lite, or None when it does not."""
    if DISABLE_VARIABLE in environ:
        return f"{DISABLE_VARIABLE} is set"
    text = environ.get(MASTER.variable)
    if text is not None and not read_switch(MASTER, text):
        return f"{MASTER.variable}={text} is set"
    return None


def read_switch(switch: Switch, text: str) -> "Any":
    """The value a text of the environment stands for; one that does not parse costs a line and means the default."""
    try:
        return switch.parse(text)
    except ValueError:
        default = "the default" if switch.default in (None, {}) else repr(switch.default)
        warn(f"{switch.variable}={text!r} is not {switch.parse.__doc__}; using {default}")
        return switch.default
    except Unreadable as error:
        warn(f"{switch.variable}: {error}; running without acceleration")
        raise


def read_option(switch: Switch, value: object) -> "Any":
    """The setting that a value given from Python stands for. The caller can handle an exception, so a bad one raises."""
    try:
        return switch.parse(value)
    except ValueError:
        raise ValueError(f"{switch.key}={value!r} is not {switch.parse.__doc__}") from None


def read(environ: "Mapping[str, str]", options: "Mapping[str, Any]") -> "dict[str, Any]":
    """The settings that the environment and the options of `enable` make together; options win.

    Raises Unreadable for a file of names that cannot be read, and TypeError or ValueError for a wrong option.
    """
    settings = {}
    for switch in SWITCHES:
        if switch.key in options:
            settings[switch.key] = read_option(switch, options[switch.key])
        elif switch.variable in environ:
            settings[switch.key] = read_switch(switch, environ[switch.variable])
        else:
            settings[switch.key] = switch.default
    unknown = options.keys() - settings.keys()
    if unknown:
        raise TypeError(f"enable() got an unknown option {min(unknown)!r}")
    return settings
