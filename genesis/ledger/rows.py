"""An account event as a database keeps it, and back."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import msgspec

from genesis.core.errors import JournalError
from genesis.core.models import AnyAccountEvent


class Row(NamedTuple):
    """In the order of the table's columns."""

    sequence: int
    source: str
    event_id: str
    strategy: str
    kind: str
    received: int | None
    checksum: int
    payload: bytes


_decoder: msgspec.json.Decoder[AnyAccountEvent] = msgspec.json.Decoder(AnyAccountEvent)


def checksum(payload: bytes) -> int:
    """What tells a payload from a damaged one."""
    return zlib.crc32(payload)


def kind_of(event: AnyAccountEvent) -> str:
    """The event's kind, as its JSON tells it."""
    return str(event.__struct_config__.tag)


def row_of(event: AnyAccountEvent, sequence: int, received: int | None) -> Row:
    """`received`: wall time in microseconds since 1970, if it is known."""
    payload = msgspec.json.encode(event)
    kind = kind_of(event)
    return Row(sequence, event.source, event.event_id, event.strategy, kind, received, checksum(payload), payload)


def event_of(sequence: int, expected: int, payload: bytes) -> AnyAccountEvent:
    """The event of a payload, whose checksum is `expected`.

    Raises:
        JournalError: it is not as it was written.
    """
    if checksum(payload) != expected:
        raise JournalError(f"event {sequence} is damaged: its checksum is not that of its content; restore a backup")
    return decode(sequence, payload)


def decode(sequence: int, payload: bytes) -> AnyAccountEvent:
    """The event of a payload.

    Raises:
        JournalError: it is none.
    """
    try:
        return _decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise JournalError(f"event {sequence} is damaged: {error}; restore a backup") from error
