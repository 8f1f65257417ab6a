"""Rotation on a board: what it did, as marks on the charts."""

from __future__ import annotations

from typing import Any

from genesis.boards import queries, style


def step_marks() -> dict[str, Any]:
    """The annotation that marks on each chart what rotation did to a strategy, and why.

    As with alerts, the query's value is the time of the mark. Steps of one kind, for one reason, are one series; each new one
    is a mark of its own, for they are farther apart than `step`.
    """
    return {
        "name": "Rotation",
        "datasource": style.SOURCE,
        "enable": True,
        "expr": queries.rotation_steps(),
        "hide": False,
        "iconColor": style.GAIN,
        "step": "1s",
        "tagKeys": "action",
        "titleFormat": "Rotation: {{strategy}} {{action}}",
        "textFormat": "because of {{reason}}",
        "useValueForTime": True,
    }
