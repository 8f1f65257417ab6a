"""What people tell the controller: to keep everything as it is, or one strategy; and what they removed from its log."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from genesis.rotation.observation import Pin


class Kept(msgspec.Struct, frozen=True):
    """The first decision that is kept when older ones are removed."""

    number: int
    seal: bytes


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """One command, as it is kept."""

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
"""What the words of a halt by command begin with, unlike those of one by the file."""


class Halt(NamedTuple):
    """A person keeps everything as it is."""

    why: str
    author: str
    since: datetime

    def __str__(self) -> str:
        return f"{BY}{self.author} since {self.since:%Y-%m-%d %H:%M:%S} UTC: {self.why}"


class Standing(msgspec.Struct, frozen=True):
    """What the commands up to now come to."""

    halted: Halt | None = None
    pins: dict[str, Pin] = {}
    kept: Kept | None = None
    """Where the log begins, if something was removed from it."""


def follow(standing: Standing, commands: Iterable[Command]) -> Standing:
    """What `standing` becomes by further commands, in their order."""
    halted, pins, kept = standing.halted, dict(standing.pins), standing.kept
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
                raise ValueError(f"a {command.verb} of nothing")
    return Standing(halted, pins, kept)
