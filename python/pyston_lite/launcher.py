"""Runs a script, a module or a command inside this process as the `python` command would have run it.

The program finds the `__main__` module, `sys.argv`, `sys.path[0]` and the exit status that it expects. Its tracebacks start
where they start without us: the frames that were on the stack when the program was launched are cut off when an uncaught
exception is shown. What remains visible is the depth of the stack: `sys._getframe` finds a few more frames below the program.
"""

import os
import sys
from types import CodeType, FrameType, ModuleType, TracebackType
from typing import Any


def new_main() -> ModuleType:
    """A `__main__` module with the names that the interpreter gives it before a program starts, in the same order."""
    import builtins

    main = ModuleType("__main__")
    vars(main).update(__annotations__={}, __builtins__=builtins)
    sys.modules["__main__"] = main
    return main


def set_first_path(entry: str) -> None:
    """Replace what `-m` put in front of `sys.path`; with -P or -I the interpreter puts nothing there."""
    if not sys.flags.safe_path:
        sys.path[0] = entry


def run_command(command: str, args: list[str]) -> None:
    """`python -c command args...`"""
    sys.argv[:] = ["-c", *args]
    set_first_path("")
    main = new_main()
    from importlib.machinery import BuiltinImporter

    vars(main)["__loader__"] = BuiltinImporter
    _execute(main, command + "\n", "<string>")


def run_stdin(args: list[str]) -> None:
    """`python - args...` with a program on standard input"""
    sys.argv[:] = ["-", *args]
    set_first_path("")
    main = new_main()
    from importlib.machinery import BuiltinImporter

    vars(main)["__loader__"] = BuiltinImporter
    _execute_with_file(main, sys.stdin.buffer.read(), "<stdin>")


def run_module(name: str, args: list[str]) -> None:
    """`python -m name args...`: the same function of runpy runs it, so its tracebacks show the same lines of runpy."""
    import runpy

    sys.argv[:] = ["-m", *args]
    new_main()
    _guard(runpy._run_module_as_main, name)  # type: ignore[attr-defined]


def run_script(script: str, args: list[str]) -> None:
    """`python script args...` for a source file, a compiled file, and a directory or archive with a `__main__`"""
    # Made absolute, but not tidied: the interpreter leaves "." and ".." inside the path where they are.
    path = os.getcwd() if script == "." else os.path.join(os.getcwd(), script)
    sys.argv[:] = [script, *args]
    if _holds_modules(path):
        import runpy

        set_first_path(path)
        new_main()
        _guard(runpy._run_module_as_main, "__main__", False)  # type: ignore[attr-defined]
        return
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        sys.stderr.write(f"{sys.orig_argv[0]}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}\n")
        sys.exit(2)
    set_first_path(os.path.dirname(os.path.realpath(path)))
    main = new_main()
    from importlib.machinery import SourceFileLoader, SourcelessFileLoader

    compiled = path.endswith(".pyc")
    loader = SourcelessFileLoader("__main__", path) if compiled else SourceFileLoader("__main__", path)
    vars(main)["__loader__"] = loader
    _execute_with_file(main, loader.get_code("__main__") if compiled else source, path)


def _holds_modules(path: str) -> bool:
    """Whether the path is something to import from, a directory or an archive, and not a file to read."""
    for hook in sys.path_hooks:
        try:
            hook(path)
        except ImportError:
            continue
        return True
    return False


def _execute_with_file(main: ModuleType, source: Any, path: str) -> None:
    """Execute with the names that only a program from a file has. They are gone at exit, as the interpreter does it."""
    vars(main).update(__file__=path, __cached__=None)
    try:
        _execute(main, source, path)
    finally:
        for name in ("__file__", "__cached__"):
            vars(main).pop(name, None)


def _execute(main: ModuleType, source: Any, filename: str) -> None:
    _guard(_compile_and_run, source, filename, vars(main), interrupts=True)


def _compile_and_run(source: Any, filename: str, namespace: dict[str, Any]) -> None:
    code = source if isinstance(source, CodeType) else compile(source, filename, "exec", dont_inherit=True)
    exec(code, namespace)


def _guard(function: Any, *args: Any, interrupts: bool = False) -> None:
    """Call the function; an exception leaves as it came, but without our frames when it is shown."""
    # runpy's own frames are part of what the interpreter shows for a module, so only those below this one are cut,
    # and the frame that compiles and runs a source, which has no counterpart in Python there.
    frames = set()
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        frames.add(frame)
        frame = frame.f_back
    try:
        function(*args)
    except SystemExit:
        raise
    except BaseException as error:
        _show_without(frames)
        if interrupts and type(error) is KeyboardInterrupt:
            _mark_interrupted()
        raise


def _show_without(frames: set[FrameType]) -> None:
    """Let the interpreter show the coming exception by its usual way, the program's own hook included, minus our frames."""
    hook = getattr(sys, "excepthook", None)

    def show(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
        while traceback is not None and (
            traceback.tb_frame in frames or traceback.tb_frame.f_code is _compile_and_run.__code__
        ):
            traceback = traceback.tb_next
        sys.last_traceback = traceback
        error = error.with_traceback(traceback)
        if hook is None:
            # What the interpreter does for a program that has deleted its hook.
            del sys.excepthook
            sys.stderr.write("sys.excepthook is missing\n")
            sys.__excepthook__(kind, error, traceback)
        else:
            sys.excepthook = hook
            hook(kind, error, traceback)

    sys.excepthook = show


def _mark_interrupted() -> None:
    """Make the process end by SIGINT, as one does whose program is left by KeyboardInterrupt.

    CPython decides that by a private flag, which running source text sets and running a code object or a module does not.
    """
    try:
        exec("raise KeyboardInterrupt", {})
    except KeyboardInterrupt:
        pass
