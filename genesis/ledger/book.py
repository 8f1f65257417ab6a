"""The exact book of one strategy: capital, positions, fees, funding, and its equity at the mark."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from genesis.core.models import CapitalFlow, Fill, Funding, Liquidity, Side
from genesis.core.money import ZERO, share
from genesis.ledger.drawdown import Drawdown
from genesis.ledger.periods import Period
from genesis.ledger.position import Position, trade


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


class Holding:
    """A strategy's position in one symbol, open or flat, with the round trip under way."""

    __slots__ = ("basis", "book", "quantity", "symbol", "trip_opened", "trip_pnl", "turnover")

    def __init__(self, book: Book, symbol: str) -> None:
        self.book = book
        self.symbol = symbol
        self.quantity = ZERO
        self.basis = ZERO
        self.trip_pnl = ZERO
        self.trip_opened: datetime | None = None
        self.turnover: dict[tuple[Side, Liquidity], Turnover] = {}

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.quantity * mark - self.basis


class Book:
    """One strategy's account.

    `equity` follows every fill and every mark by its change alone; being exact, it equals capital + realised + unrealised
    − fees + funding at any time. It is worth something only while `unmarked` is empty: a position without a mark has no value.
    """

    __slots__ = (
        "capital",
        "drawdown",
        "equity",
        "fees",
        "funding",
        "holdings",
        "period_starts",
        "realized",
        "strategy",
        "unmarked",
    )

    def __init__(self, strategy: str, time: datetime) -> None:
        self.strategy = strategy
        self.capital = ZERO
        self.realized = ZERO
        self.fees = ZERO
        self.funding = ZERO
        self.equity = ZERO
        self.holdings: dict[str, Holding] = {}
        self.unmarked: set[str] = set()
        self.drawdown = Drawdown.starting(time)
        self.period_starts: dict[Period, Decimal | None] = dict.fromkeys(Period, ZERO)

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
            holding = self.holdings[symbol] = Holding(self, symbol)
        return holding

    def fill(self, fill: Fill, mark: Decimal | None) -> list[RoundTrip]:
        """Book a fill; the round trips that it closed are returned (none, or one)."""
        holding = self.holding(fill.symbol)
        before = holding.unrealized(mark) if mark is not None else ZERO
        done = trade(Position(holding.quantity, holding.basis), fill.signed_quantity, fill.price)
        closing_fee = share(fill.fee, done.closed, fill.quantity)
        trips = _follow_trip(holding, fill, done.realized, closing_fee, flat_or_flipped=done.closed == abs(holding.quantity))
        holding.quantity, holding.basis = done.position
        key = (fill.side, fill.liquidity)
        turnover = holding.turnover.get(key, Turnover())
        holding.turnover[key] = Turnover(turnover.fills + 1, turnover.value + fill.quantity * fill.price)
        self.realized += done.realized
        self.fees += fill.fee
        self.equity += done.realized - fill.fee
        if mark is not None:
            self.equity += holding.unrealized(mark) - before
        elif holding.quantity:
            self.unmarked.add(fill.symbol)
        else:
            self.unmarked.discard(fill.symbol)
        self.observe(fill.time)
        return trips

    def fund(self, funding: Funding) -> None:
        """Book a funding payment; it belongs to the round trip that is open in its symbol, if any."""
        self.funding += funding.amount
        self.equity += funding.amount
        holding = self.holdings.get(funding.symbol)
        if holding is not None and holding.quantity:
            holding.trip_pnl += funding.amount
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


def _follow_trip(
    holding: Holding, fill: Fill, realized: Decimal, closing_fee: Decimal, *, flat_or_flipped: bool
) -> list[RoundTrip]:
    """Carry the holding's open round trip through a fill, before the fill changes the holding."""
    if not holding.quantity:
        holding.trip_opened, holding.trip_pnl = fill.time, -fill.fee
        return []
    if not flat_or_flipped:
        holding.trip_pnl += realized - fill.fee
        return []
    assert holding.trip_opened is not None  # noqa: S101 - an open holding has an open round trip
    trip = RoundTrip(holding.symbol, holding.trip_opened, fill.time, holding.trip_pnl + realized - closing_fee)
    holding.trip_opened, holding.trip_pnl = fill.time, closing_fee - fill.fee
    return [trip]
