"""What the board's sections have in common."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import timeseries

from genesis.boards import queries, style
from genesis.boards.panels import threshold_line

WINDOW: Final = 'window="$window"'
UNKNOWN: Final = "Unknown: the table of undefined figures below says why."


def limits(panel: timeseries.Panel, alert: str, *, first: str = "B", sign: str = "") -> timeseries.Panel:
    """Draw where the alert starts for the board's strategy, a line a severity; `first` names the first of their queries."""
    for number, (severity, colour) in enumerate(style.SEVERITIES):
        line = f"{sign}({queries.own_threshold(alert, severity)})"
        threshold_line(panel, chr(ord(first) + number), line, severity, colour)
    return panel
