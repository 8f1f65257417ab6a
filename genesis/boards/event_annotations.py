"""Annotations: alerts and rotation steps as vertical lines on the charts.

The SDK's builder supports neither their titles nor a value as time. The value of the query is the time of the annotation, so
that an event is one line. Without it, Grafana would shade the chart for as long as the event lasts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from genesis.boards import queries, style
from genesis.boards.targets import SOURCE
from genesis.core.allocation import Action

# Short enough to see every event: its series lasts as long as the alert fires, or until the next step of its kind. Long enough
# for a query at each refresh.
_STEP: Final = "10s"
# The steps that explain a chart: a strategy was paused, reduced or resumed, or a person's pin was applied. A stop has no action
# of its own, because rotation stops a strategy only by a pin. Weights change so often that all steps would cover the charts.
_MAIN_STEPS: Final = (Action.PAUSE, Action.REDUCE, Action.RESUME, Action.PIN)


def alerts(strategy: str) -> dict[str, Any]:
    """An annotation at the start of each firing alert; `strategy` is the matcher of the strategies to show."""
    title = "{{alertname}} {{strategy}}"
    return _annotation("Alerts", queries.alert_starts(strategy), style.CRITICAL, tags="severity", title=title)


def rotations(strategy: str) -> list[dict[str, Any]]:
    """Annotations where rotation changed a strategy, with the reason.

    Pauses, reductions, resumptions and pins are shown; the other steps are off until the reader turns them on.

    Steps of one kind for one reason are one series. Each is still an annotation of its own, because they are farther apart than
    `_STEP`.
    """
    others = [action for action in Action if action not in (*_MAIN_STEPS, Action.HOLD)]
    return [
        _rotation("Rotation", strategy, _MAIN_STEPS, style.GAIN),
        _rotation("Rotation: other steps", strategy, others, style.QUIET) | {"enable": False},
    ]


def _rotation(name: str, strategy: str, actions: Iterable[Action], colour: str) -> dict[str, Any]:
    title, text = "Rotation: {{strategy}} {{action}}", "because of {{reason}}"
    return _annotation(name, queries.rotation_steps(strategy, actions), colour, tags="action", title=title) | {
        "textFormat": text
    }


def _annotation(name: str, expr: str, colour: str, *, tags: str, title: str) -> dict[str, Any]:
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
