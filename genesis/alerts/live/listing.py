"""`genesis alerts list`: every alert with its thresholds, who is told, and what it does now."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.figure import AlertThreshold
from genesis.alerts.live.definitions import BAND, Alert, AlertDefinitions
from genesis.alerts.live.loaded import identity
from genesis.alerts.live.routing import Routing, Taken
from genesis.alerts.live.states import States
from genesis.core.duration import duration_text

HEAD = ("ALERT", "SEVERITY", "NOW", "TOLD TO", "FOR", "FIRES AT")


def rows(book: AlertDefinitions, routing: Routing, now: States, strategy: str | None = None) -> Iterator[tuple[str, ...]]:
    """A row for each alert and severity; with a strategy, its own thresholds and state, and no alert of another one."""
    for alert in book.alerts.values():
        for severity, rule in alert.rules.items():
            named = {"strategy": strategy} if strategy is not None and alert.of_strategy else {}
            taken = routing.routes({"alertname": alert.name, "severity": severity, **named})
            yield (
                alert.name,
                severity,
                now.text(alert.name, severity, strategy if alert.of_strategy else None),
                ", ".join(map(_told, taken)),
                duration_text(rule.hold),
                thresholds_text(alert, severity, strategy),
            )


def faults(book: AlertDefinitions, now: States) -> Iterator[str]:
    """The alerts that Prometheus does not run as the files have them, each fault with its alerts."""
    found: dict[str, list[str]] = {}
    for alert in book.alerts.values():
        for rule in alert.loaded:
            if (fault := now.fault(rule)) is not None:
                found.setdefault(fault, []).append(" ".join(identity(rule)).strip())
    for fault, names in found.items():
        yield f"{', '.join(names)}: {fault}"


def thresholds_text(alert: Alert, severity: str, strategy: str | None = None) -> str:
    """What the alert fires at; - where it is either so or not. Without a strategy, how many have thresholds of their own."""
    levels = alert.levels(severity, {} if strategy is None else {"strategy": strategy})
    text = " or ".join(f"{_part(one)}{alert.sign(one)} {alert.shown(severity, one.value)}" for one in levels) or "-"
    others = {one.strategy for one in alert.thresholds if one.strategy}
    return f"{text} (+{len(others)})" if strategy is None and others else text


def _told(taken: Taken) -> str:
    """A receiver, and the hours in which it is told, or is not; two with opposite hours are never told both."""
    hours = [*taken.active, *(f"not {name}" for name in taken.mute)]
    return f"{taken.receiver} ({', '.join(hours)})" if hours else taken.receiver


def _part(threshold: AlertThreshold) -> str:
    """Which of several it is, where its sign does not tell."""
    return f"{threshold.part} " if threshold.part and threshold.part not in BAND else ""


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Lines with columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
