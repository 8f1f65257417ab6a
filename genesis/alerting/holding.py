"""What keeps an alert back: silences, other alerts, and hours in which a route does not tell."""

from __future__ import annotations

from datetime import UTC, datetime

from genesis.alerting import hours
from genesis.alerting.routing import Routing, Taken
from genesis.clients.alertmanager import Alertmanager, ManagedAlert, Silence


async def held_back(manager: Alertmanager, alert: ManagedAlert) -> list[str]:
    """The silences and the alerts that keep this one back now, each in a sentence.

    Raises:
        ServerError: Alertmanager cannot be asked.
    """
    status, reasons = alert.status, []
    if status.silenced_by:
        known = {silence.id: silence for silence in await manager.silences()}
        reasons += [
            silenced_text(known[identity]) if identity in known else f"silence {identity} keeps it back"
            for identity in status.silenced_by
        ]
    if status.inhibited_by:
        others = {other.fingerprint: other for other in await manager.alerts()}
        reasons += [_muted_text(others.get(fingerprint)) for fingerprint in status.inhibited_by]
    return reasons


def closed(routing: Routing, taken: Taken, at: datetime) -> str | None:
    """Why a route tells nobody at this time, in a sentence; None if it does."""
    if taken.active and not any(hours.within(routing.interval(name), at) for name in taken.active):
        return f"{taken.receiver} is told in {', '.join(taken.active)} only, and now is outside of it"
    for name in taken.mute:
        if hours.within(routing.interval(name), at):
            return f"{taken.receiver} is not told in {name}, and now is in it"
    return None


def silenced_text(silence: Silence) -> str:
    """Who silenced it, until when, and why."""
    until = silence.ends_at.astimezone(UTC)
    return f"silence {silence.id} of {silence.created_by} keeps it back until {until:%Y-%m-%d %H:%M} UTC: {silence.comment}"


def _muted_text(other: ManagedAlert | None) -> str:
    if other is None:
        return "another alert, which has ended meanwhile, mutes it"
    shown = ", ".join(f"{name}={value}" for name, value in other.labels.items() if name != "alertname")
    return f"{other.labels.get('alertname')} mutes it ({shown})"
