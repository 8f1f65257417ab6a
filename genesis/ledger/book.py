"""The exact book of one strategy: capital, positions, fees, funding, and its equity at the mark."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from genesis.core.models import CapitalFlow, Fill, Funding, Liquidity, Side
from genesis.core.money import ZERO, share
from genesis.ledger.drawdown import Drawdown
from genesis.ledger.periods import Period
from genesis.ledger.position import Position, Trade, trade


class RoundTrip(NamedTuple):
    """A position from flat to flat: its P&L net of its fees and funding."""

    symbol: str
    opened: datetime
    closed: datetime
    pnl: Decimal


class Turnover(NamedTuple):
    """Fills of one side and liquidity: how many, and their value."""

    fills: int = 0
    value: Decimal = ZERO


class TripTally(msgspec.Struct, kw_only=True):
    """Counts and sums of round trips. Instances are mutable, and owned by one holding."""

    wins: int = 0
    losses: int = 0
    evens: int = 0
    gross_profit: Decimal = ZERO
    gross_loss: Decimal = ZERO
    """The sum of the losses, as a positive number."""

    def add(self, trip: RoundTrip) -> None:
        """Count a closed round trip; one that broke even is neither a win nor a loss."""
        if trip.pnl > 0:
            self.wins += 1
            self.gross_profit += trip.pnl
        elif trip.pnl < 0:
            self.losses += 1
            self.gross_loss -= trip.pnl
        else:
            self.evens += 1


class Holding(msgspec.Struct, kw_only=True):
    """A strategy's position in one symbol, open or flat, what it came to, and the round trip under way."""

    symbol: str
    quantity: Decimal = ZERO
    basis: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    trip_pnl: Decimal = ZERO
    trip_opened: datetime | None = None
    trips: TripTally = msgspec.field(default_factory=TripTally)
    turnover: dict[Side, dict[Liquidity, Turnover]] = msgspec.field(default_factory=dict)

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.quantity * mark - self.basis

    def fill(self, fill: Fill) -> Decimal:
        """Take in a fill; the P&L that it realised, before its fee."""
        done = trade(Position(self.quantity, self.basis), fill.signed_quantity, fill.price)
        self._follow_trip(fill, done)
        self.quantity, self.basis = done.position
        self.realized += done.realized
        self.fees += fill.fee
        side = self.turnover.setdefault(fill.side, {})
        turnover = side.get(fill.liquidity, Turnover())
        side[fill.liquidity] = Turnover(turnover.fills + 1, turnover.value + fill.quantity * fill.price)
        return done.realized

    def fund(self, amount: Decimal) -> None:
        """Take in a funding payment; it belongs to the round trip that is open, if any."""
        self.funding += amount
        if self.quantity:
            self.trip_pnl += amount

    def _follow_trip(self, fill: Fill, done: Trade) -> None:
        """Carry the open round trip through a fill, before the quantity changes."""
        if not self.quantity:
            self.trip_opened, self.trip_pnl = fill.time, -fill.fee
        elif done.closed < abs(self.quantity):
            self.trip_pnl += done.realized - fill.fee
        else:
            closing_fee = share(fill.fee, done.closed, fill.quantity)
            assert self.trip_opened is not None  # noqa: S101 - an open holding has an open round trip
            pnl = self.trip_pnl + done.realized - closing_fee
            self.trips.add(RoundTrip(self.symbol, self.trip_opened, fill.time, pnl))
            self.trip_opened, self.trip_pnl = fill.time, closing_fee - fill.fee


class Book(msgspec.Struct, kw_only=True):
    """One strategy's account.

    `equity` follows every fill and every mark by its change alone; being exact, it equals capital + realised + unrealised
    − fees + funding at any time. It is worth something only while `unmarked` is empty: a position without a mark has no value.
    """

    strategy: str
    drawdown: Drawdown
    capital: Decimal = ZERO
    realized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    equity: Decimal = ZERO
    holdings: dict[str, Holding] = msgspec.field(default_factory=dict)
    unmarked: set[str] = msgspec.field(default_factory=set)
    period_starts: dict[Period, Decimal | None] = msgspec.field(default_factory=lambda: dict.fromkeys(Period, ZERO))

    @property
    def net_pnl(self) -> Decimal | None:
        """Equity − capital; None while a position has no mark."""
        return None if self.unmarked else self.equity - self.capital

    @property
    def unrealized(self) -> Decimal | None:
        """P&L of the open positions at their marks; None while one has no mark."""
        return None if self.unmarked else self.equity - self.capital - self.realized + self.fees - self.funding

    def holding(self, symbol: str) -> Holding:
        """The holding of `symbol`, made at its first use."""
        holding = self.holdings.get(symbol)
        if holding is None:
            holding = self.holdings[symbol] = Holding(symbol=symbol)
        return holding

    def fill(self, fill: Fill, mark: Decimal | None) -> None:
        """Book a fill."""
        holding = self.holding(fill.symbol)
        before = holding.unrealized(mark) if mark is not None else ZERO
        realized = holding.fill(fill)
        self.realized += realized
        self.fees += fill.fee
        self.equity += realized - fill.fee
        if mark is not None:
            self.equity += holding.unrealized(mark) - before
        elif holding.quantity:
            self.unmarked.add(fill.symbol)
        else:
            self.unmarked.discard(fill.symbol)
        self.observe(fill.time)

    def fund(self, funding: Funding) -> None:
        """Book a funding payment."""
        self.holding(funding.symbol).fund(funding.amount)
        self.funding += funding.amount
        self.equity += funding.amount
        self.observe(funding.time)

    def move_capital(self, flow: CapitalFlow) -> None:
        """Book capital that came in or went out: neither a gain nor a loss."""
        before = self.equity
        self.capital += flow.amount
        self.equity += flow.amount
        self.drawdown.flow(before, self.equity, flow.time)
        self.observe(flow.time)

    def observe(self, time: datetime) -> None:
        """Let the drawdown see the equity, if it is known."""
        if not self.unmarked:
            self.drawdown.observe(self.equity, time)
