"""`genesis alerts explain`: one alert, from its meaning to what it does now and who would be told."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from textwrap import fill, indent
from typing import NamedTuple

from genesis.alerts.live.definitions import WATCHDOG, Alert, AlertDefinitions
from genesis.alerts.live.figures import Figures
from genesis.alerts.live.holding import Cover, closed, covers, muted_by, silenced_text
from genesis.alerts.live.loaded import identity
from genesis.alerts.live.routing import Inhibition, Labels, Routing, drift, told_text, waits_text
from genesis.alerts.live.states import States
from genesis.alerts.notify.settings import TEST
from genesis.alerts.rules import Rule
from genesis.clients.prometheus import Prometheus
from genesis.core.duration import duration_text
from genesis.core.errors import ServerError

_WIDTH = 120


class Asked(NamedTuple):
    """What an explanation is made from."""

    book: AlertDefinitions
    routing: Routing
    prometheus: Prometheus
    now: States
    at: datetime


async def explain(asked: Asked, alert: Alert, strategy: str | None) -> AsyncIterator[str]:
    """The lines about an alert; of one strategy, if it is named."""
    of_one = f" of {strategy}" if strategy is not None else ""
    yield f"{alert.name}{of_one}: {', '.join(alert.rules)}"
    yield fill(alert.definition.alert.runbook.meaning, _WIDTH)
    yield ""
    yield "Where it is configured"
    for key, value in asked.book.keys(alert, strategy):
        yield f"  {key}: {value}"
    for one in alert.loaded:
        if (fault := asked.now.fault(one)) is not None:
            yield f"FAULT: {' '.join(identity(one)).strip()}: {fault}"
    for severity, rule in alert.rules.items():
        yield ""
        async for line in _severity(asked, alert, severity, rule, strategy):
            yield line
    yield ""
    yield "What would mute it"
    for line in _muted_by(asked.routing, alert):
        yield f"  {line}"
    yield ""
    yield "How to test it"
    for line in _tests(alert, strategy):
        yield f"  {line}"
    yield ""
    yield f"Runbook: {next(iter(alert.rules.values())).annotations['runbook_url']}"
    for note in asked.now.notes:
        yield f"note: {note}"


async def _severity(asked: Asked, alert: Alert, severity: str, rule: Rule, strategy: str | None) -> AsyncIterator[str]:
    since = f"after {duration_text(rule.hold)}" if rule.hold else "at once"
    kept = f", goes on for {duration_text(rule.keep_firing_for)} after its condition" if rule.keep_firing_for else ""
    yield f"{severity}: fires {since}{kept}"
    yield indent(rule.expr, "    ")
    if asked.now.rules is not None:
        try:
            async for line in Figures(asked.prometheus, alert, strategy).lines(severity):
                yield f"  {line}"
        except ServerError as error:
            yield f"  {error}"
    yield f"  state: {asked.now.text(alert.name, severity, strategy)}"
    for one in asked.now.of(alert.name, severity, strategy):
        shown = [f"{name}={value}" for name, value in one.labels.items() if name not in {"alertname", "severity"}]
        since = f"{one.state} since {one.active_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        yield f"    {': '.join(filter(None, (since, ', '.join(shown))))}"
    named = {"strategy": strategy} if strategy is not None and alert.of_strategy else {}
    labels = {"alertname": alert.name, "severity": severity, **named}
    for line in _quiet(asked, labels):
        yield f"    {line}"
    for taken in asked.routing.routes(labels):
        yield f"  told to: {told_text(asked.routing, taken)} by the route {taken}, {waits_text(taken)}"
        if (why := closed(asked.routing, taken, asked.at)) is not None:
            yield f"    not now: {why}"
    if asked.now.routing is not None and (other := drift(asked.routing, asked.now.routing, labels)) is not None:
        yield f"    note: {other}"


def _quiet(asked: Asked, labels: Labels) -> Iterator[str]:
    """What keeps alerts with these labels back now."""
    for silence in asked.now.silences or ():
        if (cover := covers(silence, labels)) is not Cover.NONE:
            yield silenced_text(silence, cover)
    yield from muted_by(asked.routing, labels, asked.now.managed or ())


def _muted_by(routing: Routing, alert: Alert) -> Iterator[str]:
    """What would mute the alert; each once, whichever severity it mutes."""
    found: dict[str, list[str]] = {}
    for severity in alert.rules:
        for rule in routing.inhibitions({"alertname": alert.name, "severity": severity}):
            found.setdefault(_inhibition_text(rule), []).append(severity)
    for text, severities in found.items():
        which = "" if len(severities) == len(alert.rules) else f" (its {', '.join(severities)})"
        yield f"{text}{which}"
    yield "a silence: `genesis alerts silences` lists them" if alert.name != WATCHDOG else "nothing may"


def _inhibition_text(rule: Inhibition) -> str:
    equal = f" with the same {', '.join(rule.equal)}" if rule.equal else ""
    telling = (one for one in rule.source if (one.name, one.value) != (TEST, ""))  # keeps test alerts from muting
    return f"{' '.join(one.value if one.name == 'alertname' and not one.is_regex else str(one) for one in telling)}{equal}"


def _tests(alert: Alert, strategy: str | None) -> Iterator[str]:
    yield f"genesis alerts test {alert.name}: promtool reads its rules, amtool takes its routes"
    if alert.name != WATCHDOG:
        named = f" --strategy {strategy or 'NAME'}" if alert.of_strategy else ""
        yield f"genesis alerts fire {alert.name}{named}: a marked test alert, all the way to whoever is told"
