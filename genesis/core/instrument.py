"""What can be traded: a symbol, and the grids that its prices and quantities lie on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal

from genesis.core.errors import EventError


@dataclass(frozen=True, slots=True)
class Instrument:
    """A linear, USDT-settled symbol: prices are multiples of `tick`, quantities multiples of `lot`."""

    symbol: str
    tick: Decimal
    lot: Decimal

    def __post_init__(self) -> None:
        for field, step in (("tick", self.tick), ("lot", self.lot)):
            if not (step.is_finite() and step > 0):
                raise EventError(field, step, f"of {self.symbol} is not a finite number above 0")

    def price_below(self, price: float) -> Decimal:
        """The highest price on the grid that is not above `price`, at least one tick."""
        return self.tick * max(1, math.floor(price / float(self.tick) + 1e-9))

    def price_above(self, price: float) -> Decimal:
        """The lowest price on the grid that is not below `price`, at least one tick."""
        return self.tick * max(1, math.ceil(price / float(self.tick) - 1e-9))

    def quantity(self, amount: Decimal | float) -> Decimal:
        """`amount` cut down to whole lots; 0 if it is less than one lot."""
        lots = amount // self.lot if isinstance(amount, Decimal) else math.floor(amount / float(self.lot) + 1e-9)
        return self.lot * max(0, int(lots))

    def on_tick(self, price: Decimal) -> bool:
        return price % self.tick == 0

    def on_lot(self, quantity: Decimal) -> bool:
        return quantity % self.lot == 0
