"""Decisions and commands as database rows, and back. Each row has a seal that includes the seal of the row before."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec

from genesis import __version__
from genesis.clients.server import without_password
from genesis.core.errors import JournalError
from genesis.rotation.audit.commands import Command
from genesis.rotation.decision import Decision
from genesis.rotation.observation import Observation, Pin
from genesis.settings.rotation import RotationSettings

FIRST_SEAL = b""
"""The seal before the first row."""
_LARGEST = 64 * 2**20
"""Bytes of an uncompressed payload; a larger one is damaged."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_Struct = TypeVar("_Struct")


class RecordedDecision(msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its inputs, except the history and the settings."""

    floor: int = 0
    """Its number is the lowest above the previous one and above this."""
    seen: Observation
    pins: dict[str, Pin]
    halted: str = ""
    """Who or what halted rotation, and why; empty if it was not halted."""
    decision: Decision


class Recorded(NamedTuple):
    """A decision as it is stored, in the order of the table's columns."""

    number: int
    time: int
    """Microseconds since 1970."""
    settings: str
    """The digest of the settings."""
    ordered: int
    """1 if the engine had to follow it."""
    changes: int
    """1 if any share changed."""
    seal: bytes
    payload: bytes

    @property
    def entry(self) -> RecordedDecision:
        """The decision with its inputs.

        Raises:
            JournalError: it is damaged.
        """
        return entry_of(self.number, self.payload)

    def sealed(self, before: bytes) -> bytes:
        """The right seal of this row, if `before` is the seal of the row before."""
        return seal(before, (self.number, self.time, self.settings, self.ordered, self.changes), self.payload)


class DeliveryAttempt(NamedTuple):
    """One attempt to deliver a decision to the engine."""

    number: int
    attempt: int
    time: datetime
    outcome: str
    text: str


class _Settings(msgspec.Struct, frozen=True):
    version: str
    rotation: msgspec.Raw


_encoder = msgspec.json.Encoder(order="sorted")
_entries = msgspec.json.Decoder(RecordedDecision)
_commands = msgspec.json.Decoder(Command)
_settings = msgspec.json.Decoder(_Settings)


def entry_payload(entry: RecordedDecision) -> bytes:
    """The compressed JSON of a decision.

    Raises:
        JournalError: reading it back would give something else, so that the decision could not be verified.
    """
    payload = _encoded(entry)
    if _decoded(_entries, payload, "the decision") != entry:
        raise JournalError("the decision cannot be stored exactly: a figure in it is not a number")
    return zlib.compress(payload, 6)


def entry_of(number: int, payload: bytes) -> RecordedDecision:
    """The decision from its payload.

    Raises:
        JournalError: it is damaged.
    """
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(payload, _LARGEST)
    except zlib.error as error:
        raise JournalError(f"decision {number} is damaged: {error}") from error
    if not unpacking.eof:
        raise JournalError(f"decision {number} is damaged: its end is missing")
    return _decoded(_entries, text, f"decision {number}")


def command_payload(command: Command) -> bytes:
    """The JSON of a command.

    Raises:
        JournalError: it holds text that JSON cannot hold.
    """
    return _encoded(command)


def command_of(sequence: int, payload: bytes) -> Command:
    """The command from its payload.

    Raises:
        JournalError: it is damaged.
    """
    return _decoded(_commands, payload, f"command {sequence}")


def settings_payload(settings: RotationSettings) -> tuple[str, bytes]:
    """The digest of the settings, and their payload."""
    # A password in Prometheus's address is not an input of a decision.
    shown = settings.model_copy(update={"prometheus": without_password(settings.prometheus)})
    raw = msgspec.Raw(shown.model_dump_json().encode())
    payload = msgspec.json.encode(_Settings(__version__, raw))
    return hashlib.sha256(payload).hexdigest(), payload


def settings_of(digest: str, payload: bytes) -> tuple[str, RotationSettings]:
    """The version of Genesis that used them, and the settings.

    Raises:
        JournalError: they are damaged.
    """
    if hashlib.sha256(payload).hexdigest() != digest:
        raise JournalError(f"settings {digest[:12]} are damaged: the digest is not that of their content")
    kept = _decoded(_settings, payload, f"settings {digest[:12]}")
    try:
        return kept.version, RotationSettings.model_validate_json(bytes(kept.rotation))
    except ValueError as error:
        raise JournalError(f"settings {digest[:12]} cannot be read by this Genesis: {error}") from error


def seal(before: bytes, columns: Sequence[int | str], payload: bytes) -> bytes:
    """A hash that changes if this row or any row before it changes."""
    return hashlib.sha256(before + _encoder.encode(columns) + payload).digest()


def microseconds(time: datetime) -> int:
    """Microseconds since 1970."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def time_of(since_1970: int) -> datetime:
    """The time of `since_1970` microseconds."""
    return _EPOCH + timedelta(microseconds=since_1970)


def _encoded(value: object) -> bytes:
    try:
        return _encoder.encode(value)
    except (msgspec.MsgspecError, ValueError, TypeError) as error:  # half of a surrogate pair, for example
        raise JournalError(f"this cannot be stored: {error}") from error


def _decoded(decoder: msgspec.json.Decoder[_Struct], payload: bytes, what: str) -> _Struct:
    try:
        return decoder.decode(payload)
    except (msgspec.MsgspecError, ValueError) as error:
        raise JournalError(f"{what} is damaged: {error}") from error
