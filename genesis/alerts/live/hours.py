"""Whether a route notifies at a given time: Alertmanager's time intervals.

The API of Alertmanager 0.25 does not say which routes are open, and its counters cannot show that nothing was sent. A test
alert has to know both. tests/integration compares this with the real program.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from genesis.alerts.live.routing import Destination, Routing
from genesis.alerts.notify.settings import DAYS

_WEEKDAYS = (DAYS[-1], *DAYS[:-1])
"""From Sunday, as Alertmanager counts."""
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def closed(routing: Routing, destination: Destination, at: datetime) -> str | None:
    """Why a destination does not notify at this time, in a sentence; None if it does."""
    active, mute = ([within(routing.interval(name), at) for name in names] for names in (destination.active, destination.mute))
    if (active and not any(active)) or any(mute):
        return f"{destination.receiver} is notified {destination.hours}, which is not now"
    return None


def within(spans: Sequence[Mapping[str, Any]], at: datetime) -> bool:
    """Whether a time is in one of the spans of an interval. All conditions of a span must be true.

    Args:
        spans: as alertmanager.yml has them, every value as text: times, weekdays, days_of_month, months, years, location.
        at: with a time zone.
    """
    return any(_in_span(span, at) for span in spans)


def _in_span(span: Mapping[str, Any], at: datetime) -> bool:
    local = at.astimezone(ZoneInfo(span.get("location") or "UTC"))
    minute = local.hour * 60 + local.minute
    times = span.get("times")
    return (
        (times is None or any(_minutes(one["start_time"]) <= minute < _minutes(one["end_time"]) for one in times))
        and _in_ranges(span.get("weekdays"), local.isoweekday() % 7, lambda text: _WEEKDAYS.index(text.lower()))
        and _in_ranges(span.get("days_of_month"), local.day, lambda text: _day(int(text), local))
        and _in_ranges(span.get("months"), local.month, _month)
        and _in_ranges(span.get("years"), local.year, int)
    )


def _in_ranges(ranges: Sequence[str] | None, value: int, number: Callable[[str], int]) -> bool:
    """Whether a value is in one of the ranges, such as `3` or `3:5`; without any, it is."""
    if ranges is None:
        return True
    ends = (text.partition(":") for text in ranges)
    return any(number(first) <= value <= number(last or first) for first, _, last in ends)


def _day(day: int, at: datetime) -> int:
    """A day of the month; a negative one counts from its end, -1 being the last."""
    return day if day > 0 else monthrange(at.year, at.month)[1] + day + 1


def _month(text: str) -> int:
    return int(text) if text.isdecimal() else _MONTHS.index(text.lower()) + 1


def _minutes(clock: str) -> int:
    """Minutes since midnight of `HH:MM`."""
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
