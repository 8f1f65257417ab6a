"""A statement of a broker or an exchange, and how to compare it with the books."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from genesis.core.money import ZERO

ALL = ""
"""The scope of a statement of all strategies."""
WHOLE_ACCOUNT = ""
"""The strategy of a row that covers the whole account."""


class Item(NamedTuple):
    """The subject of a row of a statement."""

    strategy: str
    """`WHOLE_ACCOUNT` if the row names none."""
    name: str
    """The symbol of a position, the currency of cash."""


class Statement(NamedTuple):
    """All rows of a statement. A position or balance without a row is zero; without any row of cash, cash is unknown."""

    positions: Mapping[Item, Decimal]
    """In units of the symbol, short is negative; either every row names a strategy, or none."""
    cash: Mapping[Item, Decimal]
    """In units of the currency; either every row names a strategy, or none."""


class CashBasis(enum.Enum):
    """What a statement means by cash."""

    WALLET = "wallet"
    """Capital + realised P&L − fees + funding: the balance of a margin account, where a position takes no cash."""
    SETTLED = "settled"
    """Wallet less the cost of long positions, plus that of short ones: for an account that pays for what it buys."""


class ComparisonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How to compare a statement with the books."""

    strategies: tuple[str, ...] = ()
    """The strategies that the statement covers, ascending; empty for all."""
    cash: CashBasis = CashBasis.WALLET
    tolerance: Decimal = ZERO
    """A difference in cash up to this is not a break; positions must agree exactly."""

    @property
    def scope(self) -> str:
        """The strategies as one label value; different sets give different values."""
        return ",".join(name.replace("\\", "\\\\").replace(",", "\\,") for name in self.strategies) or ALL
