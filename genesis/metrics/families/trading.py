"""Positions, fills and round trips of each strategy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.core.money import ZERO
from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot, every_strategy, named_strategies
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.ledger.holding import Turnover
    from genesis.ledger.trips import Streaks, TripCounts
    from genesis.snapshot import HoldingSnapshot, StrategySnapshot, TripFigures


# Positions.


def _own_holdings(folded: FoldedSnapshot) -> Iterator[tuple[Labels, HoldingSnapshot]]:
    """Units of several symbols do not add up."""
    for labels, strategy in named_strategies(folded):
        for holding in strategy.holdings:
            if folded.known_symbol(holding.symbol):
                yield (*labels, holding.symbol), holding


def _holdings(folded: FoldedSnapshot) -> Iterator[tuple[Labels, HoldingSnapshot]]:
    for labels, strategy in every_strategy(folded):
        for holding in strategy.holdings:
            yield (*labels, folded.symbol(holding.symbol)), holding


def _sides(strategy: StrategySnapshot) -> Iterator[tuple[Labels, Number]]:
    """No row if the value of a position is unknown."""
    values = [holding.value for holding in strategy.holdings if holding.value is not None]
    if len(values) == len(strategy.holdings):
        yield ("long",), sum((value for value in values if value > 0), ZERO)
        yield ("short",), -sum((value for value in values if value < 0), ZERO)


STRATEGY_POSITION_QUANTITY = Rows(Group.POSITIONS, "strategy symbol", _own_holdings).gauge(
    "strategy_position_quantity",
    Unit.QUANTITY,
    "Open position in units of the symbol; short is negative.",
    lambda holding: holding.quantity,
)
STRATEGY_POSITION_VALUE = Rows(Group.POSITIONS, "strategy symbol", _holdings).gauge(
    "strategy_position_value",
    Unit.MONEY,
    "Open position at the mark; short is negative.",
    lambda holding: holding.value,
)
STRATEGY_EXPOSURE = (
    Rows(Group.POSITIONS, "strategy", every_strategy)
    .by("side", _sides)
    .gauge(
        "strategy_exposure",
        Unit.MONEY,
        "Value of the open positions by side (long, short), both as positive numbers.",
        itself,
    )
)


# Fills, and the round trips that they made.


def _turnovers(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Turnover]]:
    for (name,), strategy in every_strategy(folded):
        for holding in strategy.holdings:
            symbol = folded.symbol(holding.symbol)
            for (side, liquidity), turnover in holding.turnover.items():
                yield (name, symbol, side._value_, liquidity._value_), turnover  # `.value` is a slow property


def _results(counts: TripCounts) -> Iterator[tuple[Labels, Number]]:
    yield ("win",), counts.wins
    yield ("loss",), counts.losses
    yield ("even",), counts.evens
    yield ("unvalued",), counts.unvalued


_TURNOVER = Rows(Group.TRADES, "strategy symbol side liquidity", _turnovers)
_STRATEGY = Rows(Group.TRADES, "strategy", every_strategy)

STRATEGY_FILLS = _TURNOVER.counter("strategy_fills_total", Unit.COUNT, "Fills booked.", lambda turnover: turnover.fills)
STRATEGY_VOIDED_FILLS = _STRATEGY.counter(
    "strategy_voided_fills_total",
    Unit.COUNT,
    "Fills booked that were voided later; they are in the other counters, too.",
    lambda strategy: strategy.voided_fills,
)
STRATEGY_VOLUME = _TURNOVER.counter(
    "strategy_volume_total",
    Unit.QUOTE_MONEY,
    "Traded value of the fills booked, in the currency that the symbol is quoted in.",
    lambda turnover: turnover.value,
)
STRATEGY_TRADES = _STRATEGY.by("result", lambda strategy: _results(strategy.trades.counted)).counter(
    "strategy_trades_total",
    Unit.COUNT,
    "Round trips, flat to flat, net of fees and funding, by result: win, loss, even, or unvalued (a fee without a rate).",
    itself,
)


# Round trips over windows, and in a row. They do not add up.


def _windows(strategy: StrategySnapshot) -> Iterator[tuple[Labels, TripFigures]]:
    for window, figures in strategy.trades.windows.items():
        if figures is not None:
            yield (window,), figures


def _now(streaks: Streaks) -> Iterator[tuple[Labels, Number]]:
    yield ("win",), streaks.wins
    yield ("loss",), streaks.losses


def _longest(streaks: Streaks) -> Iterator[tuple[Labels, Number]]:
    yield ("win",), streaks.longest_wins
    yield ("loss",), streaks.longest_losses


_OWN = Rows(Group.ROUND_TRIPS, "strategy", named_strategies)
_WINDOW = _OWN.by("window", _windows)

STRATEGY_WINDOW_TRADES = _WINDOW.gauge(
    "strategy_window_trades",
    Unit.COUNT,
    "Valued round trips that closed in the window: those behind its figures.",
    lambda figures: figures.wins + figures.losses + figures.evens,
)
STRATEGY_WIN_RATE_RATIO = _WINDOW.gauge(
    "strategy_win_rate_ratio",
    Unit.RATIO,
    "Winning round trips over all round trips that closed in the window (all: since the start).",
    lambda figures: figures.win_rate,
)
STRATEGY_PROFIT_FACTOR_RATIO = _WINDOW.gauge(
    "strategy_profit_factor_ratio",
    Unit.RATIO,
    "Gross profit over gross loss of the round trips.",
    lambda figures: figures.profit_factor,
)
STRATEGY_EXPECTANCY = _WINDOW.gauge(
    "strategy_expectancy", Unit.MONEY, "Mean net P&L of a round trip.", lambda figures: figures.expectancy
)
STRATEGY_AVERAGE_WIN = _WINDOW.gauge(
    "strategy_average_win", Unit.MONEY, "Mean profit of the winning round trips.", lambda figures: figures.average_win
)
STRATEGY_AVERAGE_LOSS = _WINDOW.gauge(
    "strategy_average_loss",
    Unit.MONEY,
    "Mean loss of the losing round trips, as a positive number.",
    lambda figures: figures.average_loss,
)
STRATEGY_HOLDING_SECONDS = _WINDOW.gauge(
    "strategy_holding_seconds",
    Unit.SECONDS,
    "Mean event time from the opening to the closing of a round trip.",
    lambda figures: figures.holding_seconds,
)
STRATEGY_WINNER_HOLDING_SECONDS = _WINDOW.gauge(
    "strategy_winner_holding_seconds",
    Unit.SECONDS,
    "Mean holding time of the winning round trips.",
    lambda figures: figures.winner_holding_seconds,
)
STRATEGY_LOSER_HOLDING_SECONDS = _WINDOW.gauge(
    "strategy_loser_holding_seconds",
    Unit.SECONDS,
    "Mean holding time of the losing round trips.",
    lambda figures: figures.loser_holding_seconds,
)
STRATEGY_STREAK = _OWN.by("result", lambda strategy: _now(strategy.trades.streaks)).gauge(
    "strategy_streak", Unit.COUNT, "Round trips in a row up to the last one that were all a win, or all a loss.", itself
)
STRATEGY_LONGEST_STREAK = _OWN.by("result", lambda strategy: _longest(strategy.trades.streaks)).gauge(
    "strategy_longest_streak", Unit.COUNT, "The most round trips in a row that were all a win, or all a loss.", itself
)
