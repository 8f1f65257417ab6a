"""Average-cost arithmetic of one position, exact, in pure functions."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from genesis.core.money import ZERO, share


class Position(NamedTuple):
    """An open position and what it cost; both are negative when short.

    It keeps the cost basis, not an average price. A reduction moves cost from the basis to the realised P&L, to the last
    digit, so realised + unrealised never drifts from the amounts paid and received.
    """

    quantity: Decimal = ZERO
    basis: Decimal = ZERO


class Trade(NamedTuple):
    """The effect of a fill on a position."""

    position: Position
    realized: Decimal
    """P&L of the closed part against its average cost, before fees."""
    closed: Decimal
    """Quantity that the fill closed, at least 0; the rest of the fill opened."""


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
