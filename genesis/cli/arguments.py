"""What the sub-commands share: parsers of arguments, exit codes, output."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

FAILURE = 1
TROUBLE = 2
INTERRUPTED = 130

Environ: TypeAlias = Mapping[str, str]
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace, Environ], int]

_Number = TypeVar("_Number", int, float)
say = partial(print, flush=True)


def add_command(commands: Commands, name: str, run: Run, text: str, log_level: str = "INFO") -> argparse.ArgumentParser:
    """Add a sub-command that calls `run`; `text` is its one-line help."""
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(command=run)
    command.add_argument("--config", type=Path, default=Path("config"), metavar="DIR", help="settings (default: config)")
    command.add_argument(
        "--log-level", default=log_level, choices=["DEBUG", "INFO", "WARNING", "ERROR"], help=f"default: {log_level}"
    )
    return command


def add_group(commands: Commands, name: str, text: str) -> Commands:
    """Add a sub-command that has its own sub-commands; returns them."""
    top = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return top.add_subparsers(title="commands", required=True, metavar="COMMAND")


def add_address(command: argparse.ArgumentParser, environ: Environ) -> None:
    """Add --host and --port; their defaults are GENESIS_HOST and GENESIS_PORT of `environ`."""
    command.add_argument(
        "--host", default=environ.get("GENESIS_HOST"), metavar="H", help="listen here (default: from monitor.yaml)"
    )
    # argparse also applies `type` to a default that is a string, so that a wrong variable is a usage error.
    command.add_argument("--port", type=port, default=environ.get("GENESIS_PORT"), metavar="P", help="0 takes any free port")


def above_zero(number: type[_Number]) -> Callable[[str], _Number]:
    """A parser of finite numbers above 0."""

    def parse(text: str) -> _Number:
        value = number(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
        return value

    return parse


def port(text: str) -> int:
    """Parse a TCP port; 0 means any free port."""
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def user() -> str:
    """The name of the current user, or `genesis` if the system does not know it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user in a container may have no name
        return "genesis"
