"""What the board's sections have in common: words for states, charts on a scale of powers, one line a program."""

from __future__ import annotations

from collections.abc import Mapping

from grafana_foundation_sdk.builders import stat, timeseries
from grafana_foundation_sdk.models import common as common_model

from genesis.boards import style
from genesis.boards.foreign import JOBS
from genesis.boards.panels import Caption, big_number, chart, legend_below, powers
from genesis.boards.queries import series
from genesis.boards.targets import lines, now
from genesis.metrics.metric import Metric

WINDOW = "30s"
"""Of the figures on events: long enough for a few hundred, short enough to tell of now."""
RARE = "5m"
"""Of what should not happen, and happens seldom; it is the window of the alerts on it."""
SPAN, HEIGHT, TILE = 8, 8, 3
"""Of a panel of which three stand side by side, and the height of a line of numbers."""


def of_program(metric: Metric, program: str) -> str:
    """The metric's series of one program."""
    job = JOBS[program]
    return series(metric, f'job="{job}"')


def numbers(caption: Caption, shown: Mapping[str, str], unit: str, decimals: int = 0) -> stat.Panel:
    """A number for each query (name → PromQL), with its name."""
    first, *others = [now(expr, name, ref) for ref, (name, expr) in zip("ABCDEFGH", shown.items(), strict=False)]
    panel = big_number(caption, first, unit, decimals).text_mode(common_model.BigValueTextMode.VALUE_AND_NAME)
    for other in others:
        panel.with_target(other)
    return panel


def low(caption: Caption, unit: str, decimals: int | None = None) -> timeseries.Panel:
    """A chart from 0 on that is a third of the board wide: its legend stands below it, so that the lines have the width."""
    return legend_below(chart(caption, unit, decimals)).axis_soft_min(0)


def times(caption: Caption) -> timeseries.Panel:
    """Durations on a scale of powers of ten: the usual ones, and what is too long, on one chart."""
    return powers(legend_below(chart(caption, style.SECONDS)))


def by_program(panel: timeseries.Panel, metric: Metric, shown: str = "max({})") -> timeseries.Panel:
    """Draw a line for each program that tells the metric; `shown` is what is drawn of its series."""
    for ref, program in zip("ABCD", JOBS, strict=True):
        panel.with_target(lines(shown.format(of_program(metric, program)), program, ref))
    return style.own_colours(panel, list(JOBS))
