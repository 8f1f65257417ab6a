"""Whether a time is within a time interval of Alertmanager: business hours, for example."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

_DAYS = [name.lower() for name in ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")]
_MONTHS = ["", *(name.lower() for name in calendar.month_name[1:])]


def within(spans: Iterable[Mapping[str, Any]], at: datetime) -> bool:
    """Whether `at` is in one of the spans; in a span, all that is given must hold."""
    return any(_in_span(span, at) for span in spans)


def _in_span(span: Mapping[str, Any], at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(str(span.get("location") or "UTC")))
    last = calendar.monthrange(local.year, local.month)[1]
    minute = local.hour * 60 + local.minute
    return (
        _any(span.get("times"), lambda one: _minutes(one["start_time"]) <= minute < _minutes(one["end_time"]))
        and _any(span.get("weekdays"), lambda one: _in_range(one, (local.weekday() + 1) % 7, _DAYS))
        and _any(span.get("days_of_month"), lambda one: _in_range(one, local.day, last=last))
        and _any(span.get("months"), lambda one: _in_range(one, local.month, _MONTHS))
        and _any(span.get("years"), lambda one: _in_range(one, local.year))
    )


def _any(ranges: Sequence[Any] | None, holds: Any) -> bool:
    return not ranges or any(holds(one) for one in ranges)


def _minutes(clock: object) -> int:
    """Minutes of the day; YAML reads `09:00` without quotes as a number of minutes already."""
    if isinstance(clock, int):
        return clock
    hours, _, minutes = str(clock).partition(":")
    return int(hours) * 60 + int(minutes)


def _in_range(text: object, value: int, names: Sequence[str] = (), last: int = 0) -> bool:
    """Whether the value is in `first` or `first:last`; names count from their place, negative days from the month's end."""
    first, _, end = str(text).lower().partition(":")
    return _place(first, names, last) <= value <= _place(end or first, names, last)


def _place(text: str, names: Sequence[str], last: int) -> int:
    if text in names:
        return names.index(text)
    number = int(text)
    return last + 1 + number if number < 0 else number
