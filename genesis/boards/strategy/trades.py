"""The round trips: their number, results and P&L."""

from __future__ import annotations

from typing import Any, Final

from grafana_foundation_sdk.builders import table, timeseries

from genesis.boards import queries, style, thresholds
from genesis.boards.panels import Caption, chart, legend_below
from genesis.boards.queries import THIS, series
from genesis.boards.tables import Column, grid, joined, sorted_by
from genesis.boards.targets import lines
from genesis.metrics import catalog

_NO_TRIPS: Final = "No round trip has closed yet, or the monitor was not scraped."
_RESULTS: Final = {"win": style.GAIN, "loss": style.LOSS, "even": style.QUIET, "unvalued": style.LINES[3]}


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        _by_window().height(6).span(24),
        _closed().height(7).span(8),
        _rates().height(7).span(8),
        _by_result().height(7).span(8),
    ]


def _by_window() -> table.Panel:
    caption = Caption(
        "Round trips by window",
        "Round trips, flat to flat, that closed in the window (all: since start). Expectancy, Mean win and Mean loss: mean "
        "net P&L of all trips, of winners and of losers, in the account's currency; Mean loss is a positive number. Held, "
        "Winners, Losers: mean event time from opening to closing. Profit factor: gross profit over gross loss; unknown "
        "without a loss.",
        _NO_TRIPS,
    )
    columns = [
        Column("Trips", queries.own(catalog.STRATEGY_WINDOW_TRADES, by="window"), style.COUNT, 0),
        Column("Win rate", queries.own(catalog.STRATEGY_WIN_RATE_RATIO, by="window"), style.RATIO, 1),
        Column(
            "Profit factor",
            queries.own(catalog.STRATEGY_PROFIT_FACTOR_RATIO, by="window"),
            style.COUNT,
            2,
            properties=[style.width(112)],
        ),
        Column(
            "Expectancy",
            queries.own(catalog.STRATEGY_EXPECTANCY, by="window"),
            style.COUNT,
            2,
            signed=True,
            properties=[style.width(104)],
        ),
        Column("Mean win", queries.own(catalog.STRATEGY_AVERAGE_WIN, by="window"), style.COUNT, 2),
        Column("Mean loss", queries.own(catalog.STRATEGY_AVERAGE_LOSS, by="window"), style.COUNT, 2),
        Column("Held", queries.own(catalog.STRATEGY_HOLDING_SECONDS, by="window"), style.SECONDS, 1),
        Column("Winners", queries.own(catalog.STRATEGY_WINNER_HOLDING_SECONDS, by="window"), style.SECONDS, 1),
        Column("Losers", queries.own(catalog.STRATEGY_LOSER_HOLDING_SECONDS, by="window"), style.SECONDS, 1),
    ]
    return sorted_by(joined(grid(caption), {"window": "Window"}, columns), "Trips")


def _closed() -> timeseries.Panel:
    caption = Caption(
        "Round trips closed",
        "Round trips that closed in the last five minutes, by result net of fees and funding.",
        _NO_TRIPS,
    )
    closed = f"round(sum by (result) (increase({series(catalog.STRATEGY_TRADES, THIS)}[5m])))"
    panel = legend_below(chart(caption, style.COUNT, 0)).min(0).with_target(lines(closed, "{{result}}"))
    for result, colour in _RESULTS.items():
        panel.override_by_name(result, [style.fixed(colour)])
    return panel


def _rates() -> timeseries.Panel:
    caption = Caption(
        "Win rate by window",
        "Winning round trips over all that closed in the window. Dashed: where WinRateLow starts for this strategy; "
        "alerts.yaml sets its window and its minimum number of trips.",
        _NO_TRIPS,
    )
    panel = legend_below(chart(caption, style.RATIO, 0)).min(0).max(1)
    panel.with_target(lines(queries.own(catalog.STRATEGY_WIN_RATE_RATIO, by="window"), "{{window}}"))
    return thresholds.of_this(panel, "WinRateLow", "BC")


def _by_result() -> table.Panel:
    caption = Caption(
        "Results and streaks",
        "Round trips since start by result; the current streak of that result, and the longest. An unvalued trip has a fee "
        "that could not be converted.",
        _NO_TRIPS,
    )
    columns = [
        Column("Trips", f"sum by (result) ({series(catalog.STRATEGY_TRADES, THIS)})", style.COUNT, 0),
        Column("In a row", queries.own(catalog.STRATEGY_STREAK, by="result"), style.COUNT, 0),
        Column("Longest", queries.own(catalog.STRATEGY_LONGEST_STREAK, by="result"), style.COUNT, 0),
    ]
    return sorted_by(joined(grid(caption), {"result": "Result"}, columns), "Trips", descending=True)
