"""Average-cost arithmetic of one position: exact, pure."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from genesis.core.money import ZERO, share


class Position(NamedTuple):
    """An open position and what it cost; both are negative when short.

    The cost basis is tracked instead of an average price: what leaves it on a reduction goes into the realised P&L to the
    last digit, so realised + unrealised never drifts from what was paid and received.
    """

    quantity: Decimal = ZERO
    basis: Decimal = ZERO

    def unrealized(self, mark: Decimal) -> Decimal:
        """P&L of the open position at `mark`, before fees."""
        return self.quantity * mark - self.basis


class Trade(NamedTuple):
    """What a fill did to a position."""

    position: Position
    realized: Decimal
    """P&L of the closed part against its average cost, before fees."""
    closed: Decimal
    """Quantity that was closed, above or equal 0; the rest of the fill opened."""


def trade(position: Position, signed_quantity: Decimal, price: Decimal) -> Trade:
    """Apply a fill of `signed_quantity` (below 0 for a sell) at `price`; a flip closes all and opens the rest at `price`."""
    held = position.quantity
    if held == 0 or (held > 0) == (signed_quantity > 0):
        return Trade(Position(held + signed_quantity, position.basis + signed_quantity * price), ZERO, ZERO)
    closed = min(abs(held), abs(signed_quantity))
    closed_signed = closed if held > 0 else -closed
    removed = share(position.basis, closed, abs(held))
    realized = closed_signed * price - removed
    quantity = held + signed_quantity
    opened = signed_quantity + closed_signed
    return Trade(Position(quantity, position.basis - removed + opened * price), realized, closed)
