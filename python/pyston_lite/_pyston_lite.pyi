"""The native half of the package: the evaluator hook, the installed machine code and its counters."""

from collections.abc import Callable
from importlib.machinery import ModuleSpec
from types import CodeType, FunctionType
from typing import Any, TypedDict, type_check_only

@type_check_only
class Config(TypedDict):
    """Every value is final; no part of the native code reads the environment."""

    threshold: int
    loop_threshold: int
    sync: bool
    compile_all: bool
    dump_dir: str | None
    cache_dir: str | None
    allow: frozenset[str] | None
    deny: frozenset[str] | None
    library: str
    verify: bool
    stress: dict[str, int]
    code_cap_mb: int

class Refused(Exception):
    """The compiler does not handle this function; `reason` is one line."""

    reason: str

def enable(config: Config, /) -> None:
    """Install the evaluator hook. Raises RuntimeError with the reason when it cannot be."""

def autoload(spec: ModuleSpec, /) -> None:
    """What autoload calls on a module that it has just created: complete it, and enable as shipped. Raises RuntimeError."""

def defaults() -> dict[str, int]:
    """The settings that hold without any others."""

def disable() -> None:
    """Give every frame back to the stock interpreter and remove the hook."""

def is_enabled() -> bool: ...
def compile(func: FunctionType | Callable[..., Any], /) -> None:
    """Compile one function now. Raises Refused when the compiler does not handle it."""

def is_compiled(func: FunctionType | Callable[..., Any], /) -> bool: ...
def suppress(func_or_code: FunctionType | Callable[..., Any] | CodeType, /) -> None:
    """Never compile this function or code object."""

def functions() -> list[dict[str, Any]]:
    """One dictionary for each function that was compiled or refused."""

def stats() -> dict[str, Any]:
    """Nested counters."""

def build_info() -> dict[str, Any]:
    """What the extension was built for and with."""
