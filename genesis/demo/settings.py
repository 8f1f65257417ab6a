"""What the demo changes in the configuration, so that there is something to see within minutes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from genesis.configuration import Settings
from genesis.demo.copies import scaled
from genesis.settings.rotation import RotationSettings

FAULTY = "statistical_arb"
GOES_BAD_AFTER = 60.0
"""Seconds of market time after which the fault is injected into `FAULTY`."""
GRID = {"step": timedelta(seconds=1), "windows": (timedelta(minutes=5), timedelta(hours=1)), "risk_window": timedelta(hours=1)}
"""Replaces keys of `statistics` in monitor.yaml: with this fine grid, figures on returns are available within a minute."""
CAPITAL = {FAULTY: Decimal(2500)}
"""Less than in strategies.yaml: its loss until the page is then half of the account's daily loss limit, so that rotation may
still give its capital to the others."""
SECONDS: dict[str, dict[str, float]] = {
    "": {"interval": 5, "warm_up": 40},
    "allocation": {"min_dwell": 30},
    "resume": {"after": 15, "cooldown": 60, "probation": 60},
}
"""Durations of rotation.yaml as the demo sets them, in seconds of market time: half an hour would be too long to watch."""
LEFT_OUT = ("critical_alert", "broken")
"""Rules that would pause the faulty strategy before the page of its drawdown, which the demo shows."""
ALLOCATION: dict[str, Decimal] = {
    "min_weight": Decimal("0.2"),
    "min_change": Decimal("0.02"),
    "reduced_ratio": Decimal("0.6"),
    "max_turnover_per_day": Decimal(100),
}
"""Keys of `allocation` in rotation.yaml as the demo sets them. Scores of the first minutes are mostly luck, so weights stay
above a minimum: a strategy with little capital would take long to reach its page. A day's turnover is moved in minutes."""
_SHORTEST_INTERVAL = 0.5
"""Seconds of wall time: Prometheus scrapes the monitor about as often."""
_TIMEOUT_OF_INTERVAL = 0.8


def of_the_demo(settings: Settings, speed: float) -> Settings:
    """The settings of the demo at `speed` times real time."""
    return _with_rotation(_with_capital(_on_a_fine_grid(_accepting_future_events(settings))), speed)


def with_runbooks(settings: Settings, url: str) -> Settings:
    """The settings with runbook links to `url`, the monitor of this run, which may have any port."""
    links = settings.alerts.links.model_copy(update={"runbooks": url})
    return settings._replace(alerts=settings.alerts.model_copy(update={"links": links}))


def _accepting_future_events(settings: Settings) -> Settings:
    """The settings with future events accepted: faster than real time, the market runs ahead of the clock."""
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
    """The settings with rotation in mode enforce, with durations divided by `speed`."""
    rotation = settings.rotation.model_dump()
    for section, durations in SECONDS.items():
        part: dict[str, Any] = rotation[section] if section else rotation
        part |= {key: timedelta(seconds=seconds / speed) for key, seconds in durations.items()}
    interval = max(rotation["interval"], timedelta(seconds=_SHORTEST_INTERVAL))
    rotation |= {
        "mode": "enforce",
        "interval": interval,
        "timeout": min(rotation["timeout"], interval * _TIMEOUT_OF_INTERVAL),
        "rules": {name: rule for name, rule in rotation["rules"].items() if name not in LEFT_OUT},
    }
    shares = {key: scaled(ALLOCATION[key], len(settings.strategies.strategies)) for key in ("min_weight", "min_change")}
    rotation["allocation"] |= ALLOCATION | shares
    return settings._replace(rotation=RotationSettings.model_validate(rotation))
