"""One strategy in one symbol, from the fills themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from genesis.core.models import Fill

ZERO = Fraction(0)


def rounded(value: Fraction) -> Fraction:
    """Half-even at 24 places, as a split cost or fee is."""
    return Fraction(round(value * 10**24), 10**24)


@dataclass
class Holding:
    """One strategy in one symbol, walked from its first event to its last."""

    quantity: Fraction = ZERO
    cost: Fraction = ZERO
    """What the open quantity cost; below 0 for a short, which was paid for."""
    cash: Fraction = ZERO
    realized: Fraction = ZERO
    trip: Fraction = ZERO
    """Cash, fees and funding of the open round trip."""
    trips: list[Fraction] = field(default_factory=list)

    def book_funding(self, amount: Fraction) -> None:
        if self.quantity:
            self.trip += amount

    def book_fill(self, fill: Fill) -> None:
        signed = Fraction(fill.quantity) * fill.side.sign
        price, fee = Fraction(fill.price), Fraction(fill.fee)
        self.cash -= signed * price
        if self.quantity * signed >= 0:
            self._open(signed, price, fee)
            return
        closed = -signed if abs(signed) <= abs(self.quantity) else self.quantity
        closing_fee = fee if closed == -signed else rounded(fee * abs(closed) / abs(signed))
        self._close(closed, price, closing_fee)
        if closed != -signed:
            self._open(signed + closed, price, fee - closing_fee)

    def _open(self, signed: Fraction, price: Fraction, fee: Fraction) -> None:
        self.quantity += signed
        self.cost += signed * price
        self.trip -= signed * price + fee

    def _close(self, closed: Fraction, price: Fraction, fee: Fraction) -> None:
        cost = self.cost if closed == self.quantity else rounded(self.cost * closed / self.quantity)
        self.realized += closed * price - cost
        self.quantity -= closed
        self.cost -= cost
        self.trip += closed * price - fee
        if not self.quantity:
            self.trips.append(self.trip)
            self.trip = ZERO
