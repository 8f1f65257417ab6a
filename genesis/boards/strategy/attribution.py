"""Where the P&L comes from. Every split shows the parts, their sum, and the net P&L, which must be equal."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders import table, timeseries

from genesis.boards import queries, style
from genesis.boards.panels import UNDEFINED, Caption, chart, legend_below, signed, stacked
from genesis.boards.queries import THIS, series
from genesis.boards.tables import Column, grid, joined, reshaped, sorted_by
from genesis.boards.targets import lines, rows
from genesis.metrics import catalog

# "=" sorts before all names, so these rows stay visible when the table scrolls.
NET: Final = "= Net"
SUM: Final = "= Sum"
RESIDUAL: Final = "= Residual"
_KINDS: Final = {"realized": style.LINES[0], "unrealized": style.LINES[2], "fees": style.LINES[1], "funding": style.LINES[3]}
_PERIODS: Final = (("Today", "day"), ("Week", "week"), ("Month", "month"))


def by_kind(currency: str) -> timeseries.Panel:
    """P&L by kind over time, and the net."""
    caption = Caption(
        "P&L by kind",
        "P&L since start: realised, unrealised, fees (below zero: paid) and funding, stacked on both sides of zero. Line: the "
        "net P&L, the sum of all four.",
        UNDEFINED,
    )
    panel = (
        stacked(signed(legend_below(chart(caption, style.money(currency), 2))))
        .axis_centered_zero(False)
        .axis_soft_min(0)
        .axis_soft_max(0)
        .with_target(lines(queries.own(catalog.STRATEGY_PNL, by="kind"), "{{kind}}"))
        .with_target(lines(queries.own(catalog.STRATEGY_NET_PNL), "net", "B"))
        .override_by_name("net", style.unstacked("text"))
    )
    for kind, colour in _KINDS.items():
        panel.override_by_name(kind, [style.fixed(colour)])
    return panel


def by_symbol() -> table.Panel:
    """One row for each symbol, one column for each period."""
    return _by_part("symbol", "Symbol", "No fill has been booked yet, or the monitor was not scraped.")


def by_component() -> table.Panel:
    """One row for each component, one column for each period."""
    return _by_part("component", "Component", "No fill has been booked yet, or the monitor was not scraped.")


def by_cause() -> table.Panel:
    """One row for each cause, since start."""
    caption = Caption(
        "P&L by cause",
        "Net P&L since start in the account's currency, by cause: market (the positions' exposure to the benchmark's moves), "
        "selection (the choice and timing of the positions), slippage, fees and funding; costs are below zero. Residual: the "
        "booked net P&L minus the sum of all parts; if it is not exactly 0, AttributionResidual fires.",
        UNDEFINED,
    )
    sums = {
        NET: queries.own(catalog.STRATEGY_NET_PNL),
        SUM: f"sum({queries.own(catalog.STRATEGY_CAUSE_PNL, by='cause')})",
        RESIDUAL: queries.own(catalog.STRATEGY_ATTRIBUTION_RESIDUAL),
    }
    expr = _with_sums("cause", queries.own(catalog.STRATEGY_CAUSE_PNL, by="cause"), sums)
    panel = (
        grid(caption)
        .with_target(rows(expr))
        .override_by_name("Since start", [*style.unit(style.COUNT, 2), *style.signed_text()])
    )
    return sorted_by(reshaped(panel, {"cause": "Cause", "Value": "Since start"}), "Cause")


def _by_part(label: str, title: str, empty: str) -> table.Panel:
    caption = Caption(
        f"P&L by {label}",
        "Net P&L in the account's currency since start (All) and since the day, week or month began, one row for each "
        f"{label}. The first rows are the net P&L and the sum of all {label} rows: they are equal.",
        empty,
    )
    whole = _column(label, "All", _since_start(label), queries.own(catalog.STRATEGY_NET_PNL))
    periods = [
        _column(label, name, _of_period(label, period), queries.own(catalog.STRATEGY_PERIOD_PNL, f'period="{period}"'))
        for name, period in _PERIODS
    ]
    panel = (
        joined(grid(caption), {label: title}, [whole, *periods])
        .override_by_name(title, [style.width(8 * len(title) + 48)])
        .min_width(56)
    )
    return sorted_by(panel, title)


def _column(label: str, title: str, parts: str, net: str) -> Column:
    sums = {NET: net, SUM: f"sum({parts})"}
    return Column(title, _with_sums(label, parts, sums), style.COUNT, 2, signed=True)


def _since_start(label: str) -> str:
    return f"sum by ({label}) ({series(catalog.STRATEGY_ATTRIBUTION, THIS)})"


def _of_period(label: str, period: str) -> str:
    matcher = f'period="{period}"'
    return f"sum by ({label}) ({series(catalog.STRATEGY_PERIOD_ATTRIBUTION, THIS, matcher)})"


def _with_sums(label: str, parts: str, sums: dict[str, str]) -> str:
    """The parts by the label, and each sum as one more row."""
    named = [f'label_replace({expr}, "{label}", "{name}", "", "")' for name, expr in sums.items()]
    return " or ".join([parts, *named])
