"""Tables: rows that one query tells, or columns that are joined on a label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from genesis.boards import places, style
from genesis.boards.panels import Caption
from genesis.boards.targets import SOURCE, lines, rows

NOTHING: Final = "–"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_TREND: Final = "Trend"
# A trend is to have 60 points at most: its cell is a hundred pixels wide, and there may be fifty of them. Grafana rounds the
# step to one that reads well, down to half of what this number alone would give, and both ends of the range have a point.
# The setting is the whole panel's, but only the trend is asked over time.
_TREND_POINTS: Final = 29


class Column(NamedTuple):
    """A column of a joined table: one query, whose value it shows per row."""

    title: str
    expr: str
    unit: str
    decimals: int | None = None
    signed: bool = False  # gains blue, losses orange
    properties: Sequence[model.DynamicConfigValue] = ()  # what else there is to it: width, colours, words
    labels: Mapping[str, str] = MappingProxyType({})  # label → title of columns behind it, of labels that only this query has


class Trend(NamedTuple):
    """A column of small charts over the board's time range, one per row."""

    title: str
    expr: str


def grid(caption: Caption) -> table.Panel:
    """A table without content. An empty cell has a dash; the reason in the caption is for a table without rows."""
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
        .override_by_regexp("/.*/", [model.DynamicConfigValue("noValue", NOTHING)])
    )


def joined(panel: table.Panel, keys: Mapping[str, str], columns: Sequence[Column], trend: Trend | None = None) -> table.Panel:
    """Fill a table with one row per value of the labels `keys` (label → title), one query a column.

    A missing figure leaves its cell empty. Each expression must be aggregated by the keys alone, and by the labels of its own
    column: rows are joined on all the labels that are left. The trend, if there is one, stands before the columns.
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
    # The columns first: one of which nothing is known has no rows and no name in it, and Grafana would take it for a trend.
    _transformed(panel, "merge", of="/^[A-Z]$/")
    _transformed(panel, "timeSeriesTable", of=_TREND)
    return reshaped(_transformed(panel, "merge"), names)


def per_strategy(caption: Caption, columns: Sequence[Column], trend: Trend | None = None) -> table.Panel:
    """A table with one row a strategy, whose name leads to its board."""
    panel = joined(grid(caption), {"strategy": "Strategy"}, columns, trend)
    return panel.override_by_name("Strategy", strategy_column())


def strategy_column() -> list[model.DynamicConfigValue]:
    """The properties of a column of strategies: as wide as in each other table, each name leads to its board."""
    return [strategy_link(), style.width(180)]


def strategy_link() -> model.DynamicConfigValue:
    """The property of a column of strategies: each name leads to the strategy's own board."""
    url = places.strategy_address("${__value.raw:percentencode}")
    return model.DynamicConfigValue("links", [{"title": "Its board", "url": url}])


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


def sorted_by(panel: table.Panel, *titles: str, descending: bool = False) -> table.Panel:
    """Order the rows by columns, the first one first, as long as the reader does not choose another one."""
    return panel.sort_by([common.TableSortByFieldState().display_name(title).desc(descending) for title in titles])


def refs(count: int) -> list[str]:
    """Query names A, B, C, ...: Grafana names a query's value column after it.

    Raises:
        ValueError: there are not enough letters.
    """
    if count > len(_LETTERS):
        raise ValueError(f"a table of {count} columns: at most {len(_LETTERS)} queries can be named")
    return list(_LETTERS[:count])


def _add_trend(panel: table.Panel, trend: Trend) -> dict[str, str]:
    """Query, points and cell of the small charts; returns the name of their field → its title."""
    cell = model.DynamicConfigValue("custom.cellOptions", {"type": "sparkline", "hideValue": True, "lineWidth": 1})
    panel.with_target(lines(trend.expr, "", _TREND)).max_data_points(_TREND_POINTS)
    panel.override_by_name(trend.title, [cell])
    return {f"Trend #{_TREND}": trend.title}


def _transformed(panel: table.Panel, kind: str, of: str = "") -> table.Panel:
    """Transform what the queries told; with `of`, that of the query of this name, or of those that fulfil the expression."""
    chosen = model.MatcherConfig(id_val="byRefId", options=of) if of else None
    return panel.with_transformation(model.DataTransformerConfig(id_val=kind, filter_val=chosen, options={}))


def _properties(column: Column) -> list[model.DynamicConfigValue]:
    properties = style.unit(column.unit, column.decimals)
    if column.signed:
        properties += style.signed_text()
    return [*properties, *column.properties]
