"""How much is traded, and how much of it gives liquidity."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat, timeseries

from genesis.boards import queries, style
from genesis.boards.execution.fills import COLUMNS, WINDOW, counted, most
from genesis.boards.execution.slippage import MAKER
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, big_number, chart, legend_below, stacked
from genesis.boards.targets import lines, now
from genesis.monitoring import catalog

_KINDS = ("taker", "maker", "unknown")
_NO_FILLS = "No picked strategy had a fill in this time."


def stats() -> list[stat.Panel]:
    """How often, and how."""
    often = Caption(
        "Fills a minute",
        "Fills of the picked strategies a minute, over the last five minutes.",
        "No fills yet.",
    )
    made = Caption(
        "Maker",
        "Share of the fills of the last five minutes that gave liquidity.",
        "No fills lately.",
    )
    fills = f"sum({counted(catalog.STRATEGY_FILLS, window=WINDOW)})"
    makers = f"sum({counted(catalog.STRATEGY_FILLS, MAKER, window=WINDOW)})"
    return [
        big_number(often, now(f"{fills} / 5", "Fills a minute"), style.COUNT, 1),
        big_number(made, now(f"({makers} or 0 * {fills}) / ({fills} > 0)", "Maker"), style.RATIO, 0),
    ]


def by_liquidity() -> timeseries.Panel:
    """Fills that took and fills that gave."""
    caption = Caption(
        "Fills by liquidity",
        "Fills of the picked strategies a minute, over the last five minutes, by whether they took liquidity or gave it, on "
        "top of each other; unknown: the fill does not say.",
        _NO_FILLS,
    )
    told = f"sum by (liquidity) ({counted(catalog.STRATEGY_FILLS, window=WINDOW)}) / 5"
    panel = legend_below(stacked(chart(caption, style.COUNT, 1))).max_data_points(COLUMNS).min(0)
    return style.own_colours(panel.with_target(lines(told, "{{liquidity}}")), _KINDS)


def by_strategy(settings: BoardSettings) -> timeseries.Panel:
    """Who trades how often."""
    caption = Caption(
        "Fills by strategy",
        "Fills a minute, over the last five minutes. Of more strategies than the board's number of lines, those with the most "
        "fills since start.",
        _NO_FILLS,
    )
    told = f"sum by (strategy) ({counted(catalog.STRATEGY_FILLS, window=WINDOW)}) / 5"
    whole = f"sum by (strategy) ({counted(catalog.STRATEGY_FILLS, at=queries.AT_END)})"
    panel = chart(caption, style.COUNT, 1).max_data_points(COLUMNS).min(0)
    return style.own_colours(panel.with_target(lines(most(told, whole), "{{strategy}}")), settings.strategies)
