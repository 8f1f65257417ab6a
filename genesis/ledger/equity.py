"""Equity on a fixed grid of event time, and the returns from point to point.

Point k of a grid is the instant k × step after 1970-01-01T00:00Z. It is taken just before the first event at or after that
instant, so it includes only earlier events. A step without events has a point too, with the equity of the point before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from math import nan
from typing import NamedTuple

import msgspec

from genesis.core.money import ONE, ZERO, ratio
from genesis.ledger.book import Book, Rates
from genesis.ledger.mark import Mark

MOST_QUIET_STEPS = 60
"""After more steps than this without an event, the points between are left out: a market is not that quiet."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AccountLevel(NamedTuple):
    """An account's net P&L and equity at a point. Its return to the next point: the change of the net P&L over this equity."""

    net: Decimal
    equity: Decimal

    def change(self, net: Decimal) -> float:
        """The flow-adjusted simple return to a point with `net`; NaN where the equity was not above 0."""
        return ratio(net - self.net, self.equity) if self.equity > 0 else nan


class GridStep(NamedTuple):
    """One new point. Returns are ratios; NaN where undefined: unknown is not zero."""

    point: int
    skipped: int
    """Points left out before this one: the monitor was down or replayed events, or no events came for long."""
    portfolio: float
    """The account's return."""
    returns: dict[str, float]
    """Strategy → its return, of every strategy with a book."""
    contributions: dict[str, float]
    """Strategy → its P&L of the step over the account's equity at the point before; they add up to `portfolio`."""
    symbols: dict[str, float]
    """Symbol → the return of its mark, for every symbol that is or was held and for the benchmark."""
    exposures: dict[str, dict[str, float]]
    """Strategy → symbol → signed value of the position at the point before, in the reporting currency."""


class GridState(msgspec.Struct, frozen=True):
    """The state of a grid, to continue from after a restart."""

    step_seconds: float
    point: int
    levels: dict[str, AccountLevel]
    account: AccountLevel | None
    account_nets: dict[str, Decimal]
    prices: dict[str, Decimal]
    exposures: dict[str, dict[str, float]]


class Watched(NamedTuple):
    """The ledger's books, marks and sums, from which the grid takes a point."""

    books: Mapping[str, Book]
    marks: Mapping[str, Mark]
    rates: Rates
    net: Decimal | None
    """The account's net P&L; None while the value of a part is unknown."""
    equity: Decimal


class EquityGrid:
    """Takes a point of every account at each grid instant that event time passes, and calls `listener` with it.

    A return starts at the last point at which the account's value was known. The P&L made while it was unknown, or while the
    monitor was down, is in the first return after that. The caller sets the decimal context `EXACT`, as for the books.
    """

    def __init__(
        self, step: timedelta, benchmark: str | None = None, listener: Callable[[GridStep], None] | None = None
    ) -> None:
        self.step = step
        self.listener = listener
        self.next_time: datetime | None = None
        """The event time at which the next point is due; None while the grid is off."""
        self._benchmark = benchmark
        self._point: int | None = None
        self._unwatched = False
        self._levels: dict[str, AccountLevel] = {}
        self._account: AccountLevel | None = None
        self._account_nets: dict[str, Decimal] = {}
        """Net P&L of each strategy at the account's last known point."""
        self._prices: dict[str, Decimal] = {}
        self._exposures: dict[str, dict[str, float]] = {}

    def time_of(self, point: int) -> datetime:
        return _EPOCH + point * self.step

    def start(self, time: datetime | None) -> None:
        """Switch on at `time`, the latest event time (None: no event yet). Points missed while it was off are left out."""
        if self._point is not None:
            self._unwatched, self.next_time = True, self.time_of(self._point + 1)
        elif time is not None:
            self._unwatched, self.next_time = True, self.time_of(self._point_at(time) + 1)
        else:
            self.next_time = _EPOCH

    def reach(self, time: datetime, watched: Watched) -> None:
        """Take the points due up to `time`. Call it at the first event after `start`, and when `next_time` is reached."""
        newest = self._point_at(time)
        # At the very first event there is nothing before it.
        if self.next_time is not None and self.next_time != _EPOCH:
            for point, skipped, known in self._due(self._point_at(self.next_time), newest):
                self._take(point, skipped=skipped, watched=watched, known=known)
        self._unwatched = False
        self.next_time = self.time_of(newest + 1)

    def _due(self, first: int, newest: int) -> Iterator[tuple[int, int, bool]]:
        """The points to take from `first` to `newest`: (point, points left out before it, whether values are known)."""
        left_out = newest - first
        if self._unwatched and left_out > 0:
            yield newest, left_out, False
        elif left_out > MOST_QUIET_STEPS:
            yield first, 0, True
            yield newest, left_out - 1, False
        else:
            for point in range(first, newest + 1):
                yield point, 0, True

    def _point_at(self, time: datetime) -> int:
        """The last point at or before `time`."""
        return (time - _EPOCH) // self.step

    def _take(self, point: int, *, skipped: int, watched: Watched, known: bool) -> None:
        """Take one point. If it is not `known`, it has no returns, and the next return starts at the point before it."""
        contributions = self._contributions(watched, known=known)  # needs the level that `_portfolio` replaces
        step = GridStep(
            point=point,
            skipped=skipped,
            contributions=contributions,
            portfolio=self._portfolio(watched.net if known else None, watched),
            returns={name: self._return(name, book, known=known) for name, book in watched.books.items()},
            symbols=self._symbols(watched.marks, known=known),
            exposures=self._exposures,
        )
        self._point = point
        self._exposures = _exposures(watched, self._prices)
        if self.listener is not None:
            self.listener(step)

    def _return(self, name: str, book: Book, *, known: bool) -> float:
        net = book.net_pnl if known else None
        if net is None:
            return nan
        before, self._levels[name] = self._levels.get(name), AccountLevel(net, book.equity)
        return before.change(net) if before is not None else nan

    def _contributions(self, watched: Watched, *, known: bool) -> dict[str, float]:
        """Each strategy's share of the account's return; call it before `_portfolio` replaces the account's level."""
        before = self._account
        if not known or watched.net is None or before is None or before.equity <= 0:
            found = dict.fromkeys(watched.books, nan)
        else:
            nets = self._account_nets
            found = {
                name: ratio(book.equity - book.capital - nets.get(name, ZERO), before.equity)
                for name, book in watched.books.items()
            }
        if known and watched.net is not None:
            self._account_nets = {name: book.equity - book.capital for name, book in watched.books.items()}
        return found

    def _portfolio(self, net: Decimal | None, watched: Watched) -> float:
        if net is None:
            return nan
        before, self._account = self._account, AccountLevel(net, watched.equity)
        return before.change(net) if before is not None else nan

    def _symbols(self, marks: Mapping[str, Mark], *, known: bool) -> dict[str, float]:
        found: dict[str, float] = {}
        for symbol, mark in marks.items():
            before = self._prices.get(symbol)
            if before is None and not mark.holders and symbol != self._benchmark:
                continue
            if mark.price is None or not known:
                found[symbol] = nan
                continue
            self._prices[symbol] = mark.price
            found[symbol] = ratio(mark.price - before, before) if before is not None else nan
        return found

    def state(self) -> GridState | None:
        """The grid's state; None before its first point."""
        if self._point is None:
            return None
        return GridState(
            step_seconds=self.step.total_seconds(),
            point=self._point,
            levels=self._levels,
            account=self._account,
            account_nets=self._account_nets,
            prices=self._prices,
            exposures=self._exposures,
        )

    def restore(self, state: GridState | None) -> bool:
        """Load a state into a new grid that is off; False, and nothing is loaded, if `state` is None or has another step."""
        if state is None or state.step_seconds != self.step.total_seconds():
            return False
        self._point = state.point
        self._levels, self._account, self._account_nets = state.levels, state.account, state.account_nets
        self._prices, self._exposures = state.prices, state.exposures
        return True


def _exposures(watched: Watched, tracked: Mapping[str, Decimal]) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for symbol in tracked:
        mark = watched.marks[symbol]
        rate = watched.rates.get(mark.currency)
        if mark.price is None or rate is None:
            continue
        worth = float(mark.price if rate is ONE else mark.price * rate)
        for book, holding in mark.holders:
            found.setdefault(book.strategy, {})[symbol] = float(holding.quantity) * worth
    return found
