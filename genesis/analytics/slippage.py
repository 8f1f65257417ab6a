"""What a fill cost against the price that was decided on."""

from __future__ import annotations

from decimal import Decimal

from genesis.core.models import Side
from genesis.core.money import ratio


def slippage_ratio(side: Side, fill_price: Decimal, decision_price: Decimal) -> float:
    """side × (fill − decision) / decision: above 0 it cost money, below 0 it was better than decided."""
    return side.sign * ratio(fill_price - decision_price, decision_price)
