"""Every alert, one file a topic; each topic is a group of rules in a file of its name."""

from __future__ import annotations

from collections.abc import Mapping

from genesis.monitoring.alert_manager.alert import Alert
from genesis.monitoring.alert_manager.alerts import (
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

TOPICS: Mapping[str, tuple[Alert, ...]] = {
    "losses": losses.ALERTS,
    "account": account.ALERTS,
    "books": books.ALERTS,
    "risk": risk.ALERTS,
    "trades": trades.ALERTS,
    "degradation": degradation.ALERTS,
    "execution": execution.ALERTS,
    "capacity": capacity.ALERTS,
    "feeds": feeds.ALERTS,
    "events": events.ALERTS,
    "journal": journal.ALERTS,
    "monitor": monitor.ALERTS,
    "rotation": rotation.ALERTS,
    "alerting": alerting.ALERTS,
}
"""Topic → its alerts."""

ALERTS: Mapping[str, Alert] = {alert.name: alert for alerts in TOPICS.values() for alert in alerts}
"""Name → alert."""
