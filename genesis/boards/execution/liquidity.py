"""How often strategies trade, and whether they take or provide liquidity."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from grafana_foundation_sdk.builders import stat, timeseries

from genesis.boards import queries, style
from genesis.boards.execution.fills import COLUMNS, counted, most, sampled
from genesis.boards.frame import BoardSettings
from genesis.boards.panels import Caption, big_number, chart, legend_below, stacked
from genesis.boards.targets import lines, now
from genesis.metrics import catalog

_WINDOW: Final = sampled(timedelta(minutes=5))
_KINDS = ("taker", "maker", "unknown")
_RATE = "suffix:/min"
_NO_FILLS = "No selected strategy had a fill in this time, or the monitor was not scraped."


def rate() -> stat.Panel:
    """How often the selected strategies trade."""
    caption = Caption(
        "Fills", "Fills per minute of the selected strategies, over the last five minutes.", "No fills or scrape."
    )
    expr = f"sum({counted(catalog.STRATEGY_FILLS, window=_WINDOW)}) / 5"
    return big_number(caption, now(expr, "Fills"), _RATE, 1)


def by_liquidity() -> timeseries.Panel:
    """Fills by whether they took or provided liquidity."""
    caption = Caption(
        "Fills by liquidity",
        "Fills per minute of the selected strategies over the last five minutes, stacked by whether they took liquidity "
        "(taker) or provided it (maker). Unknown: the fill does not say.",
        _NO_FILLS,
    )
    expr = f"sum by (liquidity) ({counted(catalog.STRATEGY_FILLS, window=_WINDOW)}) / 5"
    panel = legend_below(stacked(chart(caption, _RATE, 1))).max_data_points(COLUMNS).min(0)
    return style.own_colours(panel.with_target(lines(expr, "{{liquidity}}")), _KINDS)


def by_strategy(settings: BoardSettings) -> timeseries.Panel:
    """How often each strategy trades."""
    caption = Caption(
        "Fills by strategy",
        "Fills per minute, over the last five minutes. If there are more strategies than lines on the board, those with the "
        "most fills since start.",
        _NO_FILLS,
    )
    expr = f"sum by (strategy) ({counted(catalog.STRATEGY_FILLS, window=_WINDOW)}) / 5"
    whole = queries.at_end(lambda at: f"sum by (strategy) ({counted(catalog.STRATEGY_FILLS, at=at)})")
    panel = chart(caption, _RATE, 1).max_data_points(COLUMNS).min(0)
    return style.own_colours(panel.with_target(lines(most(expr, whole), "{{strategy}}")), settings.strategies)
