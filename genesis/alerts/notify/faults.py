"""Faults in routes, teams and receivers: names that do not exist, and routes by which nobody is notified.

All of it is checked on the raw mapping, so that it is reported together with the faults of the single values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic_core import InitErrorDetails

from genesis.alerts.notify.settings import URGENCIES
from genesis.settings.faults import Key, fault

_Named = tuple[tuple[Key, ...], object]


def notification_faults(raw: Mapping[str, Any], alert_names: Sequence[str]) -> Iterator[InitErrorDetails]:
    """Every fault of the routes, the teams and the Watchdog's receiver, at the key where it stands."""
    routes = [_mapping(route) for route in _sequence(raw.get("routes"))]
    yield from _receivers(raw, routes)
    for index, route in enumerate(routes):
        yield from _match(index, _mapping(route.get("match")), alert_names)
        yield from _hours(index, route, _mapping(raw.get("hours")))
    yield from _unreachable(routes)


def _receivers(raw: Mapping[str, Any], routes: Sequence[Mapping[str, Any]]) -> Iterator[InitErrorDetails]:
    """Receivers that do not exist, and the receiver of the Watchdog in the place of another one."""
    receivers = _mapping(raw.get("receivers"))
    heartbeat = _mapping(_mapping(raw.get("alerts")).get("Watchdog")).get("receiver")
    named: list[_Named] = [
        (("default_route", "receiver"), _mapping(raw.get("default_route")).get("receiver")),
        (("alerts", "Watchdog", "receiver"), heartbeat),
        *((("routes", index, key), route.get(key)) for index, route in enumerate(routes) for key in ("receiver", "otherwise")),
        *_of_teams(_mapping(raw.get("teams"))),
    ]
    for key, name in named:
        if isinstance(name, str) and name not in receivers:
            yield fault(key, name, f"this receiver does not exist; there are {_listed(receivers)}")
        if isinstance(name, str) and name == heartbeat and key[0] != "alerts":
            yield fault(key, name, "is the Watchdog's receiver, which would page on every heartbeat; name another one")


def _of_teams(teams: Mapping[str, Any]) -> Iterator[_Named]:
    for strategy, team in teams.items():
        if isinstance(team, Mapping):
            yield from ((("teams", strategy, severity), name) for severity, name in team.items())
        else:
            yield ("teams", strategy), team


def _match(index: int, match: Mapping[str, Any], alert_names: Sequence[str]) -> Iterator[InitErrorDetails]:
    for label, allowed in (("alertname", alert_names), ("severity", URGENCIES)):
        value = match.get(label)
        if isinstance(value, str) and value not in allowed:
            yield fault(("routes", index, "match", label), value, f"matches nothing; there are {_listed(allowed)}")
    if match.get("alertname") == "Watchdog":
        right = "matches nothing: the Watchdog goes to alerts.Watchdog.receiver, before all routes"
        yield fault(("routes", index, "match", "alertname"), "Watchdog", right)


def _hours(index: int, route: Mapping[str, Any], hours: Mapping[str, Any]) -> Iterator[InitErrorDetails]:
    active, otherwise = route.get("active"), route.get("otherwise")
    if active is None:
        if otherwise is not None:
            yield fault(
                ("routes", index, "otherwise"), otherwise, "names who is notified outside the hours in active; give both"
            )
        return
    if isinstance(active, str) and active not in hours:
        yield fault(("routes", index, "active"), active, f"there are no such hours; there are {_listed(hours)}")
    if otherwise is None and _mapping(route.get("match")).get("severity") not in URGENCIES[1:]:
        right = (
            "would drop critical alerts outside these hours: name in otherwise who is notified then, "
            "or match severity warning or info"
        )
        yield fault(("routes", index, "active"), active, right)
    if otherwise is not None and otherwise == route.get("receiver"):
        yield fault(("routes", index, "otherwise"), otherwise, "is the receiver itself: leave out active and otherwise")


def _unreachable(routes: Sequence[Mapping[str, Any]]) -> Iterator[InitErrorDetails]:
    """Routes that no alert reaches, because an earlier route takes every alert that matches them."""
    matches = [_mapping(route.get("match")) for route in routes]
    for index, match in enumerate(matches):
        for earlier, wider in enumerate(matches[:index]):
            if wider and all(match.get(label) == value for label, value in wider.items()):
                right = f"takes nothing: routes.{earlier} takes all of it before; put this one above it, or remove it"
                yield fault(("routes", index, "match"), dict(match), right)
                break


def _listed(names: Iterable[object]) -> str:
    return ", ".join(map(str, names)) or "none"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
