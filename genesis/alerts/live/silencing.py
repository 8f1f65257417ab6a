"""`genesis alerts silence`: silences an alert for a time, with an author and a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from genesis.alerts.live.definitions import WATCHDOG, Alert
from genesis.clients.alertmanager import Matcher, Silence
from genesis.core.duration import duration_text
from genesis.core.errors import GenesisError

_RISKS = {
    "MonitorDown": "while it is silenced, nobody is notified that the monitor is down",
    "NotificationsFailing": "while it is silenced, nobody is notified that other alerts are not delivered",
}
"""Alert → the risk of a silence."""


def matchers(alert: Alert, strategy: str | None) -> list[Matcher]:
    """The matchers of a silence of the alert.

    Raises:
        GenesisError: it must not be silenced, or has no label `strategy`.
    """
    if alert.name == WATCHDOG:
        raise GenesisError(f"{WATCHDOG} cannot be silenced: without it, alerting counts as broken")
    if strategy is not None and not alert.of_strategy:
        raise GenesisError(f"{alert.name} is not about a strategy: leave --strategy out")
    found = [Matcher("alertname", alert.name)]
    return found if strategy is None else [*found, Matcher("strategy", strategy)]


def warning(alert: Alert) -> str | None:
    """The risk of silencing this alert; None if there is none."""
    return _RISKS.get(alert.name)


def refuse_endless(lasts: timedelta, why: str) -> None:
    """Refuse a silence without an end or a reason.

    Raises:
        GenesisError: the message says which is missing.
    """
    if not why.strip():
        raise GenesisError("--why: a silence needs a reason, for people who miss the alert")
    if not lasts:
        raise GenesisError("--for: a silence of 0s has no effect: give a duration, for example 2h")


def silence_lines(silences: list[Silence], now: datetime) -> Iterator[str]:
    """The silences for people, in the order given."""
    for one in silences:
        left = timedelta(seconds=max(0, round((one.ends_at - now).total_seconds())))
        state = "" if one.status.state == "active" else f" ({one.status.state})"
        yield f"{one.id}{state}: {', '.join(map(str, one.matchers))}"
        ends = one.ends_at.astimezone(UTC)
        yield f"  until {ends:%Y-%m-%d %H:%M} UTC ({duration_text(left)} left), by {one.created_by}: {one.comment}"
    if not silences:
        yield "nothing is silenced"
