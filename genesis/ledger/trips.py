"""Round trips: positions from flat to flat, with their results, and the last ones one by one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import msgspec

from genesis.core.money import ZERO

MOST_TRIPS = 10_000
"""How many round trips of a strategy are kept one by one. A window with more than these has no figures."""

_MICROSECOND = timedelta(microseconds=1)
_FORGET_AT_ONCE = 64


class RoundTrip(NamedTuple):
    """A position from flat to flat: its P&L net of its fees and funding, in the currency of the symbol."""

    symbol: str
    opened: datetime
    closed: datetime
    pnl: Decimal | None
    """None if it was charged in another currency whose rate was not known."""

    @property
    def held(self) -> int:
        """How long it was open, in microseconds of event time; 0 if the closing fill is earlier than the opening one."""
        return max(0, (self.closed - self.opened) // _MICROSECOND)

    @property
    def result(self) -> int:
        """1 for a win, −1 for a loss, 0 if it broke even or its P&L is not known."""
        return 0 if not self.pnl else 1 if self.pnl > 0 else -1


class TripCounts(NamedTuple):
    """Counts of round trips by result."""

    wins: int = 0
    losses: int = 0
    evens: int = 0
    unvalued: int = 0

    def plus(self, other: TripCounts) -> TripCounts:
        return TripCounts(
            self.wins + other.wins, self.losses + other.losses, self.evens + other.evens, self.unvalued + other.unvalued
        )

    def beyond(self, other: TripCounts) -> TripCounts:
        """By how much each count is above the other's; 0 if it is not above."""
        return TripCounts(*(max(0, a - b) for a, b in zip(self, other, strict=True)))


class TripTally(msgspec.Struct, kw_only=True):
    """Counts and sums of round trips in one symbol. Instances are mutable, and owned by one holding or window."""

    wins: int = 0
    losses: int = 0
    evens: int = 0
    unvalued: int = 0
    """Round trips whose P&L is not known; they are in no other count."""
    gross_profit: Decimal = ZERO
    gross_loss: Decimal = ZERO
    """The sum of the losses, as a positive number."""
    held: int = 0
    """Microseconds open, all round trips together; the next two are the wins' and the losses'."""
    held_wins: int = 0
    held_losses: int = 0

    @property
    def counts(self) -> TripCounts:
        return TripCounts(self.wins, self.losses, self.evens, self.unvalued)

    def add(self, trip: RoundTrip) -> None:
        """Count a closed round trip; one that broke even is neither a win nor a loss."""
        self._count(trip, 1)

    def remove(self, trip: RoundTrip) -> None:
        """Take out a trip that was counted."""
        self._count(trip, -1)

    def _count(self, trip: RoundTrip, sign: int) -> None:
        held = sign * trip.held
        self.held += held
        if trip.pnl is None:
            self.unvalued += sign
        elif trip.pnl > 0:
            self.wins += sign
            self.held_wins += held
            self.gross_profit += sign * trip.pnl
        elif trip.pnl < 0:
            self.losses += sign
            self.held_losses += held
            self.gross_loss -= sign * trip.pnl
        else:
            self.evens += sign


class Streaks(msgspec.Struct, kw_only=True):
    """Current and longest streaks of wins and of losses, in the order of closing. Any other result ends both."""

    wins: int = 0
    losses: int = 0
    longest_wins: int = 0
    longest_losses: int = 0

    def add(self, trip: RoundTrip) -> None:
        self.wins = self.wins + 1 if trip.result > 0 else 0
        self.losses = self.losses + 1 if trip.result < 0 else 0
        self.longest_wins = max(self.longest_wins, self.wins)
        self.longest_losses = max(self.longest_losses, self.losses)


class TripLogState(msgspec.Struct, frozen=True):
    """The state of a `TripLog` as one value."""

    trips: list[RoundTrip]
    forgotten: datetime | None
    base: Streaks


class TripLog:
    """A strategy's last round trips, in the order of their closing, and their tallies over windows of event time.

    Trips that closed at the same time are in the order of their symbols' names, so a void does not change the order.

    A trip is forgotten when it is older than the longest window, or when there are more than `MOST_TRIPS`. Windows are
    half-open: a trip counts while closed > now − window. The caller sets the decimal context `EXACT`.
    """

    def __init__(self, windows: Mapping[str, timedelta]) -> None:
        self.streaks = Streaks()
        """Over all trips, the forgotten ones included."""
        self._trips: list[RoundTrip] = []
        self._windows = {name: _Window(span) for name, span in windows.items()}
        self._forgotten: datetime | None = None
        """When the last forgotten trip closed."""
        self._base = Streaks()
        """The streaks of the forgotten trips."""

    @property
    def windows(self) -> Iterable[str]:
        """Their names."""
        return self._windows

    def add(self, trip: RoundTrip, now: datetime) -> None:
        """Add a closed trip; `now` is the latest event time."""
        if self._trips and _order(trip) < _order(self._trips[-1]):  # its closing fill arrived late
            self._trips.insert(bisect_right(self._trips, _order(trip), key=_order), trip)
            self._recount()
        else:
            self._trips.append(trip)
            self.streaks.add(trip)
            for window in self._windows.values():
                window.add(trip)
        self._forget(now)

    def replace(self, symbol: str, trips: Iterable[RoundTrip]) -> None:
        """Replace the kept trips of `symbol` by `trips`, after a void recomputed its holding.

        Forgotten trips stay as they were counted.
        """
        kept = [trip for trip in self._trips if trip.symbol != symbol]
        kept += [trip for trip in trips if self._forgotten is None or trip.closed > self._forgotten]
        self._trips = sorted(kept, key=_order)
        self._recount()

    def tallies(self, window: str, now: datetime) -> dict[str, TripTally] | None:
        """Symbol → the tally of its trips in the window; None if trips of the window were forgotten."""
        found = self._windows[window]
        if self._forgotten is not None and self._forgotten > now - found.span:
            return None
        found.advance(self._trips, now)
        return found.tallies

    def position(self, now: datetime) -> tuple[int | None, ...]:
        """The index where each window begins, to see whether a trip left it. None for a window with forgotten trips."""
        return tuple(None if self.tallies(name, now) is None else window.first for name, window in self._windows.items())

    def state(self) -> TripLogState:
        return TripLogState(self._trips, self._forgotten, self._base)

    def restore(self, state: TripLogState) -> None:
        """Load a state into a new log."""
        self._trips, self._forgotten, self._base = list(state.trips), state.forgotten, state.base
        self._recount()

    def _recount(self) -> None:
        self.streaks = msgspec.structs.replace(self._base)
        for trip in self._trips:
            self.streaks.add(trip)
        for window in self._windows.values():
            window.recount(self._trips)

    def _forget(self, now: datetime) -> None:
        """Drop trips that are in no window, in batches, and the oldest trips above `MOST_TRIPS`."""
        for window in self._windows.values():
            window.advance(self._trips, now)
        outdated = min(window.first for window in self._windows.values())
        number = outdated if outdated >= max(_FORGET_AT_ONCE, len(self._trips) // 2) else len(self._trips) - MOST_TRIPS
        if number <= 0:
            return
        for trip in self._trips[:number]:
            self._base.add(trip)
        self._forgotten = self._trips[number - 1].closed
        for window in self._windows.values():
            window.drop(self._trips, number)
        del self._trips[:number]


def _order(trip: RoundTrip) -> tuple[datetime, str]:
    return trip.closed, trip.symbol


class _Window:
    """The trips of a log from the index `first` on, by symbol."""

    def __init__(self, span: timedelta) -> None:
        self.span = span
        self.first = 0
        self.tallies: dict[str, TripTally] = {}

    def add(self, trip: RoundTrip) -> None:
        self.tallies.setdefault(trip.symbol, TripTally()).add(trip)

    def advance(self, trips: list[RoundTrip], now: datetime) -> None:
        """Remove the trips that closed at or before `now` − the span."""
        start = now - self.span
        while self.first < len(trips) and trips[self.first].closed <= start:
            self._leave(trips)

    def drop(self, trips: list[RoundTrip], number: int) -> None:
        """Remove the first `number` trips, which the log is about to drop."""
        while self.first < number:
            self._leave(trips)
        self.first -= number

    def recount(self, trips: Iterable[RoundTrip]) -> None:
        self.first, self.tallies = 0, {}
        for trip in trips:
            self.add(trip)

    def _leave(self, trips: list[RoundTrip]) -> None:
        self.tallies[trips[self.first].symbol].remove(trips[self.first])
        self.first += 1
