"""The thresholds of an alert as dashed lines on a chart: one for each severity, in its colour."""

from __future__ import annotations

from grafana_foundation_sdk.builders import timeseries

from genesis.boards import queries, style
from genesis.boards.panels import threshold_line


def of_account(panel: timeseries.Panel, alert: str, refs: str, *, scale: str = "", where_known: str = "") -> timeseries.Panel:
    """Draw the default thresholds, or those of the account.

    Args:
        panel: the chart.
        alert: the name of the alert.
        refs: the letters of the two queries, which the chart's other queries do not use.
        scale: a prefix that converts the threshold to the unit of the chart: "-", or a factor such as "1e4 * ".
        where_known: draw the lines only where this expression has a value; "" draws them always.
    """
    for ref, (severity, colour) in zip(refs, style.SEVERITIES, strict=True):
        line = f"{scale}{queries.account_threshold(alert, severity)}"
        threshold_line(panel, ref, queries.where_known(line, where_known) if where_known else line, severity, colour)
    return panel


def of_strategies(
    panel: timeseries.Panel, alert: str, refs: str, *, scale: str = "", where_known: str = ""
) -> timeseries.Panel:
    """Draw the default thresholds, and those of picked strategies that differ, with their names; see `of_account`."""
    for ref, (severity, colour) in zip(refs, style.SEVERITIES, strict=True):
        line = f"{scale}{queries.threshold(alert, severity)}"
        threshold_line(
            panel, ref, queries.where_known(line, where_known) if where_known else line, f"{severity} {{{{strategy}}}}", colour
        )
    return panel


def of_this(panel: timeseries.Panel, alert: str, refs: str, *, scale: str = "") -> timeseries.Panel:
    """Draw the thresholds of the one strategy that the board shows; see `of_account`."""
    for ref, (severity, colour) in zip(refs, style.SEVERITIES, strict=True):
        threshold_line(panel, ref, f"{scale}({queries.own_threshold(alert, severity)})", severity, colour)
    return panel
