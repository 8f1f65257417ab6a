"""Currencies other than the reporting one: symbols quoted in them, conversion symbols, and a book's amounts.

An amount stays in its own currency, to the last digit. It is valued at the current mark of its conversion symbol, like a
holding of that currency. So a replay of the journal needs no rates, and a sum of values is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec

from genesis.core.money import ZERO

NO_MARK = "no_mark"
NO_CONVERSION = "no_conversion"


class Unvalued(NamedTuple):
    """A position or a currency of a book whose value in the reporting currency is unknown."""

    reason: str
    """`no_mark`: a held symbol has no mark; `no_conversion`: a currency has no conversion symbol, or that has no mark."""
    name: str
    """The symbol or the currency."""


class Currencies:
    """The configured currencies and conversions.

    A symbol without an entry is quoted in the reporting currency. The price of a conversion symbol is the value of one unit
    of its currency in the reporting currency.
    """

    __slots__ = ("_conversions", "_symbols", "reporting")

    def __init__(
        self,
        reporting: str,
        conversions: Mapping[str, str] | None = None,
        symbol_currencies: Mapping[str, str] | None = None,
    ) -> None:
        """`conversions`: currency → conversion symbol; `symbol_currencies`: symbol → the currency that it is quoted in."""
        self.reporting = reporting
        self._conversions = dict(conversions or {})
        self._symbols = dict(symbol_currencies or {})

    def of_symbol(self, symbol: str) -> str:
        """The currency that a symbol is quoted in."""
        return self._symbols.get(symbol, self.reporting)

    def conversion(self, currency: str) -> str | None:
        """The symbol whose mark converts a currency; None without one."""
        return self._conversions.get(currency)

    def converted_at(self, symbol: str) -> tuple[str, ...]:
        """The currencies that a symbol converts."""
        return tuple(currency for currency, by in self._conversions.items() if by == symbol)


class Amounts(msgspec.Struct, kw_only=True):
    """A book's amounts in one currency, in that currency. Instances are mutable, and owned by one book."""

    realized: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    net: Decimal = ZERO
    """Realised and unrealised P&L less fees plus funding; a position without a mark counts at cost."""
    positions: int = 0
    """Open positions in symbols that are quoted in the currency."""

    @property
    def involved(self) -> bool:
        """Whether any figure of the book needs the rate of the currency."""
        return bool(self.realized or self.fees or self.funding or self.positions)
