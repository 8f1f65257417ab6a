"""Durations as Prometheus writes them: `30s`, `1m30s`, `250ms`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_FORM = re.compile("".join(rf"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS), re.ASCII)
_EXPECTED = "must be a duration with its unit, largest unit first, for example 250ms, 30s or 1h30m"


def parse_duration(text: object) -> timedelta:
    """A duration from its text, at most 366 days.

    Raises:
        ValueError: with an example of a duration.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not text or (found := _FORM.fullmatch(text)) is None:
        raise ValueError(_EXPECTED)
    parts = zip(found.groups(), _UNITS.values(), strict=True)
    try:
        duration = sum((int(count) * unit for count, unit in parts if count), timedelta())
    except OverflowError:
        duration = timedelta.max
    if duration > timedelta(days=366):
        raise ValueError("must be at most 366d")
    return duration


def duration_text(duration: timedelta) -> str:
    """The duration as Prometheus and Alertmanager write it, whole milliseconds: `1m30s`; weeks only if nothing is left over."""
    left, parts = duration, []
    for unit, size in _UNITS.items():
        if unit == "w" and left % size:
            continue  # 30d is easier to read than 4w2d
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def _not_zero(duration: timedelta) -> timedelta:
    if not duration:
        raise ValueError("must be longer than 0s")
    return duration


_AS_TEXT = PlainSerializer(duration_text, return_type=str, when_used="json")
"""Settings that are written as JSON can be read again."""

Duration = Annotated[
    timedelta, BeforeValidator(parse_duration), _AS_TEXT, WithJsonSchema({"type": "string", "format": "duration"})
]
"""0s or longer."""

Interval = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    AfterValidator(_not_zero),
    _AS_TEXT,
    WithJsonSchema({"type": "string", "format": "duration", "exclusiveMinimum": "0s"}),
]
"""Longer than 0s."""
