"""rotation.yaml and monitor.yaml at the pace of the simulated market, where a minute has the events of a real hour."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TypeVar

from pydantic import BaseModel

from genesis.configuration import Settings
from genesis.core.duration import duration_text
from genesis.settings.rotation import RotationSettings

GRID_STEP = timedelta(seconds=1)
SHORTEST_INTERVAL = timedelta(seconds=5)
"""Between two decisions, and between two scrapes of the monitor."""
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_LENGTH = re.compile(r"(?P<before>\[|\bwindow\s*=\s*\")(?P<number>\d+)(?P<unit>[smhdw])(?=[\]:\"])")

_Section = TypeVar("_Section", bound=BaseModel)


def paced_monitor(settings: Settings, pace: float) -> Settings:
    """The settings with returns on a fine grid and windows that are `pace` times shorter; unchanged at pace 1."""
    if pace == 1:
        return settings
    statistics = settings.monitor.statistics
    updated = statistics.model_copy(
        update={
            "step": GRID_STEP,
            "windows": tuple(_shorter(window, pace) for window in statistics.windows),
            "risk_window": _shorter(statistics.risk_window, pace),
            "degradation": _paced(statistics.degradation, pace),
        }
    )
    return settings._replace(monitor=settings.monitor.model_copy(update={"statistics": updated}))


def paced_rotation(settings: RotationSettings, pace: float) -> RotationSettings:
    """All times `pace` times shorter, also the ranges and windows in expressions; the mode is advise."""
    signals = {name: paced_expression(promql, pace) for name, promql in settings.signals.items()}
    correlation = None if settings.correlation is None else paced_expression(settings.correlation, pace)
    update: dict[str, object] = {
        "signals": signals,
        "correlation": correlation,
        "interval": max(settings.interval / pace, SHORTEST_INTERVAL),
        "mode": "advise",
    }
    return _paced(settings, pace).model_copy(update=update)


def paced_expression(promql: str, pace: float) -> str:
    """The expression with its ranges, such as `[1h]` and `window="1h"`, `pace` times shorter."""

    def shorter(found: re.Match[str]) -> str:
        seconds = int(found["number"]) * _UNITS[found["unit"]]
        return found["before"] + duration_text(_shorter(timedelta(seconds=seconds), pace))

    return _LENGTH.sub(shorter, promql)


def _paced(section: _Section, pace: float) -> _Section:
    update: dict[str, object] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, timedelta):
            update[name] = value / pace
        elif isinstance(value, BaseModel):
            update[name] = _paced(value, pace)
    return section.model_copy(update=update)


def _shorter(length: timedelta, pace: float) -> timedelta:
    """The length divided by `pace`, as a whole number of grid steps."""
    return max(round(length / pace / GRID_STEP), 1) * GRID_STEP
