"""Which receivers an alert reaches and what would mute it, by a configuration of Alertmanager: generated or running."""

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

_TIMING_DEFAULTS = {"group_wait": "30s", "group_interval": "5m", "repeat_interval": "4h"}
"""Alertmanager's own defaults."""
_SEND_RESOLVED_DEFAULTS = {"slack": False, "email": False}
"""Integrations that do not report the end of an alert by default; all others do."""


@dataclass(frozen=True, slots=True)
class Integration:
    """One way to notify a receiver."""

    kind: str
    """webhook, slack, pagerduty, email, ..."""
    send_resolved: bool
    """Whether it reports the end of an alert."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The receiver that an alert reaches, and the route that leads to it."""

    receiver: str
    matchers: tuple[Matcher, ...]
    """Of the route; the default route has none."""
    group_wait: timedelta
    group_interval: timedelta
    repeat_interval: timedelta
    active: tuple[str, ...]
    """Names of the time intervals within which it notifies; without any, it always does."""
    mute: tuple[str, ...]
    """Names of the time intervals within which it does not notify."""

    @property
    def hours(self) -> str:
        """When it notifies, such as `only within office`; empty if always."""
        texts = [f"only within {' or '.join(self.active)}"] if self.active else []
        return " and ".join([*texts, *(f"only outside {name}" for name in self.mute)])

    def __str__(self) -> str:
        return ", ".join(map(str, self.matchers)) or "the default route"


@dataclass(frozen=True, slots=True)
class Inhibition:
    """An alert that matches `source` mutes alerts that match `target`, if the labels in `equal` are the same."""

    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]


class Routing:
    """The routes, receivers, inhibitions and time intervals of one configuration."""

    def __init__(self, text: str) -> None:
        """`text` is the configuration as YAML.

        Raises:
            GenesisError: it is not YAML, or has no route.
        """
        try:
            tree = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise GenesisError(f"Alertmanager's configuration cannot be read: {' '.join(str(error).split())}") from error
        if not isinstance(tree, dict) or not isinstance(tree.get("route"), dict):
            raise GenesisError("Alertmanager's configuration cannot be read: it has no route")
        self._tree: dict[str, Any] = tree
        self._texts: dict[str, Any] = yaml.BaseLoader(text).get_single_data()
        """The same with every value as text: Alertmanager does not read 18:00 as a number, as YAML 1.1 does."""

    def destinations(self, labels: Labels) -> list[Destination]:
        """Where an alert with these labels goes: one destination, or several where routes have `continue`."""
        root: dict[str, Any] = self._tree["route"]
        return [_destination(route) for route in _walk(root, _TIMING_DEFAULTS | root, labels)]

    def integrations(self, receiver: str) -> list[Integration]:
        """How a receiver is notified; empty if it has no integration."""
        entries = (entry for entry in self._tree.get("receivers") or () if entry.get("name") == receiver)
        return [
            Integration(kind, config.get("send_resolved", _SEND_RESOLVED_DEFAULTS.get(kind, True)))
            for entry in entries
            for key, configs in entry.items()
            if key.endswith("_configs")
            for kind in [key.removesuffix("_configs")]
            for config in configs or ()
        ]

    def inhibitions(self, labels: Labels) -> Iterator[Inhibition]:
        """The inhibitions that could mute an alert with these labels."""
        for rule in self._tree.get("inhibit_rules") or ():
            source, target = _matchers(rule, "source_"), _matchers(rule, "target_")
            if all(one.holds(labels) for one in target):
                yield Inhibition(source, target, tuple(rule.get("equal") or ()))

    def interval(self, name: str) -> Sequence[Mapping[str, Any]]:
        """The spans of a time interval, every value as text."""
        for key in ("time_intervals", "mute_time_intervals"):
            for entry in self._texts.get(key) or ():
                if entry.get("name") == name:
                    return entry.get("time_intervals") or ()
        return ()


def receiver_text(routing: Routing, destination: Destination) -> str:
    """A receiver and its integrations, for people."""
    kinds = [one.kind for one in routing.integrations(destination.receiver)]
    return f"{destination.receiver} ({', '.join(kinds) or 'notifies nobody'})"


def timing_text(destination: Destination) -> str:
    """When and how often the route notifies, for people."""
    wait = f"after {duration_text(destination.group_wait)}" if destination.group_wait else "at once"
    change, again = duration_text(destination.group_interval), duration_text(destination.repeat_interval)
    return f"{wait}, a change after {change}, again every {again}"


def drift(configured: Routing, running: Routing, labels: Labels) -> str | None:
    """The difference between the receivers by the files and by the running Alertmanager, and what to do; None without one."""
    here, there = ([one.receiver for one in routing.destinations(labels)] for routing in (configured, running))
    if here == there:
        return None
    return (
        f"the files send it to {', '.join(here)}, the running Alertmanager to {', '.join(there)}: "
        "run `genesis generate`, and reload Alertmanager"
    )


def _walk(route: Mapping[str, Any], inherited: Mapping[str, Any], labels: Labels) -> Iterator[Mapping[str, Any]]:
    """The deepest routes that match the labels, each with the keys that it inherits from its parents."""
    matched = False
    for child in route.get("routes") or ():
        if not all(one.holds(labels) for one in _matchers(child)):
            continue
        matched = True
        own = {key: value for key, value in child.items() if value is not None}
        kept = {key: inherited[key] for key in (*_TIMING_DEFAULTS, "receiver") if key in inherited}
        yield from _walk(child, kept | own, labels)
        if not child.get("continue"):
            break
    if not matched:
        yield inherited


def _destination(route: Mapping[str, Any]) -> Destination:
    return Destination(
        receiver=str(route.get("receiver", "")),
        matchers=_matchers(route),
        group_wait=parse_duration(route["group_wait"]),
        group_interval=parse_duration(route["group_interval"]),
        repeat_interval=parse_duration(route["repeat_interval"]),
        active=tuple(route.get("active_time_intervals") or ()),
        mute=tuple(route.get("mute_time_intervals") or ()),
    )


def _matchers(entry: Mapping[str, Any], prefix: str = "") -> tuple[Matcher, ...]:
    """The matchers of a route or of one side of an inhibition, in all forms that Alertmanager accepts."""
    plain = (Matcher(label, str(value)) for label, value in (entry.get(f"{prefix}match") or {}).items())
    regex = (Matcher(label, str(value), is_regex=True) for label, value in (entry.get(f"{prefix}match_re") or {}).items())
    return (*map(matcher, entry.get(f"{prefix}matchers") or ()), *plain, *regex)
