"""Round trips over windows and streaks, read off the list of all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.execution import worth

if TYPE_CHECKING:
    from tests.oracle.books import Oracle

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Trip(NamedTuple):
    symbol: str
    opened: datetime
    closed: datetime
    pnl: Fraction | None
    """In the currency of the symbol."""


def trips(oracle: Oracle, strategy: str) -> list[Trip]:
    """All of a strategy, by the time of closing; those of the same time by the symbol's name."""
    found = [
        Trip(symbol, *span, pnl)
        for symbol in oracle.symbols(strategy)
        for holding in [oracle.holding(strategy, symbol)]
        for span, pnl in zip(holding.spans, holding.trips, strict=True)
    ]
    return sorted(found, key=lambda trip: (trip.closed, trip.symbol))


def figures(oracle: Oracle, strategy: str, window: str) -> dict[str, Fraction | None]:
    """The figures of a window."""
    span = None if window == "all" else int(window[:-1]) * UNITS[window[-1]]
    found = [trip for trip in trips(oracle, strategy) if span is None or trip.closed > (oracle.now or trip.closed) - span]
    wins, losses = _with(found, lambda pnl: pnl > 0), _with(found, lambda pnl: pnl < 0)
    valued = _with(found, lambda pnl: True)
    won, lost = _sum(oracle, wins), _sum(oracle, losses)
    everything = _sum(oracle, valued) if won is not None and lost is not None else None
    return {
        "win_rate": _over(Fraction(len(wins)), len(valued)),
        "profit_factor": won / -lost if won is not None and lost else None,
        "expectancy": _over(everything, len(valued)),
        "average_win": _over(won, len(wins)),
        "average_loss": _over(None if lost is None else -lost, len(losses)),
        "holding_seconds": _held(found),
        "winner_holding_seconds": _held(wins),
        "loser_holding_seconds": _held(losses),
    }


def streaks(oracle: Oracle, strategy: str) -> tuple[int, int, int, int]:
    """Wins and losses in a row now, and at most."""
    signs = [0 if not trip.pnl else 1 if trip.pnl > 0 else -1 for trip in trips(oracle, strategy)]
    runs = [(sign, len(list(run))) for sign, run in groupby(signs)]
    last_sign, last = runs[-1] if runs else (0, 0)
    longest = {sign: max((length for other, length in runs if other == sign), default=0) for sign in (1, -1)}
    return last if last_sign == 1 else 0, last if last_sign == -1 else 0, longest[1], longest[-1]


def _with(found: Sequence[Trip], wanted: Callable[[Fraction], bool]) -> list[Trip]:
    return [trip for trip in found if trip.pnl is not None and wanted(trip.pnl)]


def _sum(oracle: Oracle, found: Sequence[Trip]) -> Fraction | None:
    return worth(oracle, ((trip.symbol, None, trip.pnl) for trip in found if trip.pnl is not None))


def _over(amount: Fraction | None, number: int) -> Fraction | None:
    return amount / number if number and amount is not None else None


def _held(found: Sequence[Trip]) -> Fraction | None:
    microseconds = sum(max(0, (trip.closed - trip.opened) // timedelta(microseconds=1)) for trip in found)
    return _over(Fraction(microseconds, 10**6), len(found))
