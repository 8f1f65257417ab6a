"""The price that a symbol is valued at."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from decimal import Decimal

from genesis.core.models import Quote
from genesis.core.money import ZERO
from genesis.ledger.book import Book
from genesis.ledger.currency import Currencies
from genesis.ledger.holding import Holding

HALF = Decimal("0.5")
KEPT_QUOTES = 32
"""Quotes kept per symbol, to find the one at a fill's time: newer quotes often arrive before the report of the fill."""


class Mark:
    """The price that a symbol's positions are valued at, and who holds them."""

    __slots__ = ("converts", "currency", "elsewhere", "holders", "price", "quantity", "quoted", "quotes", "time")

    def __init__(self, symbol: str, currencies: Currencies) -> None:
        self.currency = currencies.of_symbol(symbol)
        self.converts = currencies.converted_at(symbol)
        """The currencies whose conversion rate is this price."""
        self.elsewhere = self.currency != currencies.reporting or bool(self.converts)
        """Whether the price changes the value of amounts in a currency other than the reporting one."""
        self.price: Decimal | None = None
        self.time: datetime | None = None
        self.quoted = False
        self.quotes: deque[Quote] = deque(maxlen=KEPT_QUOTES)
        """The last quotes, in order of time; after a restart only the newest from before it, if a snapshot kept it."""
        self.holders: list[tuple[Book, Holding]] = []
        """The books with an open position in the symbol, each with that position."""
        self.quantity = ZERO
        """Sum of the quantities of `holders`."""


def mid(quote: Quote) -> Decimal:
    """Halfway between the best bid and ask. The caller sets the decimal context `EXACT`."""
    return (quote.bid + quote.ask) * HALF
