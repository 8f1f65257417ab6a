"""Who is told of an alert, and what would mute it: read from a configuration of Alertmanager, ours or the one that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import yaml

from genesis.clients.alertmanager import Matcher, matcher
from genesis.core.duration import duration_text, parse_duration
from genesis.core.errors import GenesisError

Labels = Mapping[str, str]

_OURS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
"""What Alertmanager takes where a configuration says nothing."""
_RESOLVED = {"slack": False, "email": False}
"""Integrations that do not tell of the end unless they are told to."""


@dataclass(frozen=True, slots=True)
class Integration:
    """One way in which a receiver is told."""

    kind: str
    """webhook, slack, pagerduty, email, ..."""
    send_resolved: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """The end of the way of an alert through the routes."""

    receiver: str
    matchers: tuple[Matcher, ...]
    """Of the route itself; none for the one that takes what is left."""
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    active: tuple[str, ...]
    """Names of the time intervals in which it tells; none tells always."""
    mute: tuple[str, ...]
    """Names of the time intervals in which it does not."""

    def __str__(self) -> str:
        return ", ".join(map(str, self.matchers)) or "the default route"


@dataclass(frozen=True, slots=True)
class Inhibition:
    """While an alert with `source` fires, those with `target` are not told, if the labels in `equal` are the same."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


class Routing:
    """The routes, receivers, inhibitions and time intervals of one configuration."""

    def __init__(self, text: str) -> None:
        try:
            tree = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise GenesisError(f"Alertmanager's configuration cannot be read: {' '.join(str(error).split())}") from error
        if not isinstance(tree, dict) or not isinstance(tree.get("route"), dict):
            raise GenesisError("Alertmanager's configuration cannot be read: it has no route")
        self._tree: dict[str, Any] = tree

    def routes(self, labels: Labels) -> list[Taken]:
        """Where an alert with these labels ends: one place, or several where routes say `continue`."""
        root: dict[str, Any] = self._tree["route"]
        return [_taken(route) for route in _walk(root, _OURS | root, labels)]

    def integrations(self, receiver: str) -> list[Integration]:
        """How a receiver is told; empty if nobody is."""
        entries = (entry for entry in self._tree.get("receivers") or () if entry.get("name") == receiver)
        return [
            Integration(kind, config.get("send_resolved", _RESOLVED.get(kind, True)))
            for entry in entries
            for key, configs in entry.items()
            if key.endswith("_configs")
            for kind in [key.removesuffix("_configs")]
            for config in configs or ()
        ]

    def inhibitions(self, labels: Labels) -> Iterator[Inhibition]:
        """What could mute an alert with these labels."""
        for rule in self._tree.get("inhibit_rules") or ():
            source, target = _matchers(rule, "source_"), _matchers(rule, "target_")
            if all(one.holds(labels) for one in target):
                yield Inhibition(source, target, tuple(rule.get("equal") or ()))

    def interval(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The spans of a time interval, as the configuration writes them."""
        for key in ("time_intervals", "mute_time_intervals"):
            for entry in self._tree.get(key) or ():
                if entry.get("name") == name:
                    return entry.get("time_intervals") or ()
        return ()


def told_text(routing: Routing, taken: Taken) -> str:
    """A receiver and how it is told, for people."""
    kinds = [one.kind for one in routing.integrations(taken.receiver)]
    return f"{taken.receiver} ({', '.join(kinds) or 'nobody is told'})"


def waits_text(taken: Taken) -> str:
    """When the route tells, for people."""
    wait = f"after {duration_text(taken.group_wait)}" if taken.group_wait else "at once"
    return f"{wait}, a change after {duration_text(taken.group_interval)}, again every {duration_text(taken.repeat_interval)}"


def drift(configured: Routing, running: Routing, labels: Labels) -> str | None:
    """What to do where the Alertmanager that runs would tell others than the files say; None where it would not."""
    here, there = ([taken.receiver for taken in routing.routes(labels)] for routing in (configured, running))
    if here == there:
        return None
    return (
        f"by the files it goes to {', '.join(here)}, by the Alertmanager that runs to {', '.join(there)}: "
        "run `genesis generate`, and reload it"
    )


def _walk(route: Mapping[str, Any], inherited: Mapping[str, Any], labels: Labels) -> Iterator[Mapping[str, Any]]:
    """The deepest routes that take the labels; each with what it inherits from those above it."""
    taken = False
    for child in route.get("routes") or ():
        if not all(one.holds(labels) for one in _matchers(child)):
            continue
        taken = True
        own = {key: value for key, value in child.items() if value is not None}
        kept = {key: inherited[key] for key in (*_OURS, "receiver") if key in inherited}
        yield from _walk(child, kept | own, labels)
        if not child.get("continue"):
            break
    if not taken:
        yield inherited


def _taken(route: Mapping[str, Any]) -> Taken:
    return Taken(
        receiver=str(route.get("receiver", "")),
        matchers=_matchers(route),
        group_wait=parse_duration(route["group_wait"]),
        group_interval=parse_duration(route["group_interval"]),
        repeat_interval=parse_duration(route["repeat_interval"]),
        active=tuple(route.get("active_time_intervals") or ()),
        mute=tuple(route.get("mute_time_intervals") or ()),
    )


def _matchers(entry: Mapping[str, Any], prefix: str = "") -> tuple[Matcher, ...]:
    """The matchers of a route or of one end of an inhibition, in all the forms that Alertmanager knows."""
    plain = (Matcher(label, str(value)) for label, value in (entry.get(f"{prefix}match") or {}).items())
    regex = (Matcher(label, str(value), is_regex=True) for label, value in (entry.get(f"{prefix}match_re") or {}).items())
    return (*map(matcher, entry.get(f"{prefix}matchers") or ()), *plain, *regex)
