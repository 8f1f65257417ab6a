"""The hours of routes: `genesis alerts` and the real Alertmanager open the same routes at the time of the run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from genesis.alerts.live.hours import closed
from genesis.alerts.live.routing import Routing
from tests.integration.real_alertmanager import alertmanager, endpoint

pytestmark = pytest.mark.real_time

LABELS = ({"alertname": "First"}, {"alertname": "Second"})


def intervals(now: datetime) -> dict[str, list[dict[str, Any]]]:
    """Every condition of a time interval, around now: name → spans."""
    last = (now.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    from_end = now.day - last.day - 1
    weekday, month = now.strftime("%A"), now.strftime("%B")
    other_month = (now + timedelta(days=45)).strftime("%B").lower()
    early, late = {"start_time": "00:00", "end_time": "12:00"}, {"start_time": "12:00", "end_time": "24:00"}
    return {
        "weekday": [{"weekdays": [weekday]}],
        "other_weekday": [{"weekdays": [(now + timedelta(days=3)).strftime("%A")]}],
        "weekdays": [{"weekdays": ["sunday:saturday"]}],
        "early": [{"times": [early]}],
        "late": [{"times": [late]}],
        "whole_day": [{"times": [early, late]}],
        "late_elsewhere": [{"times": [late], "location": "Asia/Tokyo"}],
        "year_elsewhere": [{"days_of_month": [f"{now.day}"], "location": "Pacific/Kiritimati"}],
        "day": [{"days_of_month": [f"{now.day}"]}],
        "day_from_end": [{"days_of_month": [f"{from_end}"]}],
        "days_to_end": [{"days_of_month": [f"{now.day}:-1"]}],
        "other_day_from_end": [{"days_of_month": [f"{from_end - 1 if from_end > -31 else -1}"]}],
        "days_after": [{"days_of_month": [f"{min(now.day + 1, 31)}:31"]}],
        "month": [{"months": [month]}],
        "other_month": [{"months": [other_month]}],
        "months": [{"months": [f"january:{month.lower()}"]}],
        "month_by_number": [{"months": [f"{now.month}:12"]}],
        "year": [{"years": [f"{now.year}"]}],
        "years": [{"years": [f"{now.year - 3}:{now.year}"]}],
        "other_years": [{"years": [f"{now.year - 3}:{now.year - 1}"]}],
        "one_of_two_is_not_so": [{"weekdays": [weekday], "months": [other_month]}],
        "one_of_two_spans": [{"months": [other_month]}, {"weekdays": [weekday]}],
    }


def config(url: str, spans: dict[str, list[dict[str, Any]]]) -> str:
    """For each interval, a route within it and one outside it; each route has a receiver of its name."""
    routes = [
        {"receiver": f"{key}_{name}", "matchers": ['alertname=~".+"'], "continue": True, f"{key}_time_intervals": [name]}
        for name in spans
        for key in ("active", "mute")
    ]
    receivers = [{"name": one["receiver"], "webhook_configs": [{"url": f"{url}/{one['receiver']}"}]} for one in routes]
    tree = {
        "route": {"receiver": "rest", "group_by": ["..."], "group_wait": "0s", "routes": routes},
        "receivers": [{"name": "rest"}, *receivers],
        "time_intervals": [{"name": name, "time_intervals": entry} for name, entry in spans.items()],
    }
    return yaml.safe_dump(tree)


async def test_alertmanager_opens_the_same_routes(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    spans = intervals(now)
    async with endpoint() as services:
        text = config(services.url, spans)
        routing = Routing(text)
        destinations = routing.destinations(LABELS[0])
        opened = {one.receiver for one in destinations if closed(routing, one, now) is None}
        assert len(destinations) == 2 * len(spans)
        assert len(opened) == len(spans)  # of the two routes of an interval, one
        async with alertmanager(tmp_path, text) as server:
            for labels in LABELS:  # what a closed route sent of the first would be there when all have the second
                await server.send(labels)
                for receiver in opened:
                    assert (await services.next(receiver)).body["commonLabels"] == labels, receiver
            assert {one.receiver for one in destinations if services.waiting(one.receiver)} == set()
