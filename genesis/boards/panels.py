"""The kinds of panel of the boards. Each has a caption, which also says why the panel may be empty."""

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
"""Why a figure may be missing, in the small space of a number."""
UNDEFINED: Final = "Not known in this time: the table of undefined figures says why, or the monitor was not scraped."
"""Why a figure of the account or of a strategy may be missing, in a chart."""


class Caption(NamedTuple):
    """What a panel says about itself."""

    title: str
    description: str
    """What the panel shows, with its unit and the meaning of its sign."""
    empty: str
    """Why the panel may be empty; shown instead of data."""


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
    """A word for each query (name → PromQL): the word of the state (value, word, colour) whose value the query returns."""
    first, *others = [now(expr, name, ref) for ref, (name, expr) in zip("ABCDEFGH", shown.items(), strict=False)]
    mapping = {f"{value:g}": model.ValueMappingResult(text=word, color=colour) for value, word, colour in states}
    panel = big_number(caption, first, style.COUNT).mappings([model.ValueMap(options=mapping)])
    for other in others:
        panel.with_target(other)
    return panel if others else panel.text_mode(common_model.BigValueTextMode.VALUE)


def names(caption: Caption, expr: str, label: str) -> stat.Panel:
    """The value of a label of an info metric. A table query, because the name of a missing line would be blank."""
    shown = common.ReduceDataOptions().calcs(["lastNotNull"]).fields(f"/^{label}$/").values(False)
    return big_number(caption, rows(expr), style.COUNT).reduce_options(shown).thresholds(style.text())


def chart(caption: Caption, unit: str, decimals: int | None = None) -> timeseries.Panel:
    """Lines over time. Where a figure was undefined, the line has a gap."""
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


def log_scale(panel: timeseries.Panel) -> timeseries.Panel:
    """Draw the values on a logarithmic scale, base 10: usual values and outliers fit on one chart. 0 cannot be drawn."""
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
    """Draw the lines as stacked areas, for parts that add up. Values below zero are stacked downwards."""
    return (
        panel.fill_opacity(35).line_width(1).stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL).group("A"))
    )


def threshold_line(panel: timeseries.Panel, ref: str, expr: str, legend: str, colour: str) -> timeseries.Panel:
    """Draw a dashed line at the value where an alert starts, or at another limit."""
    return panel.with_target(lines(expr, legend, ref)).override_by_query(ref, style.dashed(colour))


def bars(caption: Caption, unit: str, decimals: int | None = None) -> bargauge.Panel:
    """One horizontal bar for each value, with its number: to compare a few current values."""
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
    """A coloured band for each series: which of the states (value, word, colour) it was in, and when."""
    words = {
        f"{value:g}": model.ValueMappingResult(text=word, color=colour, index=index)
        for index, (value, word, colour) in enumerate(states)
    }
    return (
        _captioned(statetimeline.Panel(), caption)
        .unit(style.COUNT)
        .mappings([model.ValueMap(options=words)])
        # In the colour mode of thresholds, merged values would ignore the colours of the words.
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
    """How many values fell into each bucket over time; `unit` is that of the bounds.

    Grafana's heatmap cannot show the caption's reason for an empty panel, so the description says it.
    """
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
