"""One strategy in one symbol, from the fills themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from genesis.core.models import Fill, Funding

ZERO = Fraction(0)


def rounded(value: Fraction, places: int = 24) -> Fraction:
    """Half-even; a split cost or fee has 24 places."""
    return Fraction(round(value * 10**places), 10**places)


@dataclass
class Holding:
    """One strategy in one symbol, walked from its first event to its last, in the currency of the symbol."""

    currency: str
    quantity: Fraction = ZERO
    cost: Fraction = ZERO
    """What the open quantity cost; below 0 for a short, which was paid for."""
    cash: Fraction = ZERO
    realized: Fraction = ZERO
    trip: Fraction | None = ZERO
    """Cash, fees and funding of the open round trip; None if one of them has no rate."""
    trips: list[Fraction | None] = field(default_factory=list)
    spans: list[tuple[datetime, datetime]] = field(default_factory=list)
    """When each of them opened and closed."""
    opened: datetime | None = None
    """When the open one did."""

    def book_funding(self, funding: Funding) -> None:
        if self.quantity:
            self._charge(self._worth(funding.amount, funding.currency, funding.rate))

    def book_fill(self, fill: Fill) -> None:
        signed = Fraction(fill.quantity) * fill.side.sign
        price, fee = Fraction(fill.price), self._worth(fill.fee, fill.fee_currency, fill.fee_rate)
        self.cash -= signed * price
        opened, flat = self.opened, not self.quantity
        if opened is not None and not flat and (self.quantity + signed) * self.quantity <= 0:
            self.spans.append((opened, fill.time))
        if flat or (self.quantity + signed) * self.quantity < 0:
            self.opened = fill.time
        if self.quantity * signed >= 0:
            self._open(signed, price, fee)
            return
        closed = -signed if abs(signed) <= abs(self.quantity) else self.quantity
        closing_fee = fee
        if fee is not None and closed != -signed:
            closing_fee = rounded(fee * abs(closed) / abs(signed))
        self._close(closed, price, closing_fee)
        if closed != -signed:
            self._open(signed + closed, price, None if fee is None or closing_fee is None else fee - closing_fee)

    def _open(self, signed: Fraction, price: Fraction, fee: Fraction | None) -> None:
        self.quantity += signed
        self.cost += signed * price
        self._charge(None if fee is None else -signed * price - fee)

    def _close(self, closed: Fraction, price: Fraction, fee: Fraction | None) -> None:
        cost = self.cost if closed == self.quantity else rounded(self.cost * closed / self.quantity)
        self.realized += closed * price - cost
        self.quantity -= closed
        self.cost -= cost
        self._charge(None if fee is None else closed * price - fee)
        if not self.quantity:
            self.trips.append(self.trip)
            self.trip = ZERO

    def _charge(self, amount: Fraction | None) -> None:
        self.trip = None if self.trip is None or amount is None else self.trip + amount

    def _worth(self, amount: Decimal, currency: str | None, rate: Decimal | None) -> Fraction | None:
        if not amount or currency in {None, self.currency}:
            return Fraction(amount)
        return None if rate is None else Fraction(amount) * Fraction(rate)
