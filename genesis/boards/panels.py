"""The kinds of panel that boards are made of. Each has a caption, which also says why the panel may be empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, TypeVar

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heatmap_model

from genesis.boards import style
from genesis.boards.targets import SOURCE, lines, now, rows

AnyPanel = bargauge.Panel | dashboard.Panel | heatmap.Panel | stat.Panel | statetimeline.Panel | table.Panel | timeseries.Panel
_P = TypeVar("_P", bargauge.Panel, heatmap.Panel, stat.Panel, statetimeline.Panel, table.Panel, timeseries.Panel)


NO_MARK: Final = "No mark, rate or scrape."
NO_RULES: Final = "No rules or scrape."
"""Why a number may be missing, for the small space of one."""


class Caption(NamedTuple):
    """What a panel says about itself."""

    title: str
    description: str
    """What it shows, how it is meant, and which sign is which."""
    empty: str
    """Why there may be nothing to show; it stands in the panel instead of data."""


def big_number(caption: Caption, query: prometheus.Dataquery, unit: str, decimals: int | None = None) -> stat.Panel:
    """One figure at the end of the board's time range."""
    panel = (
        _captioned(stat.Panel(), caption)
        .unit(unit)
        .thresholds(style.plain())
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
        .color_mode(common_model.BigValueColorMode.VALUE)
        .graph_mode(common_model.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .text(common.VizTextDisplayOptions().value_size(22))
        .with_target(query)
    )
    return panel if decimals is None else panel.decimals(decimals)


def words(caption: Caption, shown: Mapping[str, str], states: Sequence[tuple[float, str, str]]) -> stat.Panel:
    """A word for each query (name → PromQL): that of the state (value, word, colour) that its value stands for."""
    first, *others = [now(expr, name, ref) for ref, (name, expr) in zip("ABCDEFGH", shown.items(), strict=False)]
    told = {f"{value:g}": model.ValueMappingResult(text=word, color=colour) for value, word, colour in states}
    panel = big_number(caption, first, style.COUNT).mappings([model.ValueMap(options=told)])
    for other in others:
        panel.with_target(other)
    return panel if others else panel.text_mode(common_model.BigValueTextMode.VALUE)


def names(caption: Caption, expr: str, label: str) -> stat.Panel:
    """What a label of an info says. As a table: the name of a line would leave the panel blank where there is none."""
    shown = common.ReduceDataOptions().calcs(["lastNotNull"]).fields(f"/^{label}$/").values(False)
    return big_number(caption, rows(expr), style.COUNT).reduce_options(shown).thresholds(style.text())


def chart(caption: Caption, unit: str, decimals: int | None = None) -> timeseries.Panel:
    """Lines over time. Gaps stay gaps: a figure that was undefined is not drawn through."""
    panel = (
        _captioned(timeseries.Panel(), caption)
        .unit(unit)
        .line_width(2)
        .fill_opacity(0)
        .show_points(common_model.VisibilityMode.NEVER)
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC))
        .legend(_legend(common_model.LegendPlacement.RIGHT).calcs(["lastNotNull"]))
        .tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI).sort(common_model.SortOrder.DESCENDING))
    )
    return panel if decimals is None else panel.decimals(decimals)


def legend_below(panel: timeseries.Panel) -> timeseries.Panel:
    """Put the legend under the chart: for a few lines with short names."""
    below = _legend(common_model.LegendPlacement.BOTTOM).display_mode(common_model.LegendDisplayMode.LIST)
    return panel.legend(below.calcs(["lastNotNull"]))


def powers(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw the values on a scale of powers of ten: what is usual and what is far off, on one chart. 0 is not on it."""
    scale = common.ScaleDistributionConfig().type(common_model.ScaleDistribution.LOG).log(10)
    return panel.scale_distribution(scale)


def signed(panel: timeseries.Panel) -> timeseries.Panel:
    """Centre the chart on zero and draw a line there: above it is a gain, below it a loss."""
    return (
        panel.axis_centered_zero(True)
        .thresholds(style.zero_line())
        .thresholds_style(common.GraphThresholdsStyleConfig().mode(common_model.GraphThresholdsStyleMode.LINE))
    )


def stacked(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw the lines as areas on top of each other: parts that add up. Those below zero are stacked downwards."""
    return (
        panel.fill_opacity(35).line_width(1).stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL).group("A"))
    )


def threshold_line(panel: timeseries.Panel, ref: str, expr: str, legend: str, colour: str) -> timeseries.Panel:
    """Draw a dashed line: the value from which on somebody is told."""
    return panel.with_target(lines(expr, legend, ref)).override_by_query(ref, style.dashed(colour))


def bars(caption: Caption, unit: str, decimals: int | None = None) -> bargauge.Panel:
    """One horizontal bar a value, with its number: for a few things that are compared now."""
    panel = (
        _captioned(bargauge.Panel(), caption)
        .unit(unit)
        .orientation(common_model.VizOrientation.HORIZONTAL)
        .display_mode(common_model.BarGaugeDisplayMode.BASIC)
        .value_mode(common_model.BarGaugeValueMode.TEXT)
        .show_unfilled(False)
        .text(common.VizTextDisplayOptions().title_size(14).value_size(16))
        .thresholds(style.plain())
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
    )
    return panel if decimals is None else panel.decimals(decimals)


def timeline(caption: Caption, states: Sequence[tuple[float, str, str]]) -> statetimeline.Panel:
    """A coloured band a series: which of the states (value, word, colour) it was in, and when."""
    words = {
        f"{value:g}": model.ValueMappingResult(text=word, color=colour, index=index)
        for index, (value, word, colour) in enumerate(states)
    }
    return (
        _captioned(statetimeline.Panel(), caption)
        .unit(style.COUNT)
        .mappings([model.ValueMap(options=words)])
        # With the colours of thresholds, merged values would ignore the words' own.
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(style.QUIET))
        .merge_values(True)
        .show_value(common_model.VisibilityMode.AUTO)
        .row_height(0.85)
        .fill_opacity(80)
        .line_width(0)
        .legend(_legend(common_model.LegendPlacement.BOTTOM).display_mode(common_model.LegendDisplayMode.LIST))
        .tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.SINGLE).sort(common_model.SortOrder.NONE))
    )


def heat(caption: Caption, unit: str) -> heatmap.Panel:
    """How many fell into which bucket, when; `unit` is that of the buckets' bounds. It has its own words for nothing."""
    scheme = (
        heatmap.HeatmapColorOptions()
        .mode(heatmap_model.HeatmapColorMode.SCHEME)
        .scheme("Cividis")  # even steps of brightness, the same for every kind of colour vision
        .scale(heatmap_model.HeatmapColorScale.EXPONENTIAL)
        .exponent(0.5)
        .steps(64)
        .reverse(False)
        .fill("text")
    )
    explained = caption._replace(description=f"{caption.description} No data: {caption.empty[0].lower()}{caption.empty[1:]}")
    return (
        _captioned(heatmap.Panel(), explained)
        .unit(style.COUNT)
        .calculate(False)
        .color(scheme)
        .cell_gap(1)
        .y_axis(heatmap.YAxisConfig().unit(unit).axis_placement(common_model.AxisPlacement.LEFT))
        .show_legend()
        .mode(common_model.TooltipDisplayMode.SINGLE)
    )


def _captioned(panel: _P, caption: Caption) -> _P:
    return panel.title(caption.title).description(caption.description).no_value(caption.empty).datasource(SOURCE)


def _legend(placement: common_model.LegendPlacement) -> common.VizLegendOptions:
    table_mode = common_model.LegendDisplayMode.TABLE
    return common.VizLegendOptions().show_legend(True).display_mode(table_mode).placement(placement)
