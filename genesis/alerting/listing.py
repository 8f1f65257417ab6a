"""`genesis alerts list`: every alert with its thresholds, who is told, and what it does now."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerting.book import Alert, AlertBook
from genesis.alerting.comparison import Comparison
from genesis.alerting.routing import Routing
from genesis.alerting.states import States
from genesis.core.duration import duration_text

_COMMON = "genesis_strategy_"
"""What the names of most figures begin with."""
HEAD = ("ALERT", "SEVERITY", "NOW", "TOLD TO", "FOR", "FIRES AT")


def rows(book: AlertBook, routing: Routing, now: States, strategy: str | None = None) -> Iterator[tuple[str, ...]]:
    """A row for each alert and severity; with a strategy, its own thresholds and state, and no alert of another one."""
    for alert in book.alerts.values():
        for severity, rule in alert.rules.items():
            named = {"strategy": strategy} if strategy is not None and alert.of_strategy else {}
            taken = routing.routes({"alertname": alert.name, "severity": severity, **named})
            yield (
                alert.name,
                severity,
                now.text(alert.name, severity, strategy if alert.of_strategy else None),
                ", ".join(one.receiver for one in taken),
                duration_text(rule.hold),
                thresholds_text(alert, severity, strategy),
            )


def faults(book: AlertBook, now: States) -> Iterator[str]:
    """The alerts that Prometheus does not run as the files have them, each fault with its alerts."""
    found: dict[str, list[str]] = {}
    for alert in book.alerts.values():
        for severity, rule in alert.rules.items():
            if (fault := now.fault(rule)) is not None:
                found.setdefault(fault, []).append(f"{alert.name} {severity}")
    for fault, names in found.items():
        yield f"{', '.join(names)}: {fault}"


def thresholds_text(alert: Alert, severity: str, strategy: str | None = None) -> str:
    """What the alert fires at; - where it is either so or not. Without a strategy, how many have thresholds of their own."""
    own = strategy if alert.of_strategy else None
    levels = [one for one in alert.thresholds(severity, own) if not one.plain]
    texts = (comparison_text(alert, severity, one, named=len(levels) > 1) for one in levels)
    others = {one.of_one for one in alert.every_threshold(severity) if one.of_one is not None}
    text = " or ".join(dict.fromkeys(texts)) or "-"
    return text if own is not None or not others else f"{text} (+{len(others)})"


def comparison_text(alert: Alert, severity: str, one: Comparison, *, named: bool) -> str:
    """A sign and its bound, as the alert's messages write figures; `named`: with what tells it from the other ones."""
    part = f"{one.part} " if named and one.part else ""
    bound = one.bound.replace(_COMMON, "") if one.level is None else alert.shown(severity, one.level)
    return f"{part}{one.sign} {bound}"


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    """Lines with columns as wide as their widest cell."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for row in (head, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
