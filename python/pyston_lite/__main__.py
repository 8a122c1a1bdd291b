"""The command line: `python -m pyston_lite script.py ...` runs a program accelerated; see USAGE for the rest."""

import sys
from typing import Any, NoReturn

import pyston_lite
from pyston_lite import autoload, config, launcher

USAGE = """\
usage: python -m pyston_lite [options] [--] script.py [arg ...]
       python -m pyston_lite [options] -m module [arg ...]
       python -m pyston_lite [options] -c command [arg ...]
       python -m pyston_lite autoload on|off|status
       python -m pyston_lite status

Runs a program accelerated, exactly as python would run it; "-" reads it from standard input.
"autoload on" does so for every start of this Python installation. "status" tells whether pyston_lite works here.
A script that is called autoload or status is run after "--".

options (each also an environment variable, and an option of pyston_lite.enable):
"""


def usage() -> str:
    rows = []
    for switch in config.SWITCHES:
        name = "--" + switch.key.replace("_", "-")
        rows.append(f"  {name + '=' + switch.metavar:<28} {switch.variable:<28} {switch.help}\n")
    return USAGE + "".join(rows) + "--stats alone reports on standard error, and a yes/no option alone says yes.\n"


def fail(message: str, status: int = 2) -> NoReturn:
    sys.stderr.write(f"pyston_lite: {message}\n")
    sys.exit(status)


def parse_option(argument: str) -> tuple[str, Any]:
    """The setting and the value that `--name` or `--name=value` stands for."""
    name, equals, text = argument[2:].partition("=")
    for switch in config.SWITCHES:
        if switch.key.replace("_", "-") == name:
            break
    else:
        fail(f"unknown option --{name} (see python -m pyston_lite --help)")
    if not equals:
        if switch.key == "stats":
            return switch.key, "-"
        if switch.parse is not config.flag:
            fail(f"--{name} needs a value: --{name}={switch.metavar}")
    try:
        return switch.key, config.read_option(switch, text)
    except ValueError as error:
        fail(str(error))
    except config.Unreadable as error:
        fail(f"--{name}: {error}")


def show_status() -> None:
    pyston_lite.enable()
    status = pyston_lite.status()
    print(f"pyston_lite {status['version']} on {status['python']}")
    print("enabled" if status["enabled"] else f"not enabled: {status['reason']}")
    for name, value in (status["build"] or {}).items():
        print(f"{name}: {value}")
    sys.exit(0 if status["enabled"] else 1)


def run_autoload(words: list[str]) -> None:
    try:
        if words == ["on"]:
            print(f"on: {autoload.install()}")
        elif words == ["off"]:
            print("off" if autoload.remove() else "off already")
        elif words == ["status"]:
            print(f"on: {autoload.path()}" if autoload.is_installed() else "off")
        else:
            fail("autoload takes one of on, off and status")
    except autoload.AutoloadError as error:
        fail(str(error), 1)


def main(arguments: list[str]) -> None:
    options: dict[str, Any] = {}
    while arguments and arguments[0].startswith("--") and arguments[0] != "--":
        argument = arguments.pop(0)
        if argument == "--help":
            sys.stdout.write(usage())
            return
        if argument == "--version":
            print(f"pyston_lite {pyston_lite.__version__}")
            return
        key, value = parse_option(argument)
        options[key] = value
    literal = arguments[:1] == ["--"]
    if literal:
        arguments.pop(0)
    if not arguments or (not literal and arguments[0] == "-h"):
        sys.stdout.write(usage())
        sys.exit(0 if arguments else 2)

    first, rest = arguments[0], arguments[1:]
    if first == "status" and not literal:
        show_status()
    elif first == "autoload" and not literal:
        run_autoload(rest)
    elif first in ("-m", "-c") and not literal:
        if not rest:
            fail(f"argument expected for the {first} option")
        pyston_lite.enable(**options)
        (launcher.run_module if first == "-m" else launcher.run_command)(rest[0], rest[1:])
    elif first == "-":
        pyston_lite.enable(**options)
        launcher.run_stdin(rest)
    elif first.startswith("-") and not literal:
        fail(f"unknown option {first} (see python -m pyston_lite --help)")
    else:
        pyston_lite.enable(**options)
        launcher.run_script(first, rest)


if __name__ == "__main__":
    main(sys.argv[1:])
