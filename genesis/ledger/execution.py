"""Execution quality: a strategy's fills against the decision prices and against the market at their arrival."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.models import Fill, Side
from genesis.core.money import ZERO, ratio
from genesis.ledger.component import add_amount

HALF = Decimal("0.5")
KEPT_FILLS = 50
"""How many of a strategy's last fills are listed one by one."""


def slippage(side: Side, price: Decimal, decided: Decimal) -> Decimal:
    """The slippage of one unit: above 0 it is a cost, below 0 the price was better than decided. Only here."""
    return side.sign * (price - decided)


def slippage_ratio(side: Side, price: Decimal, decided: Decimal) -> float:
    """The slippage of a fill as a ratio of the price that was decided on."""
    return ratio(slippage(side, price, decided), decided)


class Execution(msgspec.Struct, kw_only=True):
    """The execution of one holding's fills, in the currency of the symbol; above 0 is a cost. Owned by one holding.

    The shortfall covers the fills whose decision price, arrival price and spread are known; the slippage needs only the
    decision price. Implementation shortfall after Perold (1988).
    """

    slippage: Decimal = ZERO
    """Σ side × quantity × (price − decision price)."""
    decided: Decimal = ZERO
    """Σ quantity × decision price, over the fills of `slippage`."""
    delay: Decimal = ZERO
    """Σ side × quantity × (arrival price − decision price)."""
    spread: Decimal = ZERO
    """Σ quantity × half the spread at arrival."""
    impact: Decimal = ZERO
    """Σ side × quantity × (price − arrival price), less `spread`."""
    fees: dict[str, Decimal] = msgspec.field(default_factory=dict)
    """Currency → fees of the fills in the shortfall."""
    measured: int = 0
    """Fills in the shortfall."""

    def fill(self, fill: Fill, currency: str) -> None:
        """Count a fill of a symbol that is quoted in `currency`."""
        if fill.decision_price is None:
            return
        signed = fill.signed_quantity
        self.slippage += fill.quantity * slippage(fill.side, fill.price, fill.decision_price)
        self.decided += fill.quantity * fill.decision_price
        if fill.arrival_price is None or fill.arrival_spread is None:
            return
        crossed = fill.quantity * fill.arrival_spread * HALF
        self.delay += signed * (fill.arrival_price - fill.decision_price)
        self.spread += crossed
        self.impact += signed * (fill.price - fill.arrival_price) - crossed
        if fill.fee:
            add_amount(self.fees, fill.fee_currency or currency, fill.fee)
        self.measured += 1


def is_measured(fill: Fill) -> bool:
    """Whether a fill is in the shortfall."""
    return None not in (fill.decision_price, fill.arrival_price, fill.arrival_spread)


class RecentFill(msgspec.Struct, frozen=True, kw_only=True):
    """One of a strategy's last fills, and how it was executed."""

    source: str
    event_id: str
    time: datetime
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    decision_price: Decimal | None
    arrival_price: Decimal | None
    slippage_ratio: float | None
    """side × (price − decision price) / decision price; above 0 is a cost."""
    delay_seconds: float | None
    """Event time from the signal to the fill; None if the signal is not known."""

    @classmethod
    def of(cls, fill: Fill, slippage_ratio: float | None, delay_seconds: float | None) -> RecentFill:
        return cls(
            source=fill.source,
            event_id=fill.event_id,
            time=fill.time,
            symbol=fill.symbol,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            decision_price=fill.decision_price,
            arrival_price=fill.arrival_price,
            slippage_ratio=slippage_ratio,
            delay_seconds=delay_seconds,
        )
