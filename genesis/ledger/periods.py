"""When the day, the week and the month begin, in the account's time zone."""

from __future__ import annotations

import enum
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


class Period(enum.Enum):
    """A calendar period over which P&L is reported; a week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    __hash__ = object.__hash__  # Enum's own is slow Python, and members are keys of what each scrape reads


PERIODS: tuple[Period, ...] = tuple(Period)
"""All periods; to iterate over the Enum itself is slower."""


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
