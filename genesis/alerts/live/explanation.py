"""`genesis alerts explain`: what one alert means, its current state, and who would be notified."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from textwrap import fill, indent
from typing import NamedTuple

from genesis.alerts.live.definitions import WATCHDOG, Alert, AlertDefinitions
from genesis.alerts.live.figures import Figures
from genesis.alerts.live.hours import closed
from genesis.alerts.live.loaded import identity
from genesis.alerts.live.routing import Inhibition, Routing, drift, receiver_text, timing_text
from genesis.alerts.live.states import States
from genesis.alerts.live.suppression import Cover, covers, silenced_text, suppressions
from genesis.alerts.notify.settings import TEST
from genesis.alerts.rules import Rule
from genesis.clients.prometheus import Prometheus
from genesis.core.duration import duration_text
from genesis.core.errors import ServerError

_WIDTH = 120


class Sources(NamedTuple):
    """What an explanation is made from."""

    definitions: AlertDefinitions
    routing: Routing
    """By the files."""
    prometheus: Prometheus
    states: States
    at: datetime
    """Now."""


async def explain(sources: Sources, alert: Alert, strategy: str | None) -> AsyncIterator[str]:
    """The lines about an alert; of one strategy, if it is given."""
    of_one = f" of {strategy}" if strategy is not None else ""
    yield f"{alert.name}{of_one}: {', '.join(alert.rules)}"
    yield fill(alert.definition.alert.runbook.meaning, _WIDTH)
    yield ""
    yield "Where it is configured"
    for key, value in sources.definitions.keys(alert, strategy):
        yield f"  {key}: {value}"
    for one in alert.loaded:
        if (fault := sources.states.fault(one)) is not None:
            yield f"FAULT: {' '.join(identity(one)).strip()}: {fault}"
    for severity, rule in alert.rules.items():
        yield ""
        async for line in _severity(sources, alert, severity, rule, strategy):
            yield line
    yield ""
    yield "What would mute it"
    for line in _muted_by(sources, alert):
        yield f"  {line}"
    yield ""
    yield "How to test it"
    for line in _tests(alert, strategy):
        yield f"  {line}"
    yield ""
    yield f"Runbook: {next(iter(alert.rules.values())).annotations['runbook_url']}"
    for note in sources.states.notes:
        yield f"note: {note}"


async def _severity(sources: Sources, alert: Alert, severity: str, rule: Rule, strategy: str | None) -> AsyncIterator[str]:
    states = sources.states
    since = f"after {duration_text(rule.hold)}" if rule.hold else "at once"
    kept = f", continues for {duration_text(rule.keep_firing_for)} after its condition ends" if rule.keep_firing_for else ""
    yield f"{severity}: fires {since}{kept}"
    yield indent(rule.expr, "    ")
    if states.rules is not None:
        try:
            async for line in Figures(sources.prometheus, alert, strategy).lines(severity):
                yield f"  {line}"
        except ServerError as error:
            yield f"  {error}"
    yield f"  state: {states.text(alert.name, severity, strategy)}"
    for one in states.active(alert.name, severity, strategy):
        since = f"{one.state} since {one.active_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        yield f"    {': '.join(filter(None, (since, _shown(one.labels))))}"
    for line in _suppressed(states, alert, severity, strategy):
        yield f"    {line}"
    labels = {"alertname": alert.name, "severity": severity, **_strategy_label(alert, strategy)}
    for end in sources.routing.destinations(labels):
        hours = f", {end.hours}" if end.hours else ""
        yield f"  notifies: {receiver_text(sources.routing, end)}{hours}, by the route {end}: {timing_text(end)}"
        if (why := closed(sources.routing, end, sources.at)) is not None:
            yield f"    not now: {why}"
    if states.routing is not None and (other := drift(sources.routing, states.routing, labels)) is not None:
        yield f"    note: {other}"


def _suppressed(states: States, alert: Alert, severity: str, strategy: str | None) -> Iterator[str]:
    """What suppresses the instances that Alertmanager has; then the silences that would suppress others."""
    managed = list(states.in_alertmanager(alert.name, severity, strategy))
    for one in managed:
        for reason in suppressions(one, states.silences or (), states.managed or ()):
            yield ": ".join(filter(None, (_shown(one.labels), reason)))
    named = {identity for one in managed for identity in one.status.silenced_by}
    labels = {"alertname": alert.name, "severity": severity, **_strategy_label(alert, strategy)}
    for silence in states.silences or ():
        if silence.id not in named and (cover := covers(silence, labels)) is not Cover.NONE:
            yield f"{'would be' if cover is Cover.ALL else 'part of it would be'} {silenced_text(silence)}"


def _strategy_label(alert: Alert, strategy: str | None) -> dict[str, str]:
    return {"strategy": strategy} if strategy is not None and alert.of_strategy else {}


def _shown(labels: Mapping[str, str]) -> str:
    """The labels that distinguish instances of an alert with one severity."""
    return ", ".join(f"{name}={value}" for name, value in labels.items() if name not in {"alertname", "severity"})


def _muted_by(sources: Sources, alert: Alert) -> Iterator[str]:
    """The inhibitions that would mute the alert; each once, with the severities that it mutes."""
    found: dict[str, list[str]] = {}
    for severity in alert.rules:
        for rule in sources.routing.inhibitions({"alertname": alert.name, "severity": severity}):
            found.setdefault(f"{_inhibition_text(rule)}{_present(rule, sources.states)}", []).append(severity)
    for text, severities in found.items():
        which = "" if len(severities) == len(alert.rules) else f" (mutes its {', '.join(severities)})"
        yield f"{text}{which}"
    yield "a silence: `genesis alerts silences` lists them" if alert.name != WATCHDOG else "nothing may"


def _inhibition_text(rule: Inhibition) -> str:
    equal = f" with the same {', '.join(rule.equal)}" if rule.equal else ""
    shown = (one for one in rule.source if (one.name, one.value) != (TEST, ""))  # which excludes test alerts
    return f"{' '.join(one.value if one.name == 'alertname' and not one.is_regex else str(one) for one in shown)}{equal}"


def _present(rule: Inhibition, states: States) -> str:
    """Whether Alertmanager has an alert that matches the source of an inhibition."""
    present = any(all(one.holds(other.labels) for one in rule.source) for other in states.managed or ())
    return ", which is active now" if present else ""


def _tests(alert: Alert, strategy: str | None) -> Iterator[str]:
    yield f"genesis alerts test {alert.name}: promtool reads its rules, amtool its routes"
    if alert.name != WATCHDOG:
        named = f" --strategy {strategy or 'NAME'}" if alert.of_strategy else ""
        yield f"genesis alerts fire {alert.name}{named}: sends a marked test alert to the real receivers"
