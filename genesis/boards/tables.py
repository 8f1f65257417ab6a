"""Tables: the rows of one query, or columns that are joined on labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import links, style
from genesis.boards.panels import Caption
from genesis.boards.targets import SOURCE, lines, rows

DASH: Final = "–"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TREND: Final = "Trend"
# A trend has at most 60 points: its cell is a hundred pixels wide, and there may be fifty rows. Grafana rounds the step, at
# worst to half of what this number gives, and adds a point at both ends of the range. The setting is for the whole panel, but
# only the trend is a range query.
_TREND_POINTS: Final = 29


class Column(NamedTuple):
    """A column of a joined table: the value of one query for each row."""

    title: str
    expr: str
    unit: str
    decimals: int | None = None
    signed: bool = False  # gains blue, losses orange
    properties: Sequence[model.DynamicConfigValue] = ()  # more properties: width, colours, words
    labels: Mapping[str, str] = MappingProxyType({})  # label that only this query has → title of its column


class Trend(NamedTuple):
    """A column of small charts over the board's time range, one per row."""

    title: str
    expr: str


def grid(caption: Caption) -> table.Panel:
    """A table without queries. An empty cell shows a dash; a table without rows shows the reason in the caption."""
    return (
        table.Panel()
        .title(caption.title)
        .description(caption.description)
        .no_value(caption.empty)
        .datasource(SOURCE)
        .show_header(True)
        .cell_height(common_model.TableCellHeight.SM)
        .min_width(64)
        .footer(common.TableFooterOptions().show(False).reducer(["sum"]).count_rows(False))
        .override_by_regexp("/.*/", [model.DynamicConfigValue("noValue", DASH)])
    )


def joined(panel: table.Panel, keys: Mapping[str, str], columns: Sequence[Column], trend: Trend | None = None) -> table.Panel:
    """Fill a table with one row for each value of the labels `keys` (label → title) and one query for each column.

    A missing figure leaves its cell empty. Each expression must be aggregated by exactly the keys and the labels of its column,
    because Grafana joins rows on all remaining labels. The trend, if there is one, comes before the columns.
    """
    names = dict(keys)
    if trend is not None:
        names |= _add_trend(panel, trend)
    for ref, column in zip(refs(len(columns)), columns, strict=True):
        panel.with_target(rows(column.expr, ref))
        names |= {f"Value #{ref}": column.title, **column.labels}
        panel.override_by_name(column.title, _properties(column))
    if trend is None:
        return reshaped(_transformed(panel, "merge"), names)
    # The columns are merged first: an empty result has no name, and Grafana would take it for a trend.
    _transformed(panel, "merge", of="/^[A-Z]$/")
    _transformed(panel, "timeSeriesTable", of=_TREND)
    return reshaped(_transformed(panel, "merge"), names)


def per_strategy(caption: Caption, columns: Sequence[Column], trend: Trend | None = None) -> table.Panel:
    """A table with one row for each strategy, whose name links to its board."""
    panel = joined(grid(caption), {"strategy": "Strategy"}, columns, trend)
    return panel.override_by_name("Strategy", strategy_column())


def strategy_column() -> list[model.DynamicConfigValue]:
    """The properties of a column of strategies: the same width in all tables, and links to the strategies' boards."""
    return [strategy_link(), style.width(180)]


def strategy_link() -> model.DynamicConfigValue:
    """The property of a column of strategies that links each name to the strategy's board."""
    url = links.strategy_url("${__value.raw:percentencode}")
    return model.DynamicConfigValue("links", [{"title": "Board of the strategy", "url": url}])


def reshaped(panel: table.Panel, names: Mapping[str, str], hidden: Sequence[str] = ()) -> table.Panel:
    """Name the columns (field → title) and put them in this order; hide the time of the query and the `hidden` fields."""
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


def sorted_by(panel: table.Panel, *titles: str, descending: bool = False) -> table.Panel:
    """Sort the rows by these columns, the first one first, until the reader chooses another order."""
    return panel.sort_by([common.TableSortByFieldState().display_name(title).desc(descending) for title in titles])


def refs(count: int) -> list[str]:
    """The first `count` query names A, B, C, ...: Grafana names the value column of a query after it.

    Raises:
        ValueError: `count` is larger than the alphabet.
    """
    if count > len(_LETTERS):
        raise ValueError(f"a table has at most {len(_LETTERS)} columns, not {count}: each query is named by a letter")
    return list(_LETTERS[:count])


def _add_trend(panel: table.Panel, trend: Trend) -> dict[str, str]:
    """Add the query, the points and the cells of the small charts; return their field → its title."""
    cell = model.DynamicConfigValue("custom.cellOptions", {"type": "sparkline", "hideValue": True, "lineWidth": 1})
    panel.with_target(lines(trend.expr, "", _TREND)).max_data_points(_TREND_POINTS)
    panel.override_by_name(trend.title, [cell])
    return {f"Trend #{_TREND}": trend.title}


def _transformed(panel: table.Panel, kind: str, of: str = "") -> table.Panel:
    """Transform the results of the queries; with `of` (a name or a regular expression), only of the queries that it matches."""
    chosen = model.MatcherConfig(id_val="byRefId", options=of) if of else None
    return panel.with_transformation(model.DataTransformerConfig(id_val=kind, filter_val=chosen, options={}))


def _properties(column: Column) -> list[model.DynamicConfigValue]:
    properties = style.unit(column.unit, column.decimals)
    if column.signed:
        properties += style.signed_text()
    return [*properties, *column.properties]
