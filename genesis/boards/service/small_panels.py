"""The kinds of panel that the sections of this board share, with their windows and sizes."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import common as common_model

from genesis.boards import style
from genesis.boards.foreign import JOBS
from genesis.boards.panels import Caption, big_number, chart, legend_below, log_scale
from genesis.boards.queries import series
from genesis.boards.targets import lines, now
from genesis.metrics.metric import Metric

EVENT_WINDOW = "30s"
"""Window of the figures on events: long enough for a few hundred events, short enough to be current."""
RARE_WINDOW = "5m"
"""Window of figures on rare faults; the alerts on them use the same window."""
SPAN, HEIGHT, TILE = 8, 8, 3
"""Width and height of a panel when three share a row; height of a row of numbers."""


def of_program(metric: Metric, program: str) -> str:
    """The metric's series of one program."""
    job = JOBS[program]
    return series(metric, f'job="{job}"')


def numbers(caption: Caption, shown: Mapping[str, str], unit: str, decimals: int = 0) -> stat.Panel:
    """A panel with one number and name for each query (name → PromQL)."""
    first, *others = [now(expr, name, ref) for ref, (name, expr) in zip("ABCDEFGH", shown.items(), strict=False)]
    panel = big_number(caption, first, unit, decimals).text_mode(common_model.BigValueTextMode.VALUE_AND_NAME)
    for other in others:
        panel.with_target(other)
    return panel


def chart_from_zero(caption: Caption, unit: str, decimals: int | None = None) -> timeseries.Panel:
    """A chart that starts at 0, with its legend below: it is only a third of the board wide."""
    return legend_below(chart(caption, unit, decimals)).axis_soft_min(0)


def durations(caption: Caption) -> timeseries.Panel:
    """A chart of durations on a logarithmic scale, so that usual and excessive ones fit on one chart."""
    return log_scale(legend_below(chart(caption, style.SECONDS)))


def by_program(panel: timeseries.Panel, metric: Metric, shown: str = "max({})") -> timeseries.Panel:
    """Draw a line for each program that exports the metric; `shown` is the PromQL around its series, `{}`."""
    for ref, program in zip("ABCD", JOBS, strict=True):
        panel.with_target(lines(shown.format(of_program(metric, program)), program, ref))
    return style.own_colours(panel, list(JOBS))
