"""Who is notified of which alert, and when: Alertmanager's routing tree and its time intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from genesis.alerts.catalog.alerting import WATCHDOG
from genesis.alerts.notify.inhibition import equals
from genesis.alerts.notify.settings import DAYS, TEST, Hours, Notification, Route, Team
from genesis.alerts.settings import AlertSettings
from genesis.core.duration import duration_text


def routing_tree(alerts: AlertSettings) -> dict[str, Any]:
    """The value of `route` in alertmanager.yml."""
    heartbeat = alerts.alerts.of(WATCHDOG)
    return {
        **_delivery(alerts.default_route),
        "group_by": [*alerts.group_by, TEST],
        "group_interval": duration_text(alerts.group_interval),
        "routes": [
            {
                "matchers": [equals("alertname", WATCHDOG.name)],
                **_timed(heartbeat.receiver, timedelta(0), heartbeat.repeat_interval),
            },
            *(node for route in alerts.routes for node in _nodes(route, alerts.teams)),
            *_teams({}, alerts.teams),
        ],
    }


def time_intervals(alerts: AlertSettings) -> list[dict[str, Any]]:
    """The value of `time_intervals` in alertmanager.yml."""
    return [{"name": name, "time_intervals": list(_intervals(hours))} for name, hours in alerts.hours.items()]


def _nodes(route: Route, teams: Mapping[str, Team]) -> Iterator[dict[str, Any]]:
    """The route with a branch for each team, and the route that takes its place outside its hours, if there is one."""
    node: dict[str, Any] = {"matchers": [equals(label, value) for label, value in route.match.items()], **_delivery(route)}
    if route.group_by is not None:
        node["group_by"] = [*route.group_by, TEST]
    # A branch does not inherit the intervals of its route: each branch needs its own.
    active = {"active_time_intervals": [route.active]} if route.active is not None else {}
    branches = [branch | active for branch in _teams(route.match, teams)]
    within = node | active | ({"routes": branches} if branches else {})
    if route.otherwise is None:
        yield within
    else:
        yield within | {"continue": True}
        yield node | {"receiver": route.otherwise, "mute_time_intervals": [route.active]}


def _teams(match: Mapping[Any, str], teams: Mapping[str, Team]) -> Iterator[dict[str, Any]]:
    """The branches below a route that matches `match`: a strategy's alerts go to its team, in the route's time."""
    for strategy, team in teams.items():
        if match.get("strategy", strategy) != strategy:
            continue
        own = [equals("strategy", strategy)]
        if isinstance(team, str):
            yield {"matchers": own, "receiver": team}
            continue
        for severity, receiver in team.items():
            if "severity" not in match:
                yield {"matchers": [*own, equals("severity", severity)], "receiver": receiver}
            elif match["severity"] == severity:
                yield {"matchers": own, "receiver": receiver}


def _delivery(delivery: Notification) -> dict[str, Any]:
    return _timed(delivery.receiver, delivery.group_wait, delivery.repeat_interval)


def _timed(receiver: str, group_wait: timedelta, repeat_interval: timedelta) -> dict[str, Any]:
    return {
        "receiver": receiver,
        "group_wait": duration_text(group_wait),
        "repeat_interval": duration_text(repeat_interval),
    }


def _intervals(hours: Hours) -> Iterator[dict[str, Any]]:
    """Alertmanager's intervals end on the day on which they began: hours over midnight are two of them."""
    days = [day for day in DAYS if day in hours.days]
    if not hours.over_midnight:
        yield _interval(days, hours.begin, hours.end, hours.time_zone)
        return
    yield _interval(days, hours.begin, "24:00", hours.time_zone)
    if hours.end != "00:00":
        following = [day for day, before in zip(DAYS, (DAYS[-1], *DAYS), strict=False) if before in hours.days]
        yield _interval(following, "00:00", hours.end, hours.time_zone)


def _interval(days: list[Any], begin: str, end: str, time_zone: str) -> dict[str, Any]:
    return {"weekdays": days, "times": [{"start_time": begin, "end_time": end}], "location": time_zone}
