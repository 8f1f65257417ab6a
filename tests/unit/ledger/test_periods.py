"""Where days, weeks and months begin, summer time included."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from genesis.ledger.periods import Period, next_day_start, period_start

ZURICH = ZoneInfo("Europe/Zurich")


@pytest.mark.parametrize(
    ("period", "zone", "time", "start"),
    [
        (Period.DAY, "UTC", "2026-03-04T00:00:00", "2026-03-04T00:00:00"),
        (Period.DAY, "Europe/Zurich", "2026-01-05T23:30:00", "2026-01-05T23:00:00"),
        (Period.WEEK, "UTC", "2026-03-01T12:00:00", "2026-02-23T00:00:00"),
        (Period.WEEK, "UTC", "2026-03-02T00:00:00", "2026-03-02T00:00:00"),
        (Period.MONTH, "UTC", "2026-03-31T23:59:59", "2026-03-01T00:00:00"),
        (Period.DAY, "Europe/Zurich", "2026-03-29T12:00:00", "2026-03-28T23:00:00"),
        (Period.MONTH, "Europe/Zurich", "2026-04-15T12:00:00", "2026-03-31T22:00:00"),
    ],
)
def test_a_period_begins_at_local_midnight(period: Period, zone: str, time: str, start: str) -> None:
    moment = datetime.fromisoformat(time).replace(tzinfo=UTC)
    assert period_start(period, moment, ZoneInfo(zone)) == datetime.fromisoformat(start).replace(tzinfo=UTC)


def test_the_day_of_the_change_to_summer_time_has_23_hours() -> None:
    start = period_start(Period.DAY, datetime(2026, 3, 29, 12, tzinfo=UTC), ZURICH)
    assert (next_day_start(start, ZURICH) - start).total_seconds() == 23 * 3600
