"""What the sub-commands share: how an argument is read, what an exit code means, where the answer goes."""

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
    """A sub-command that does `run`; `text` says in one line what that is."""
    command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    command.set_defaults(command=run)
    command.add_argument("--config", type=Path, default=Path("config"), metavar="DIR", help="settings (default: config)")
    command.add_argument(
        "--log-level", default=log_level, choices=["DEBUG", "INFO", "WARNING", "ERROR"], help=f"default: {log_level}"
    )
    return command


def add_group(commands: Commands, name: str, text: str) -> Commands:
    """A sub-command that has sub-commands of its own."""
    top = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return top.add_subparsers(title="commands", required=True, metavar="COMMAND")


def add_address(command: argparse.ArgumentParser, environ: Environ) -> None:
    """Where the command listens. GENESIS_HOST and GENESIS_PORT of `environ` stand in for --host and --port."""
    command.add_argument(
        "--host", default=environ.get("GENESIS_HOST"), metavar="H", help="listen here (default: as monitor.yaml says)"
    )
    # A default that is a string goes through `type` as well, so that a wrong variable is a usage error too.
    command.add_argument("--port", type=port, default=environ.get("GENESIS_PORT"), metavar="P", help="0 takes any free port")


def above_zero(number: type[_Number]) -> Callable[[str], _Number]:
    """Reads a finite number above 0."""

    def parse(text: str) -> _Number:
        value = number(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text!r} is not above 0")
        return value

    return parse


def port(text: str) -> int:
    """Reads the number of a TCP port; 0 is one, for any that is free."""
    if not (text.isascii() and text.isdecimal() and int(text) < 2**16):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: 0 to 65535")
    return int(text)


def user() -> str:
    """Who gives the command, as far as the system knows."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return "genesis"
