"""A strategy's position in one symbol, with its P&L, fees, funding and round trips."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from genesis.core.models import Fill, Funding, Liquidity, Side
from genesis.core.money import ZERO, share, total
from genesis.ledger.component import MAIN, ComponentPart, add_amount
from genesis.ledger.execution import Execution
from genesis.ledger.position import Position, Trade, trade
from genesis.ledger.trips import RoundTrip, TripCounts, TripTally


class Turnover(NamedTuple):
    """Fills of one side and liquidity: how many, and their value in the currency of the symbol."""

    fills: int = 0
    value: Decimal = ZERO


Turnovers = dict[Side, dict[Liquidity, Turnover]]


class Voided(msgspec.Struct, kw_only=True):
    """What earlier voids removed from the holding. Exported counters add it, so that they never fall."""

    turnover: Turnovers = msgspec.field(default_factory=dict)
    """Of the voided fills."""
    measured: int = 0
    """How many voided fills were in the shortfall."""
    trips: TripCounts = TripCounts()
    """Results of round trips that were counted before a void, and not after it."""


class Holding(msgspec.Struct, kw_only=True):
    """A strategy's position in one symbol, open or flat, with its P&L, fees, funding and open round trip.

    Prices, basis and P&L are in the currency that the symbol is quoted in; fees and funding in their own.
    """

    symbol: str
    currency: str
    quantity: Decimal = ZERO
    basis: Decimal = ZERO
    realized: Decimal = ZERO
    fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Currency → paid, above 0."""
    funding: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Currency → received, above 0."""
    trip_pnl: Decimal | None = ZERO
    """Realised P&L − fees + funding of the open round trip; None if it was charged in a currency whose rate was not known."""
    trip_opened: datetime | None = None
    trips: TripTally = msgspec.field(default_factory=TripTally)
    closed_trip: RoundTrip | None = None
    """The round trip that the last fill closed; None if it closed none."""
    turnover: Turnovers = msgspec.field(default_factory=dict)
    execution: Execution = msgspec.field(default_factory=Execution)
    """Slippage and shortfall of its fills."""
    tagged: dict[str, ComponentPart] = msgspec.field(default_factory=dict)
    """Component → its part, without `main`: that is the holding minus these parts, and needs no memory of its own."""
    untagged: bool = False
    """Whether any fill or funding was booked to `main`."""
    events: int = 0
    """How many events of the journal were booked to it, including those voided later."""
    voided: Voided = msgspec.field(default_factory=Voided)

    def unrealized(self, mark: Decimal) -> Decimal:
        return self.quantity * mark - self.basis

    def parts(self) -> Iterator[tuple[str, ComponentPart]]:
        """Each component and its part; they add up to the holding, to the last digit."""
        if self.untagged:
            # A reduction moves cost from the basis to the realised P&L, so basis − realised is the exact cost of all fills.
            whole = ComponentPart(quantity=self.quantity, cost=self.basis - self.realized, fees=self.fees, funding=self.funding)
            yield MAIN, whole.less(self.tagged) if self.tagged else whole
        yield from self.tagged.items()

    def fill(self, fill: Fill, component: str | None = None) -> Decimal:
        """Book a fill for a component (None: `main`); returns the P&L that it realised, before its fee."""
        done = trade(Position(self.quantity, self.basis), fill.signed_quantity, fill.price)
        self._follow_trip(fill, done)
        self.quantity, self.basis = done.position
        self.realized += done.realized
        if fill.fee:
            add_amount(self.fees, fill.fee_currency or self.currency, fill.fee)
        self.execution.fill(fill, self.currency)
        if component is None:
            self.untagged = True
        else:
            self._part(component).fill(fill, self.currency)
        add_turnover(self.turnover, fill)
        self.events += 1
        return done.realized

    def fund(self, funding: Funding, component: str | None = None) -> None:
        """Book a funding payment for a component (None: `main`); it counts for the open round trip, if there is one."""
        if funding.amount:
            add_amount(self.funding, funding.currency or self.currency, funding.amount)
        if self.quantity:
            self.trip_pnl = total((self.trip_pnl, self._worth(funding.amount, funding.currency, funding.rate)))
        if component is None:
            self.untagged = True
        else:
            self._part(component).fund(funding, self.currency)
        self.events += 1

    def _part(self, component: str) -> ComponentPart:
        part = self.tagged.get(component)
        if part is None:
            part = self.tagged[component] = ComponentPart()
        return part

    def _follow_trip(self, fill: Fill, done: Trade) -> None:
        """Update the open round trip with a fill, or close it; call it before the quantity changes."""
        self.closed_trip = None
        fee = self._worth(fill.fee, fill.fee_currency, fill.fee_rate)
        paid = None if fee is None else -fee
        if not self.quantity:
            self.trip_opened, self.trip_pnl = fill.time, paid
        elif done.closed < abs(self.quantity):
            self.trip_pnl = total((self.trip_pnl, done.realized, paid))
        else:
            closing = None if paid is None else share(paid, done.closed, fill.quantity)
            assert self.trip_opened is not None  # noqa: S101 - an open holding has an open round trip
            pnl = total((self.trip_pnl, done.realized, closing))
            self.closed_trip = RoundTrip(self.symbol, self.trip_opened, fill.time, pnl)
            self.trips.add(self.closed_trip)
            self.trip_opened, self.trip_pnl = fill.time, None if paid is None or closing is None else paid - closing

    def _worth(self, amount: Decimal, currency: str | None, rate: Decimal | None) -> Decimal | None:
        """An amount in the currency of the symbol; None if it is in another currency and the event has no rate."""
        if not amount or currency is None or currency == self.currency:
            return amount
        return None if rate is None else amount * rate


def add_turnover(turnovers: Turnovers, fill: Fill) -> None:
    """Count a fill."""
    side = turnovers.setdefault(fill.side, {})
    turnover = side.get(fill.liquidity, Turnover())
    side[fill.liquidity] = Turnover(turnover.fills + 1, turnover.value + fill.quantity * fill.price)
