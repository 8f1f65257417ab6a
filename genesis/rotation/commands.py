"""What people tell the controller: to keep everything as it is, or one strategy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from genesis.rotation.observation import Pin


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command, as it is kept."""

    verb: Literal["halt", "resume", "pin", "unpin"]
    time: datetime
    why: str
    author: str
    strategy: str | None = None
    """Of a pin or unpin."""
    pin: Pin | None = None


class Halt(NamedTuple):
    """A person keeps everything as it is."""

    why: str
    author: str
    since: datetime

    def __str__(self) -> str:
        return f"by {self.author} since {self.since:%Y-%m-%d %H:%M:%S} UTC: {self.why}"


class Standing(msgspec.Struct, frozen=True):
    """What the commands up to now come to."""

    halted: Halt | None = None
    pins: dict[str, Pin] = {}


def follow(standing: Standing, commands: Iterable[Command]) -> Standing:
    """What `standing` becomes by further commands, in their order."""
    halted, pins = standing.halted, dict(standing.pins)
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
            case _:
                raise ValueError(f"a {command.verb} without its strategy")
    return Standing(halted, pins)
