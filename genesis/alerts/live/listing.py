"""`genesis alerts list`: every alert with its state, receivers and thresholds."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.figure import AlertThreshold
from genesis.alerts.live.definitions import BAND, Alert, AlertDefinitions
from genesis.alerts.live.loaded import identity
from genesis.alerts.live.routing import Destination, Routing
from genesis.alerts.live.states import States
from genesis.core.duration import duration_text

HEAD = ("ALERT", "SEVERITY", "NOW", "NOTIFIES", "FOR", "FIRES AT")


def rows(
    definitions: AlertDefinitions, routing: Routing, states: States, strategy: str | None = None
) -> Iterator[tuple[str, ...]]:
    """A row for each alert and severity; with a strategy, the thresholds and states of that strategy."""
    for alert in definitions.alerts.values():
        for severity, rule in alert.rules.items():
            named = {"strategy": strategy} if strategy is not None and alert.of_strategy else {}
            destinations = routing.destinations({"alertname": alert.name, "severity": severity, **named})
            yield (
                alert.name,
                severity,
                states.text(alert.name, severity, strategy if alert.of_strategy else None),
                ", ".join(map(_receiver, destinations)),
                duration_text(rule.hold),
                thresholds_text(alert, severity, strategy),
            )


def faults(definitions: AlertDefinitions, states: States) -> Iterator[str]:
    """The differences between the files and the running Prometheus, each with its rules."""
    found: dict[str, list[str]] = {}
    for alert in definitions.alerts.values():
        for rule in alert.loaded:
            if (fault := states.fault(rule)) is not None:
                found.setdefault(fault, []).append(" ".join(identity(rule)).strip())
    for fault, names in found.items():
        yield f"{', '.join(names)}: {fault}"


def thresholds_text(alert: Alert, severity: str, strategy: str | None = None) -> str:
    """The thresholds of an alert; - if it has none. Without a strategy, also how many strategies have their own."""
    levels = alert.levels(severity, {} if strategy is None else {"strategy": strategy})
    text = " or ".join(f"{_part(one)}{alert.sign(one)} {alert.shown(severity, one.value)}" for one in levels) or "-"
    others = {one.strategy for one in alert.thresholds if one.strategy}
    return f"{text} (+{len(others)})" if strategy is None and others else text


def _receiver(destination: Destination) -> str:
    """A receiver, and the hours within which it is notified or not."""
    hours = [*destination.active, *(f"not {name}" for name in destination.mute)]
    return f"{destination.receiver} ({', '.join(hours)})" if hours else destination.receiver


def _part(threshold: AlertThreshold) -> str:
    """Which of several thresholds it is, where the sign does not show that."""
    return f"{threshold.part} " if threshold.part and threshold.part not in BAND else ""


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Lines with columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
