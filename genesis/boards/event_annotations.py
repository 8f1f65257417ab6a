"""Annotations: what happened, as marks on the charts. The SDK's builder lacks their titles and the use of the value as time.

The query's value is the time of the mark: one mark an event, where its samples would shade the chart for as long as it lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from genesis.boards import queries, style
from genesis.boards.targets import SOURCE
from genesis.core.allocation import Action

# Fine enough to see every mark, which lasts as long as an alert fires, or until the next step of its kind; coarse enough to be
# asked at each refresh.
_STEP: Final = "10s"
# What a reader of a chart looks for: a strategy was paused, reduced or resumed, or a person's pin was carried out. There is no
# action for a stop: rotation stops a strategy by a pin alone. Weights change so often that all steps together cover the charts.
_TURNS: Final = (Action.PAUSE, Action.REDUCE, Action.RESUME, Action.PIN)


def alerts(strategy: str) -> dict[str, Any]:
    """Marks where an alert began to fire; `strategy` is the matcher of the strategies whose alerts are marked."""
    title = "{{alertname}} {{strategy}}"
    return _marks("Alerts", queries.alert_starts(strategy), style.CRITICAL, tags="severity", title=title)


def rotations(strategy: str) -> list[dict[str, Any]]:
    """Marks where rotation changed a strategy, and why: pauses, reductions, resumptions and pins; all others are off at first.

    Steps of one kind, for one reason, are one series; each new one is a mark of its own: they are farther apart than `step`.
    """
    others = [action for action in Action if action not in (*_TURNS, Action.HOLD)]
    return [
        _rotation("Rotation", strategy, _TURNS, style.GAIN),
        _rotation("Rotation: other steps", strategy, others, style.QUIET) | {"enable": False},
    ]


def _rotation(name: str, strategy: str, actions: Iterable[Action], colour: str) -> dict[str, Any]:
    title, text = "Rotation: {{strategy}} {{action}}", "because of {{reason}}"
    return _marks(name, queries.rotation_steps(strategy, actions), colour, tags="action", title=title) | {"textFormat": text}


def _marks(name: str, expr: str, colour: str, *, tags: str, title: str) -> dict[str, Any]:
    return {
        "name": name,
        "datasource": SOURCE,
        "enable": True,
        "expr": expr,
        "hide": False,
        "iconColor": colour,
        "step": _STEP,
        "tagKeys": tags,
        "titleFormat": title,
        "useValueForTime": True,
    }
