"""Round trips → their part of the snapshot: figures over windows, streaks, and the reasons for what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from genesis.analytics.metrics import TradeFigures, trade_figures
from genesis.ledger.book import Book, Rates
from genesis.ledger.currency import NO_CONVERSION
from genesis.ledger.trips import TripCounts, TripLog
from genesis.monitoring.return_figures import ALL
from genesis.snapshot import TradesSnapshot, TripFigures

TOO_MANY_TRIPS = "too_many_trips"
NO_ROUND_TRIPS = "no_round_trips"
_FIGURES: Mapping[str, Callable[[TradeFigures], float | None]] = {
    "win_rate": TradeFigures.win_rate,
    "expectancy": TradeFigures.expectancy,
    "profit_factor": TradeFigures.profit_factor,
    "average_win": TradeFigures.average_win,
    "average_loss": TradeFigures.average_loss,
    "holding_seconds": TradeFigures.holding_seconds,
    "winner_holding_seconds": TradeFigures.winner_holding_seconds,
    "loser_holding_seconds": TradeFigures.loser_holding_seconds,
}
_OF_WINS = {"average_win", "winner_holding_seconds"}
_OF_LOSSES = {"profit_factor", "average_loss", "loser_holding_seconds"}


class Trades(NamedTuple):
    """A strategy's round trips for the snapshot."""

    snapshot: TradesSnapshot
    undefined: Mapping[str, str]


def trades(book: Book, log: TripLog, rates: Rates, now: datetime | None) -> Trades:
    """The round trips of `book` valued at `rates`; `log` has the last ones, and `now` is the latest event time."""
    holdings = book.holdings
    whole = trade_figures(((holding.currency, holding.trips) for holding in holdings.values()), rates)
    figures: dict[str, TradeFigures | None] = {}
    for window in log.windows:
        by_symbol = log.tallies(window, now) if now is not None else {}
        known = None if by_symbol is None else ((holdings[symbol].currency, trips) for symbol, trips in by_symbol.items())
        figures[window] = None if known is None else trade_figures(known, rates)
    figures[ALL] = whole
    counted = whole.counts
    for holding in holdings.values():
        counted = counted.plus(holding.voided.trips)
    return Trades(_snapshot(whole, counted, log, figures), _undefined(figures))


def _snapshot(
    whole: TradeFigures, counted: TripCounts, log: TripLog, figures: Mapping[str, TradeFigures | None]
) -> TradesSnapshot:
    return TradesSnapshot(
        **whole.counts._asdict(),
        gross_profit=whole.gross_profit,
        gross_loss=whole.gross_loss,
        counted=counted,
        win_rate=whole.win_rate(),
        profit_factor=whole.profit_factor(),
        expectancy=whole.expectancy(),
        streaks=msgspec.structs.replace(log.streaks),
        windows={window: _figures(trips) if trips is not None else None for window, trips in figures.items()},
    )


def _figures(figures: TradeFigures) -> TripFigures:
    return TripFigures(
        **figures.counts._asdict(),
        win_rate=figures.win_rate(),
        profit_factor=figures.profit_factor(),
        expectancy=figures.expectancy(),
        average_win=figures.average_win(),
        average_loss=figures.average_loss(),
        holding_seconds=figures.holding_seconds(),
        winner_holding_seconds=figures.winner_holding_seconds(),
        loser_holding_seconds=figures.loser_holding_seconds(),
    )


def _undefined(figures: Mapping[str, TradeFigures | None]) -> dict[str, str]:
    """figure → reason if all windows share one, else figure_window → reason."""
    undefined: dict[str, str] = {}
    for figure in _FIGURES:
        reasons = {window: TOO_MANY_TRIPS if trips is None else _reason(figure, trips) for window, trips in figures.items()}
        if len(set(reasons.values())) == 1:
            reasons = {"": reasons[ALL]}
        undefined |= {f"{figure}_{window}".rstrip("_"): reason for window, reason in reasons.items() if reason is not None}
    return undefined


def _reason(figure: str, figures: TradeFigures) -> str | None:
    """Why a figure is not defined; None if it is."""
    if _FIGURES[figure](figures) is not None:
        return None
    if not figures.valued:
        return NO_CONVERSION if figures.counts.unvalued else NO_ROUND_TRIPS
    if figure in _OF_LOSSES and not figures.counts.losses:
        return "no_losses"
    if figure in _OF_WINS and not figures.counts.wins:
        return "no_wins"
    return NO_CONVERSION
