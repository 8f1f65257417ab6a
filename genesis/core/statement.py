"""What a broker or an exchange says is in an account, and how it is to be compared."""

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
"""Stands for the strategy in a row of the account as a whole."""


class Item(NamedTuple):
    """What a row of a statement is of."""

    strategy: str
    """`WHOLE_ACCOUNT` if the row names none."""
    name: str
    """The symbol of a position, the currency of cash."""


class Statement(NamedTuple):
    """All rows of a statement. What it leaves out, it says is zero; without any row of cash it says nothing of cash."""

    positions: Mapping[Item, Decimal]
    """In units of the symbol, short is negative; either every row names a strategy, or none."""
    cash: Mapping[Item, Decimal]
    """In units of the currency; either every row names a strategy, or none."""


class CashBasis(enum.Enum):
    """What a statement calls cash."""

    WALLET = "wallet"
    """Capital + realised P&L − fees + funding: the balance of a margin account, where a position takes no cash."""
    SETTLED = "settled"
    """The same less the cost of the open positions, short ones adding theirs: where what is bought is paid for."""


class ComparisonSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How a statement is to be compared with the books."""

    strategies: tuple[str, ...] = ()
    """The strategies that the statement is of, ascending; none for all."""
    cash: CashBasis = CashBasis.WALLET
    tolerance: Decimal = ZERO
    """Cash that differs by no more than this is no break; positions have to agree exactly."""

    @property
    def scope(self) -> str:
        """The strategies as one word, for a label; different ones make different words."""
        return ",".join(name.replace("\\", "\\\\").replace(",", "\\,") for name in self.strategies) or ALL
