"""People's commands to the controller: halt it, pin a strategy, prune its log; and the state that they add up to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from genesis.rotation.observation import Pin


class Kept(msgspec.Struct, frozen=True):
    """The first decision that stays when older ones are removed."""

    number: int
    seal: bytes


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command, as it is stored."""

    verb: Literal["halt", "resume", "pin", "unpin", "prune"]
    time: datetime
    why: str
    author: str
    strategy: str | None = None
    """Of a pin or unpin."""
    pin: Pin | None = None
    kept: Kept | None = None
    """Of a prune."""


BY = "by "
"""The prefix of the text of a halt by command; the text of a halt by the file has no such prefix."""


class Halt(NamedTuple):
    """A halt by a person."""

    why: str
    author: str
    since: datetime

    def __str__(self) -> str:
        return f"{BY}{self.author} since {self.since:%Y-%m-%d %H:%M:%S} UTC: {self.why}"


class CommandState(msgspec.Struct, frozen=True):
    """The state after all commands: the halt, the pins, and where the log begins."""

    halted: Halt | None = None
    pins: dict[str, Pin] = {}
    kept: Kept | None = None
    """The first decision of the log, if older ones were removed."""


def applied(state: CommandState, commands: Iterable[Command]) -> CommandState:
    """The state after further commands, in their order."""
    halted, pins, kept = state.halted, dict(state.pins), state.kept
    for command in commands:
        match command.verb:
            case "halt":
                halted = Halt(command.why, command.author, command.time)
            case "resume":
                halted = None
            case "pin" if command.strategy is not None and command.pin is not None:
                pins[command.strategy] = command.pin
            case "unpin" if command.strategy is not None:
                pins.pop(command.strategy, None)
            case "prune" if command.kept is not None:
                kept = command.kept
            case _:
                raise ValueError(f"{command.verb} lacks what it is about")
    return CommandState(halted, pins, kept)
