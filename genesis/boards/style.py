"""How every board looks: colours, units, legends, and the few kinds of panel that boards are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

# Gains are blue, losses orange. Words and numbers in these colours are read on Grafana's dark and on its light background
# (a contrast of at least 3 to each).
GAIN: Final = "#2E86C9"
LOSS: Final = "#D9690F"
WARNING: Final = "#B98200"
CRITICAL: Final = "#D55E00"
# Okabe and Ito's palette: its colours stay apart for every common kind of colour blindness.
LINES: Final = ("#56B4E9", "#E69F00", "#009E73", "#CC79A7", "#F0E442", "#0072B2", "#D55E00")

RATIO: Final = "percentunit"
SECONDS: Final = "s"
CLOCK: Final = "dthms"
COUNT: Final = "none"

SOURCE: Final = model.DataSourceRef(type_val="prometheus", uid="${datasource}")

AnyPanel = stat.Panel | table.Panel | timeseries.Panel | dashboard.Panel


class Column(NamedTuple):
    """A column of a table: one query, whose value it shows per row."""

    title: str
    expr: str
    unit: str
    decimals: int | None = None
    signed: bool = False  # gains blue, losses orange


def money(currency: str) -> str:
    """The unit of a sum of money: all digits, no thousand cut to K, the currency after it."""
    return f"suffix:{currency}"


def lines(expr: str, legend: str, ref: str = "A") -> prometheus.Dataquery:
    """A query over the board's time range."""
    return prometheus.Dataquery().expr(expr).range().legend_format(legend).ref_id(ref).datasource(SOURCE)


def now(expr: str, legend: str, ref: str = "A") -> prometheus.Dataquery:
    """A query of the last moment, one value a series."""
    return prometheus.Dataquery().expr(expr).instant().legend_format(legend).ref_id(ref).datasource(SOURCE)


def rows(expr: str, ref: str = "A") -> prometheus.Dataquery:
    """A query of the last moment as the rows of a table: labels become columns."""
    return now(expr, "__auto", ref).format(PromQueryFormat.TABLE)


def by_sign() -> dashboard.ThresholdsConfig:
    """Orange below zero, blue from zero on."""
    return _steps({None: LOSS, 0.0: GAIN})


def plain() -> dashboard.ThresholdsConfig:
    """One colour for every value."""
    return _steps({None: GAIN})


def above(limit: float) -> dashboard.ThresholdsConfig:
    """Blue below the limit, the colour of a page from it on."""
    return _steps({None: GAIN, limit: CRITICAL})


def zero_line() -> dashboard.ThresholdsConfig:
    """A neutral line at zero, on a chart that draws its thresholds."""
    return _steps({None: "text", 0.0: "text"})


def big_number(title: str, description: str, query: prometheus.Dataquery, unit: str, decimals: int | None = None) -> stat.Panel:
    """One figure of the account at the end of the board's time range.

    `query` asks for that moment alone. Over the range, the last figure would stay on the board long after the monitor fell
    silent.
    """
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .thresholds(plain())
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.THRESHOLDS))
        .color_mode(common_model.BigValueColorMode.VALUE)
        .graph_mode(common_model.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(False))
        .text(common.VizTextDisplayOptions().value_size(24))
        .no_value("–")
        .with_target(query)
    )
    return panel if decimals is None else panel.decimals(decimals)


def chart(title: str, description: str, unit: str) -> timeseries.Panel:
    """Lines over time. Gaps stay gaps: a figure that was undefined is not drawn through."""
    return (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .unit(unit)
        .line_width(2)
        .fill_opacity(0)
        .show_points(common_model.VisibilityMode.NEVER)
        .color_scheme(dashboard.FieldColor().mode(model.FieldColorModeId.PALETTE_CLASSIC_BY_NAME))
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(common_model.LegendDisplayMode.TABLE)
            .placement(common_model.LegendPlacement.RIGHT)
            .calcs(["lastNotNull"])
        )
        .tooltip(common.VizTooltipOptions().mode(common_model.TooltipDisplayMode.MULTI).sort(common_model.SortOrder.DESCENDING))
    )


def own_colours(panel: timeseries.Panel, names: Sequence[str]) -> timeseries.Panel:
    """Give each of the named series its own colour; series past the palette keep what Grafana gives them by name."""
    for name, colour in zip(names, LINES, strict=False):
        panel.override_by_name(name, [fixed(colour)])
    return panel


def fixed(colour: str) -> model.DynamicConfigValue:
    """The property that paints a series or a cell in one colour."""
    return model.DynamicConfigValue("color", {"mode": "fixed", "fixedColor": colour})


def width(pixels: int) -> model.DynamicConfigValue:
    """The property that sets a column's width; columns without it share what is left."""
    return model.DynamicConfigValue("custom.width", pixels)


def grid(title: str, description: str) -> table.Panel:
    """A table without content."""
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .show_header(True)
        .cell_height(common_model.TableCellHeight.SM)
        .min_width(64)
        .footer(common.TableFooterOptions().show(False).reducer(["sum"]).count_rows(False))
        .no_value("–")
    )


def joined(panel: table.Panel, key: str, key_title: str, columns: Sequence[Column]) -> table.Panel:
    """Fill a table with one row per value of the label `key`, one query a column; a missing figure leaves its cell empty.

    Each expression must be aggregated by `key` alone: rows are joined on all the labels that are left.
    """
    names = {key: key_title}
    for ref, column in zip(_refs(len(columns)), columns, strict=True):
        panel.with_target(rows(column.expr, ref))
        names[f"Value #{ref}"] = column.title
        panel.override_by_name(column.title, _properties(column))
    panel.with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
    return reshaped(panel, names)


def reshaped(panel: table.Panel, names: Mapping[str, str], hidden: Sequence[str] = ()) -> table.Panel:
    """Name the columns and put them in this order; neither the query's time nor the hidden ones are shown."""
    return panel.with_transformation(
        model.DataTransformerConfig(
            id_val="organize",
            options={
                "excludeByName": dict.fromkeys(["Time", *hidden], True),
                "indexByName": {name: index for index, name in enumerate(names)},
                "renameByName": dict(names),
            },
        )
    )


def _properties(column: Column) -> list[model.DynamicConfigValue]:
    properties = [model.DynamicConfigValue("unit", column.unit)]
    if column.decimals is not None:
        properties.append(model.DynamicConfigValue("decimals", column.decimals))
    if column.signed:
        steps = [{"value": None, "color": LOSS}, {"value": 0, "color": GAIN}]
        properties.append(model.DynamicConfigValue("custom.cellOptions", {"type": "color-text"}))
        properties.append(model.DynamicConfigValue("color", {"mode": "thresholds"}))
        properties.append(model.DynamicConfigValue("thresholds", {"mode": "absolute", "steps": steps}))
    return properties


def _refs(count: int) -> list[str]:
    """Query names A, B, C, ...: Grafana names a query's value column after it."""
    if count > len(_LETTERS):
        raise ValueError(f"a table of {count} columns: at most {len(_LETTERS)} queries can be named")
    return list(_LETTERS[:count])


_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _steps(colours: Mapping[float | None, str]) -> dashboard.ThresholdsConfig:
    steps = [model.Threshold(value=value, color=colour) for value, colour in colours.items()]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)
