"""What the demo sets otherwise than the configuration, so that there is something to see within minutes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from genesis.configuration import Settings
from genesis.demo.copies import scaled
from genesis.settings.rotation import RotationSettings

FAULTY = "statistical_arb"
GOES_BAD_AFTER = 60.0
"""Seconds of market time after which the execution of `FAULTY` breaks."""
GRID = {"step": timedelta(seconds=1), "windows": (timedelta(minutes=5), timedelta(hours=1)), "risk_window": timedelta(hours=1)}
"""What the demo sets of `statistics` in monitor.yaml: a grid so fine that there are figures on returns within a minute."""
CAPITAL = {FAULTY: Decimal(2500)}
"""Less than in strategies.yaml: what it loses until its page is half of what the account may lose in a day, so that its capital
may go to the others."""
SECONDS: dict[str, dict[str, float]] = {
    "": {"interval": 5, "warm_up": 40},
    "allocation": {"min_dwell": 30},
    "resume": {"after": 15, "cooldown": 60, "probation": 60},
}
"""Durations of rotation.yaml as the demo sets them, in seconds of market time: what takes half an hour there is seen here."""
LEFT_OUT = ("critical_alert", "broken")
"""Rules that would pause the faulty strategy before its drawdown is paged, which the demo is to show."""
ALLOCATION: dict[str, Decimal] = {
    "min_weight": Decimal("0.2"),
    "min_change": Decimal("0.02"),
    "reduced_ratio": Decimal("0.6"),
    "max_turnover_per_day": Decimal(100),
}
"""Of rotation.yaml, too: scores of the first minutes are mostly luck, and a day's turnover is moved in minutes here. A strategy
that has little takes long to lose what is paged."""
_SHORTEST_INTERVAL = 0.5
"""Seconds of wall time: Prometheus reads the monitor about as often."""
_SHARE_OF_INTERVAL = 0.8


def of_the_demo(settings: Settings, speed: float) -> Settings:
    """The settings as the demo runs by them at `speed` times real time."""
    return _with_rotation(_with_capital(_on_a_fine_grid(_of_any_time(settings))), speed)


def with_runbooks(settings: Settings, url: str) -> Settings:
    """The settings with the notifications' runbook links leading to the monitor that runs here, whatever its port."""
    links = settings.alerts.links.model_copy(update={"runbooks": url})
    return settings._replace(alerts=settings.alerts.model_copy(update={"links": links}))


def _of_any_time(settings: Settings) -> Settings:
    """The settings with events of any time taken: at a multiple of real time, the market runs ahead of the clock."""
    events = settings.monitor.events.model_copy(update={"max_future_seconds": None})
    return settings._replace(monitor=settings.monitor.model_copy(update={"events": events}))


def _on_a_fine_grid(settings: Settings) -> Settings:
    statistics = settings.monitor.statistics.model_copy(update=GRID)
    return settings._replace(monitor=settings.monitor.model_copy(update={"statistics": statistics}))


def _with_capital(settings: Settings) -> Settings:
    known = settings.strategies.strategies
    changed = {name: known[name].model_copy(update={"capital": capital}) for name, capital in CAPITAL.items() if name in known}
    strategies = settings.strategies.model_copy(update={"strategies": {**known, **changed}})
    return settings._replace(strategies=strategies)


def _with_rotation(settings: Settings, speed: float) -> Settings:
    """The settings with rotation that is enforced, on the demo's scale of time."""
    rotation = settings.rotation.model_dump()
    for section, durations in SECONDS.items():
        part: dict[str, Any] = rotation[section] if section else rotation
        part |= {key: timedelta(seconds=seconds / speed) for key, seconds in durations.items()}
    interval = max(rotation["interval"], timedelta(seconds=_SHORTEST_INTERVAL))
    rotation |= {
        "mode": "enforce",
        "interval": interval,
        "timeout": min(rotation["timeout"], interval * _SHARE_OF_INTERVAL),
        "rules": {name: rule for name, rule in rotation["rules"].items() if name not in LEFT_OUT},
    }
    shares = {key: scaled(ALLOCATION[key], len(settings.strategies.strategies)) for key in ("min_weight", "min_change")}
    rotation["allocation"] |= ALLOCATION | shares
    return settings._replace(rotation=RotationSettings.model_validate(rotation))
