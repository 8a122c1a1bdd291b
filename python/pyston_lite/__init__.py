"""Makes hot Python functions run as machine code inside an unmodified CPython 3.11.

`enable()` is all a program needs to call. It never raises because of where it runs: on an interpreter that is not supported,
or when the environment says no, the program runs on as it would have, and `status()` tells why. Nothing native is loaded
before those checks have passed, and importing the package alone loads and changes nothing.
"""

import os
import sys

__version__ = "0.1.0"

__all__ = [
    "Refused",
    "__version__",
    "compile",
    "disable",
    "enable",
    "functions",
    "is_compiled",
    "is_enabled",
    "stats",
    "status",
    "suppress",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any, TypeVar

    from ._pyston_lite import Refused as Refused

    Function = TypeVar("Function", bound=Callable[..., Any])

# The settings of a process whose environment says nothing about pyston_lite. They stand here and not in the table of
# `config`, which takes them from here, because `enable()` is then spared that import.
_DEFAULTS: "dict[str, Any]" = {
    "threshold": 800,
    "loop_threshold": 6000,
    "sync": False,
    "compile_all": False,
    "stats": None,
    "dump_dir": None,
    "cache_dir": None,
    "allow": None,
    "deny": None,
    "verify": False,
    "stress": {},
    "code_cap_mb": 64,
}

_native: "ModuleType | None" = None
_reason: "str | None" = "enable() has not been called"
_stats_target: "str | None" = None


class _NotSupported(Exception):
    """The native code cannot be loaded here; the message is what `status()` tells."""


class _Refused(Exception):
    """Stands in for the native `Refused` where the native code cannot be loaded."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _interpreter_reason() -> "str | None":
    """Why this interpreter is not supported, or None. Every micro release of the right minor version is accepted."""
    found = f"{sys.implementation.name} {sys.version_info[0]}.{sys.version_info[1]}"
    if found != "cpython 3.11":
        return f"this is {found}, and only cpython 3.11 is supported"
    machine = os.uname().machine if hasattr(os, "uname") else "unknown"
    if sys.platform != "linux" or machine != "x86_64" or sys.maxsize < 2**32:
        return f"only 64-bit linux on x86_64 is supported, this is {sys.platform} on {machine}"
    return None


def _load() -> "ModuleType":
    """The native module, loaded at the first call."""
    global _native
    if _native is None:
        reason = _interpreter_reason()
        if reason is not None:
            raise _NotSupported(reason)
        try:
            from . import _pyston_lite
        except ImportError as error:
            raise _NotSupported(f"the native module cannot be loaded: {error}") from None
        _native = _pyston_lite
    return _native


def enable(**options: "Any") -> bool:
    """Start accelerating this interpreter, and return whether it is accelerated now.

    Options have the names of the settings in `pyston_lite.config` and win over the environment; an interpreter that is
    accelerated already starts again with them. When a kill switch is set, the interpreter is not supported or a list of
    names cannot be read, the return value tells whether an earlier `enable()` is still in force, and `status()` the reason.
    """
    global _reason
    if is_enabled() and not options:
        return True
    if not options and not any(name.startswith(("PYSTON_LITE", "DISABLE_PYSTON")) for name in os.environ):
        try:
            _start(_load(), dict(_DEFAULTS))
        except (_NotSupported, RuntimeError) as error:
            _reason = str(error)
        return is_enabled()

    from . import config

    try:
        _reason = config.off_reason(os.environ)
        if _reason is None:
            native, settings = _load(), config.read(os.environ, options)
            if settings["dump_dir"] is not None:
                settings["dump_dir"] = config.dump_directory(settings["dump_dir"])
            if settings["cache_dir"] is not None:
                settings["cache_dir"] = config.cache_directory(settings["cache_dir"])
            disable()
            _start(native, settings)
    except (_NotSupported, config.Unreadable, RuntimeError) as error:
        _reason = str(error)
    return is_enabled()


def _start(native: "ModuleType", settings: "dict[str, Any]") -> None:
    global _reason, _stats_target
    target = settings.pop("stats")
    settings["library"] = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libpystonlite.so")
    native.enable(settings)
    _reason = None
    if target is not None and _stats_target is None:
        import atexit

        atexit.register(_write_stats)
    _stats_target = target


def _write_stats() -> None:
    if _stats_target is not None:
        from . import report

        report.write(_stats_target)


def disable() -> None:
    """Give every function back to the stock interpreter. `enable()` may be called again afterwards."""
    global _reason
    if is_enabled():
        _load().disable()
        _reason = "disable() was called"


def is_enabled() -> bool:
    """Whether hot functions of this interpreter are being compiled."""
    return _native is not None and bool(_native.is_enabled())


def status() -> "dict[str, Any]":
    """What is running and, when it is not accelerated, why: `enabled`, `reason`, `version`, `python` and `build`."""
    return {
        "enabled": is_enabled(),
        "reason": _reason,
        "version": __version__,
        "python": f"{sys.implementation.name} {'.'.join(map(str, sys.version_info[:3]))}",
        "build": None if _native is None else _native.build_info(),
    }


def compile(func: "Callable[..., Any]") -> None:
    """Compile one function now, and raise `Refused` with the reason when that is not possible."""
    try:
        native = _load()
    except _NotSupported as error:
        raise __getattr__("Refused")(str(error)) from None
    native.compile(func)


def is_compiled(func: "Callable[..., Any]") -> bool:
    """Whether the next call of this function runs machine code."""
    return _native is not None and bool(_native.is_compiled(func))


def suppress(func: "Function") -> "Function":
    """Never compile this function, nor the functions made from its code object. Usable as a decorator."""
    try:
        _load().suppress(func)
    except _NotSupported:
        pass  # Nothing is ever compiled here, which is what was asked for.
    return func


def functions() -> "list[dict[str, Any]]":
    """One dictionary for each function that was compiled or refused."""
    return [] if _native is None else list(_native.functions())


def stats() -> "dict[str, Any]":
    """Counters of everything that happened so far, as nested dictionaries."""
    return {} if _native is None else dict(_native.stats())


def __getattr__(name: str) -> "Any":
    """`Refused` is defined in native code, which is loaded when it is first asked for."""
    if name == "Refused":
        try:
            return _load().Refused
        except _NotSupported:
            return _Refused
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _adopt() -> None:
    """Take over what autoload has begun: the native module is there before the package, or put off until it is wanted."""
    global _native, _reason
    autoload = sys.modules.get(__name__ + "._autoload")
    if autoload is not None:
        autoload.load()
    if _native is None:
        _native = sys.modules.get(__name__ + "._pyston_lite")
        if is_enabled():
            _reason = None


_adopt()
