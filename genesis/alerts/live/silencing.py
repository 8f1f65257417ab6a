"""`genesis alerts silence`: an alert kept quiet for a time, by somebody, for a reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from genesis.alerts.live.definitions import WATCHDOG, Alert
from genesis.clients.alertmanager import Matcher, Silence
from genesis.core.duration import duration_text
from genesis.core.errors import GenesisError

_NEEDED = {
    "MonitorDown": "while it is silent nobody is told that nothing watches the money",
    "NotificationsFailing": "while it is silent nobody is told that others are not told",
}
"""Alert → what its silence risks."""


def matchers(alert: Alert, strategy: str | None) -> list[Matcher]:
    """What a silence of the alert keeps quiet.

    Raises:
        GenesisError: it must not be silenced, or is not about a strategy.
    """
    if alert.name == WATCHDOG:
        raise GenesisError(f"{WATCHDOG} is what tells that alerting works; silent, it would be taken for broken")
    if strategy is not None and not alert.of_strategy:
        raise GenesisError(f"{alert.name} is not about a strategy: leave --strategy out")
    found = [Matcher("alertname", alert.name)]
    return found if strategy is None else [*found, Matcher("strategy", strategy)]


def warning(alert: Alert) -> str | None:
    """What is to be known before this alert is silenced; None if there is nothing."""
    return _NEEDED.get(alert.name)


def refuse_endless(lasts: timedelta, why: str) -> None:
    """Refuse a silence without an end or a reason.

    Raises:
        GenesisError: saying which is missing.
    """
    if not why.strip():
        raise GenesisError("--why: a silence wants a reason: whoever misses the alert will ask for it")
    if not lasts:
        raise GenesisError("--for: a silence of 0s keeps nothing quiet")


def silence_lines(silences: list[Silence], now: datetime) -> Iterator[str]:
    """The silences for people, the one that ends first at the top."""
    for one in silences:
        left = timedelta(seconds=max(0, round((one.ends_at - now).total_seconds())))
        state = "" if one.status.state == "active" else f" ({one.status.state})"
        yield f"{one.id}{state}: {', '.join(map(str, one.matchers))}"
        ends = one.ends_at.astimezone(UTC)
        yield f"  until {ends:%Y-%m-%d %H:%M} UTC ({duration_text(left)} left), by {one.created_by}: {one.comment}"
    if not silences:
        yield "nothing is silenced"
