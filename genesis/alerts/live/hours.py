"""Whether a time is within a time interval of Alertmanager: business hours, for example."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from genesis.alerts.notify.settings import DAYS

_WEEK = (DAYS[-1], *DAYS[:-1])
"""From Sunday on, as Alertmanager counts."""


def within(spans: Iterable[Mapping[str, Any]], at: datetime) -> bool:
    """Whether `at` is in one of the spans; in a span, both day and time must be right.

    It knows what alerts.yaml can say, days of the week and times of a day; what else a span asks for is taken to be so.
    """
    return any(_in_span(span, at) for span in spans)


def _in_span(span: Mapping[str, Any], at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(str(span.get("location") or "UTC")))
    days, times = span.get("weekdays"), span.get("times")
    minute = local.hour * 60 + local.minute
    today = not days or any(_covers(str(one), DAYS[local.weekday()]) for one in days)
    return today and (not times or any(_minutes(one["start_time"]) <= minute < _minutes(one["end_time"]) for one in times))


def _covers(days: str, day: str) -> bool:
    """Whether a day is in `monday`, or in `monday:friday`."""
    first, _, last = days.partition(":")
    return _WEEK.index(first) <= _WEEK.index(day) <= _WEEK.index(last or first)


def _minutes(clock: object) -> int:
    """Minutes of the day; YAML reads `09:00` without quotes as a number of minutes already."""
    if isinstance(clock, int):
        return clock
    hours, _, minutes = str(clock).partition(":")
    return int(hours) * 60 + int(minutes)
