"""P&L attribution: the parts of a strategy, by the components that its fills and fundings name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from genesis.core.models import Fill, Funding
from genesis.core.money import ZERO

MAIN = "main"
"""The component of fills and fundings that name none."""
OTHER = "other"
"""The component of fills and fundings that name a new one after the first `MAX_COMPONENTS`."""
MAX_COMPONENTS = 50
"""The most components of a strategy, without `main` and `other`. Not configurable: a replay must give the same books."""


class ComponentPart(msgspec.Struct, kw_only=True):
    """The sums of one component of a strategy in one symbol. Instances are mutable, and owned by one holding.

    Its P&L is quantity × mark − cost − fees + funding. Only the whole holding knows how much of it is realised, as its parts
    share one average cost.
    """

    quantity: Decimal = ZERO
    cost: Decimal = ZERO
    """Paid for buys less received for sells, in the currency of the symbol."""
    fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Currency → paid, above 0."""
    funding: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Currency → received, above 0."""

    def fill(self, fill: Fill, currency: str) -> None:
        """Count a fill of a symbol that is quoted in `currency`."""
        signed = fill.signed_quantity
        self.quantity += signed
        self.cost += signed * fill.price
        if fill.fee:
            add_amount(self.fees, fill.fee_currency or currency, fill.fee)

    def fund(self, funding: Funding, currency: str) -> None:
        """Count a funding payment on a symbol that is quoted in `currency`."""
        if funding.amount:
            add_amount(self.funding, funding.currency or currency, funding.amount)

    def amounts(self, currency: str, mark: Decimal) -> dict[str, Decimal]:
        """Currency → P&L in it; the symbol is quoted in `currency`."""
        amounts = {currency: self.quantity * mark - self.cost}
        for paid_in, fee in self.fees.items():
            amounts[paid_in] = amounts.get(paid_in, ZERO) - fee
        for received_in, funding in self.funding.items():
            amounts[received_in] = amounts.get(received_in, ZERO) + funding
        return amounts

    def less(self, others: Mapping[str, ComponentPart]) -> ComponentPart:
        """This part minus `others`, which are parts in the same symbol."""
        left = ComponentPart(quantity=self.quantity, cost=self.cost, fees=dict(self.fees), funding=dict(self.funding))
        for other in others.values():
            left.quantity -= other.quantity
            left.cost -= other.cost
            for currency, fee in other.fees.items():
                add_amount(left.fees, currency, -fee)
            for currency, funding in other.funding.items():
                add_amount(left.funding, currency, -funding)
        return left


class Components(msgspec.Struct):
    """The components of a strategy so far: the first `MAX_COMPONENTS` keep their names, all later ones become `other`."""

    names: list[str] = msgspec.field(default_factory=list)
    folded: int = 0
    """How many fills and fundings were booked to `other`; it never falls."""

    def admit(self, tag: str | None) -> str | None:
        """The component to book an event with this tag to, a new one included; None for `main`."""
        if tag is None or tag == MAIN:
            return None
        if tag not in self.names:
            if len(self.names) >= MAX_COMPONENTS:
                self.folded += 1
                return OTHER
            self.names.append(tag)
        return tag

    def name(self, tag: str | None) -> str | None:
        """The component that an event with this tag was booked to; None for `main`."""
        if tag is None or tag == MAIN:
            return None
        return tag if tag in self.names else OTHER


def add_amount(amounts: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    """Add `amount` to the entry of `currency`."""
    amounts[currency] = amounts.get(currency, ZERO) + amount


class PartPnl(NamedTuple):
    """The P&L of a part."""

    symbol: str
    component: str
    amounts: dict[str, Decimal]
    """Currency → P&L in it; without a mark of the symbol, an open quantity counts at 0."""
    marked: bool
    """False if the part has an open quantity and its symbol has no mark."""
    value: Decimal | None
    """The P&L in the reporting currency; None without a mark or a rate that it needs."""


PartStarts = dict[str, dict[str, Decimal | None]]
"""Symbol → component → P&L when a period began, in the reporting currency; None if it was not known, left out if it was 0."""


def starts_of(parts: Iterable[PartPnl]) -> PartStarts:
    """The P&L of the parts, to store at the start of a period."""
    starts: PartStarts = {}
    for part in parts:
        if part.value is None or part.value:
            starts.setdefault(part.symbol, {})[part.component] = part.value
    return starts
