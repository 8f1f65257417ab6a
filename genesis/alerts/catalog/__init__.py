"""Every alert, one file a topic; each topic is a group of rules in a file of its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from genesis.alerts.alert import Alert
from genesis.alerts.catalog import (
    account,
    alerting,
    books,
    capacity,
    degradation,
    events,
    execution,
    feeds,
    journal,
    losses,
    monitor,
    risk,
    rotation,
    trades,
)

PORTFOLIO, STRATEGY, RISK = "genesis-portfolio", "genesis-strategy", "genesis-risk"
EXECUTION, ROTATION, SERVICE = "genesis-execution", "genesis-rotation", "genesis-service"


def _shown_on(board: str, alerts: tuple[Alert, ...]) -> tuple[Alert, ...]:
    """The alerts, with notifications that lead to this board."""
    return tuple(replace(alert, message=alert.message._replace(board=board)) for alert in alerts)


TOPICS: Mapping[str, tuple[Alert, ...]] = {
    "losses": (*_shown_on(STRATEGY, losses.OF_STRATEGIES), *_shown_on(PORTFOLIO, losses.OF_THE_ACCOUNT)),
    "account": _shown_on(PORTFOLIO, account.ALERTS),
    "books": _shown_on(SERVICE, books.ALERTS),
    "risk": _shown_on(RISK, risk.ALERTS),
    "trades": _shown_on(STRATEGY, trades.ALERTS),
    "degradation": _shown_on(STRATEGY, degradation.ALERTS),
    "execution": _shown_on(EXECUTION, execution.ALERTS),
    "capacity": _shown_on(EXECUTION, capacity.ALERTS),
    "feeds": _shown_on(SERVICE, feeds.ALERTS),
    "events": _shown_on(SERVICE, events.ALERTS),
    "journal": _shown_on(SERVICE, journal.ALERTS),
    "monitor": _shown_on(SERVICE, monitor.ALERTS),
    "rotation": _shown_on(ROTATION, rotation.ALERTS),
    "alerting": _shown_on(SERVICE, alerting.ALERTS),
}
"""Topic → its alerts."""

ALERTS: Mapping[str, Alert] = {alert.name: alert for alerts in TOPICS.values() for alert in alerts}
"""Name → alert."""
