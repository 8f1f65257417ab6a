"""What keeps an alert back: silences, other alerts, and hours in which a route does not tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from enum import Enum

from genesis.alerts.live import hours
from genesis.alerts.live.routing import Labels, Routing, Taken
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


class Cover(Enum):
    """How much of an alert a silence or an inhibition is for, as far as its labels are known."""

    NONE = ""
    PART = "part of it"
    ALL = "it"


def covers(silence: Silence, labels: Labels) -> Cover:
    """Whether a silence is for alerts with these labels, which may have others that are not known here."""
    if silence.status.state != "active":
        return Cover.NONE
    if not all(one.holds(labels) for one in silence.matchers if one.name in labels):
        return Cover.NONE
    return Cover.ALL if all(one.name in labels for one in silence.matchers) else Cover.PART


def muted_by(routing: Routing, labels: Labels, others: Iterable[ManagedAlert]) -> Iterator[str]:
    """The alerts that would mute one with these labels now; labels that are not known here are taken for the same."""
    rules = list(routing.inhibitions(labels))
    for other in others:
        if any(
            all(one.holds(other.labels) for one in rule.source)
            and all(other.labels.get(name, "") == labels[name] for name in rule.equal if name in labels)
            for rule in rules
        ):
            yield _muted_text(other)


def silenced_text(silence: Silence, cover: Cover = Cover.ALL) -> str:
    """Who silenced it, until when, and why."""
    until = silence.ends_at.astimezone(UTC)
    whose = f"silence {silence.id} of {silence.created_by}"
    return f"{whose} keeps {cover.value} back until {until:%Y-%m-%d %H:%M} UTC: {silence.comment}"


def _muted_text(other: ManagedAlert | None) -> str:
    if other is None:
        return "another alert, which has ended meanwhile, mutes it"
    shown = ", ".join(f"{name}={value}" for name, value in other.labels.items() if name != "alertname")
    return f"{other.labels.get('alertname')} mutes it ({shown})"
