"""Converts an account event to a row of the journal, and back."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import msgspec

from genesis.core.errors import JournalError
from genesis.core.models import AnyAccountEvent


class Row(NamedTuple):
    """A row of the journal's table of events; the fields are in the order of the columns."""

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
    """CRC-32 of a payload, to detect damage."""
    return zlib.crc32(payload)


def kind_of(event: AnyAccountEvent) -> str:
    """The event's kind, as in its JSON."""
    return str(event.__struct_config__.tag)


def row_of(event: AnyAccountEvent, sequence: int, received: int | None) -> Row:
    """The row of an event; `received` is the wall time in microseconds since 1970, None if unknown."""
    payload = msgspec.json.encode(event)
    kind = kind_of(event)
    return Row(sequence, event.source, event.event_id, event.strategy, kind, received, checksum(payload), payload)


def event_of(sequence: int, expected: int, payload: bytes) -> AnyAccountEvent:
    """Decode a payload whose checksum should be `expected`.

    Raises:
        JournalError: the payload is damaged.
    """
    if checksum(payload) != expected:
        raise JournalError(f"event {sequence} is damaged: its checksum is not that of its content; restore a backup")
    return decode(sequence, payload)


def decode(sequence: int, payload: bytes) -> AnyAccountEvent:
    """Decode a payload.

    Raises:
        JournalError: it is not an event.
    """
    try:
        return _decoder.decode(payload)
    except msgspec.MsgspecError as error:
        raise JournalError(f"event {sequence} is damaged: {error}; restore a backup") from error
