"""The strategy's open positions and exposure."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import table, timeseries

from genesis.boards import queries, style
from genesis.boards.panels import UNDEFINED, Caption, chart, signed, stacked
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.metrics import catalog


def panels(currency: str) -> list[Any]:
    """The panels of the section."""
    return [
        _open().height(7).span(8),
        _exposure(currency).height(7).span(16),
    ]


def _open() -> table.Panel:
    caption = Caption(
        "Open positions",
        "Open positions by symbol: quantity in units of the symbol, and value at the mark in the account's currency. Short is "
        "negative.",
        "The strategy is not known.",
    )
    quantity = f"{queries.own(catalog.STRATEGY_POSITION_QUANTITY, by='symbol')} != 0"
    value = f"{queries.own(catalog.STRATEGY_POSITION_VALUE, by='symbol')} != 0"
    flat = f'label_replace(0 * {queries.own(catalog.STRATEGY_CAPITAL)}, "symbol", "none: flat", "", "")'
    none = f"({flat} unless on () ({quantity}))"
    columns = [
        Column("Quantity", f"{quantity} or {none}", style.COUNT, signed=True),
        Column("Value", f"{value} or {none}", style.COUNT, 2, signed=True),
    ]
    return sorted_by(joined(grid(caption), {"symbol": "Symbol"}, columns), "Symbol")


def _exposure(currency: str) -> timeseries.Panel:
    caption = Caption(
        "Exposure",
        "Value of the open positions at the mark: long above zero, short below. Line: the net of both. Dashed: plus and minus "
        "the equity; exposure beyond them is leveraged.",
        UNDEFINED,
    )
    panel = stacked(signed(chart(caption, style.money(currency), 2)))
    exposure = catalog.STRATEGY_EXPOSURE
    long, short = (queries.own(exposure, f'side="{side}"') for side in ("long", "short"))
    equity = queries.own(catalog.STRATEGY_EQUITY)
    shown = {"long": long, "short": f"-{short}", "net": f"{long} - {short}", "equity": equity, "- equity": f"-{equity}"}
    for ref, (name, expr) in zip("ABCDE", shown.items(), strict=True):
        panel.with_target(lines(expr, name, ref))
    panel.override_by_name("long", [style.fixed(style.GAIN)]).override_by_name("short", [style.fixed(style.LOSS)])
    panel.override_by_name("net", style.unstacked("text"))
    return panel.override_by_name("equity", style.dashed(style.QUIET)).override_by_name("- equity", style.dashed(style.QUIET))
