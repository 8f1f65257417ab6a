"""Where an alert starts, as dashed lines on a chart: one for each severity, in its colour."""

from __future__ import annotations

from grafana_foundation_sdk.builders import timeseries

from genesis.boards import queries, style
from genesis.boards.panels import threshold_line


def of_account(panel: timeseries.Panel, alert: str, refs: str, *, scale: str = "", beside: str = "") -> timeseries.Panel:
    """The default thresholds, or the account's.

    Args:
        panel: the chart.
        alert: its name.
        refs: the letters of the two queries; the chart's own have others.
        scale: what makes of a threshold what the chart shows, before it: "-", or a factor.
        beside: the figure without which they are not drawn.
    """
    for ref, (severity, colour) in zip(refs, style.SEVERITIES, strict=True):
        line = f"{scale}{queries.account_threshold(alert, severity)}"
        threshold_line(panel, ref, queries.beside(line, beside) if beside else line, severity, colour)
    return panel


def of_strategies(panel: timeseries.Panel, alert: str, refs: str, *, scale: str = "", beside: str = "") -> timeseries.Panel:
    """The default thresholds, and those of picked strategies that differ, with the strategy's name; see `of_account`."""
    for ref, (severity, colour) in zip(refs, style.SEVERITIES, strict=True):
        line = f"{scale}{queries.threshold(alert, severity)}"
        threshold_line(panel, ref, queries.beside(line, beside) if beside else line, f"{severity} {{{{strategy}}}}", colour)
    return panel


def of_this(panel: timeseries.Panel, alert: str, refs: str, *, scale: str = "") -> timeseries.Panel:
    """The thresholds of the one strategy that the board shows; see `of_account`."""
    for ref, (severity, colour) in zip(refs, style.SEVERITIES, strict=True):
        threshold_line(panel, ref, f"{scale}({queries.own_threshold(alert, severity)})", severity, colour)
    return panel
