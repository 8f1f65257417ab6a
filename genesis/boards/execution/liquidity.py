"""How much is traded, and how much of it gives liquidity."""

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
_NO_FILLS = "No picked strategy had a fill in this time, or the monitor was not scraped."


def rate() -> stat.Panel:
    """How often the picked strategies trade."""
    caption = Caption("Fills", "Fills of the picked strategies a minute, over the last five minutes.", "No fills or scrape.")
    told = f"sum({counted(catalog.STRATEGY_FILLS, window=_WINDOW)}) / 5"
    return big_number(caption, now(told, "Fills"), _RATE, 1)


def by_liquidity() -> timeseries.Panel:
    """Fills that took and fills that gave."""
    caption = Caption(
        "Fills by liquidity",
        "Fills of the picked strategies a minute, over the last five minutes, by whether they took liquidity or gave it, on "
        "top of each other; unknown: the fill does not say.",
        _NO_FILLS,
    )
    told = f"sum by (liquidity) ({counted(catalog.STRATEGY_FILLS, window=_WINDOW)}) / 5"
    panel = legend_below(stacked(chart(caption, _RATE, 1))).max_data_points(COLUMNS).min(0)
    return style.own_colours(panel.with_target(lines(told, "{{liquidity}}")), _KINDS)


def by_strategy(settings: BoardSettings) -> timeseries.Panel:
    """Who trades how often."""
    caption = Caption(
        "Fills by strategy",
        "Fills a minute, over the last five minutes. Of more strategies than the board's number of lines, those with the most "
        "fills since start.",
        _NO_FILLS,
    )
    told = f"sum by (strategy) ({counted(catalog.STRATEGY_FILLS, window=_WINDOW)}) / 5"
    whole = queries.at_end(lambda at: f"sum by (strategy) ({counted(catalog.STRATEGY_FILLS, at=at)})")
    panel = chart(caption, _RATE, 1).max_data_points(COLUMNS).min(0)
    return style.own_colours(panel.with_target(lines(most(told, whole), "{{strategy}}")), settings.strategies)
