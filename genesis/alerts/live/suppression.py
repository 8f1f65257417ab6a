"""What suppresses an alert: a silence, or another alert that mutes it.

Alertmanager's API says it of every alert that it has. Only for an alert that it does not have, silences are matched here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from enum import Enum

from genesis.alerts.live.routing import Labels
from genesis.clients.alertmanager import ManagedAlert, Silence


class Cover(Enum):
    """How much of the alerts with some known labels a silence matches."""

    NONE = "none"
    PART = "part"
    ALL = "all"


def suppressions(alert: ManagedAlert, silences: Iterable[Silence], others: Iterable[ManagedAlert]) -> list[str]:
    """What suppresses an alert by Alertmanager's own account, one sentence each; empty if nothing does.

    Args:
        alert: the alert with its status.
        silences: Alertmanager's silences, to name those in the status.
        others: Alertmanager's alerts, to name those in the status.
    """
    known = {silence.id: silence for silence in silences}
    found = {other.fingerprint: other for other in others}
    return [
        *(silenced_text(known[key]) if key in known else f"silenced (silence {key})" for key in alert.status.silenced_by),
        *(_muted_text(found.get(key)) for key in alert.status.inhibited_by),
    ]


def covers(silence: Silence, labels: Labels) -> Cover:
    """How much of the alerts with these labels an active silence matches; the alerts may have more labels."""
    if silence.status.state != "active":
        return Cover.NONE
    if not all(one.holds(labels) for one in silence.matchers if one.name in labels):
        return Cover.NONE
    return Cover.ALL if all(one.name in labels for one in silence.matchers) else Cover.PART


def silenced_text(silence: Silence) -> str:
    """Until when the alert is silenced, by whom, why, and by which silence."""
    until = f"{silence.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return f"silenced until {until} by {silence.created_by}: {silence.comment} (silence {silence.id})"


def _muted_text(other: ManagedAlert | None) -> str:
    if other is None:
        return "muted by an alert that has ended since"
    shown = ", ".join(f"{name}={value}" for name, value in other.labels.items() if name != "alertname")
    return f"muted by {other.labels.get('alertname')} ({shown})"
