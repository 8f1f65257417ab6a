"""One line of JSON → one event, or what is wrong with it: field, value and reason."""

from __future__ import annotations

import enum
import json
import re
from typing import Any, NamedTuple, get_args

import msgspec

from genesis.core.errors import EventError
from genesis.core.models import MAX_TEXT, AnyEvent, Event

MAX_LINE = 256 * 1024
"""The longest event, in bytes."""
VALUE_SHOWN = 100
"""How many characters of a refused value are quoted."""
LINE = "(line)"
"""The field's name in an error about the line as a whole."""
MISSING = "(nothing)"

_EVENT: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_KEYS = msgspec.json.Decoder(dict[str, Any])

EVENT_KINDS: dict[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyEvent)}

_CHOICES: dict[str, str] = {"kind": ", ".join(EVENT_KINDS)} | {
    field.name: ", ".join(str(choice.value) for choice in part)
    for kind in EVENT_KINDS.values()
    for field in msgspec.structs.fields(kind)
    for part in (field.type, *get_args(field.type))
    if isinstance(part, type) and issubclass(part, enum.Enum)
}
"""Field → its allowed words, for fields with a fixed set of them."""

_COLONS_OF_A_TIME = 2
"""Every time has at least this many: if no other colon is left, no key can be repeated."""

_AT = re.compile(r" - at `\$\.?(.*)`\Z", re.DOTALL)
_NAMED = re.compile(r"Object (missing required|contains unknown) field `(.*)`", re.DOTALL)


class Identity(NamedTuple):
    """Kind and event_id of a refused line, as far as they can be read."""

    kind: str | None
    """One of `EVENT_KINDS`, or None."""
    event_id: str | None


def decode_event(line: bytes) -> AnyEvent:
    """The event that a line holds. Numbers are JSON numbers or strings of digits; both keep all digits.

    Raises:
        EventError: naming the field, its value (in full where it is short) and the reason.
    """
    if len(line) > MAX_LINE:
        raise EventError(LINE, shown(line), f"has {len(line)} bytes: {MAX_LINE} are allowed")
    try:
        event = _EVENT.decode(line)
        keys = _KEYS.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _refusal(error, line) from None
    if _may_repeat_a_key(line, keys):
        _no_key_twice(line)
    return event


def identity(line: bytes) -> Identity:
    """Which event a refused line was meant to be; `Identity(None, None)` if it cannot be read."""
    if len(line) > MAX_LINE:
        return Identity(None, None)
    try:
        fields = _OBJECT.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Identity(None, None)
    kind, event_id = _plain_text(fields.get("kind")), _plain_text(fields.get("event_id"))
    return Identity(kind if kind in EVENT_KINDS else None, event_id)


def shown(value: object) -> str:
    """A value as a text of at most `VALUE_SHOWN` characters, valid in UTF-8."""
    if isinstance(value, bytes | bytearray | memoryview):
        text = bytes(value[: VALUE_SHOWN * 4]).decode("utf-8", "replace").strip()
    else:
        text = str(value).encode("utf-8", "replace").decode()
    return text if len(text) <= VALUE_SHOWN else f"{text[: VALUE_SHOWN - 1]}…"


def _refusal(error: Exception, line: bytes) -> EventError:
    cause = error.__cause__
    if isinstance(cause, EventError):
        return EventError(cause.field, shown(cause.value), cause.reason)
    if isinstance(error, RecursionError):
        return EventError(LINE, shown(line), "is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return EventError(LINE, shown(line), "is not UTF-8")
    if not isinstance(error, msgspec.ValidationError):
        return EventError(LINE, shown(line), f"is not JSON: {error}")
    return _field_error(str(error), line)


def _field_error(message: str, line: bytes) -> EventError:
    """The error behind msgspec's message: a field is missing, is unknown, or has a wrong value."""
    place = _AT.search(message)
    message = message[: place.start()] if place else message
    path = place.group(1) if place else ""
    if named := _NAMED.fullmatch(message):
        what, field = named.groups()
        if what == "missing required":
            return EventError(field, MISSING, "is required")
        kind = identity(line).kind or ""
        known = f"; a {kind} has kind, {', '.join(EVENT_KINDS[kind].__struct_encode_fields__)}" if kind else ""
        return EventError(shown(field), _raw(line, field), f"is not a field of this event{known}")
    if not path:
        return EventError(LINE, shown(line), f"must be a JSON object, one event a line: {message}")
    name = re.split(r"[.\[]", path, maxsplit=1)[0]
    reason = f"is none of {_CHOICES[name]}" if name in _CHOICES else _reason(message)
    return EventError(shown(path), _raw(line, name), reason)


def _reason(message: str) -> str:
    if message == "Invalid RFC3339 encoded datetime":
        return "is not a time in RFC 3339, for example 2026-01-31T12:00:00.123456Z"
    if message == "Invalid decimal string":
        return "is not a decimal number"
    return f"is wrong: {message[0].lower()}{message[1:]}"


def _raw(line: bytes, field: str) -> str:
    """A field's value as the sender wrote it."""
    try:
        value = _OBJECT.decode(line).get(field)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = None
    return MISSING if value is None else shown(memoryview(value)).strip('"')


def _plain_text(raw: msgspec.Raw | None) -> str | None:
    try:
        text = None if raw is None else msgspec.json.decode(raw, type=str)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return text if text is None or len(text) <= MAX_TEXT else shown(text)


def _may_repeat_a_key(line: bytes, keys: dict[str, Any]) -> bool:
    """False if the colons prove that no key is repeated: one follows each key, and all others are inside texts."""
    others = line.count(b":") - len(keys)
    if others == _COLONS_OF_A_TIME:
        return False
    return b"\\" in line or others != sum(text.count(":") for text in keys.values() if isinstance(text, str))


def _no_key_twice(line: bytes) -> None:
    def check(pairs: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, value in pairs:
            if key in seen:
                raise EventError(key, shown(value), "appears twice in the event")
            seen.add(key)

    json.loads(line, object_pairs_hook=check, parse_int=str, parse_float=str)
