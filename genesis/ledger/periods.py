"""When the day, the week and the month begin, in the account's time zone."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class Period(enum.Enum):
    """A calendar period that P&L is told for; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    __hash__ = object.__hash__  # members are single; that of Enum is written in Python, and they key what every scrape reads


PERIODS: tuple[Period, ...] = tuple(Period)
"""All periods; an Enum itself is slow to walk through."""


def period_start(period: Period, time: datetime, zone: ZoneInfo) -> datetime:
    """The last start of `period` at or before `time`, in UTC."""
    midnight = time.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period is Period.WEEK:
        midnight -= timedelta(days=midnight.weekday())
    elif period is Period.MONTH:
        midnight = midnight.replace(day=1)
    return midnight.astimezone(UTC)


def next_day_start(time: datetime, zone: ZoneInfo) -> datetime:
    """The first midnight after `time`, in UTC: no period ends before it."""
    midnight = time.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return (midnight + timedelta(days=1)).astimezone(UTC)
