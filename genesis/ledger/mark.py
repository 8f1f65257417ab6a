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
"""How many quotes of a symbol are remembered, to find the one that a fill met: its report comes after younger ones."""


class Mark:
    """The price that a symbol's positions are valued at, and who holds them."""

    __slots__ = ("converts", "currency", "elsewhere", "holders", "price", "quantity", "quoted", "quotes", "time")

    def __init__(self, symbol: str, currencies: Currencies) -> None:
        self.currency = currencies.of_symbol(symbol)
        self.converts = currencies.converted_at(symbol)
        """The currencies whose rate it is."""
        self.elsewhere = self.currency != currencies.reporting or bool(self.converts)
        """Whether the price moves amounts in another currency than the reporting one."""
        self.price: Decimal | None = None
        self.time: datetime | None = None
        self.quoted = False
        self.quotes: deque[Quote] = deque(maxlen=KEPT_QUOTES)
        """The last ones, in the order of their time; none from before a restart."""
        self.holders: list[tuple[Book, Holding]] = []
        """The books with an open position in the symbol, and the position."""
        self.quantity = ZERO
        """Their sum."""


def mid(quote: Quote) -> Decimal:
    """Halfway between the best bid and ask, in `EXACT` arithmetic."""
    return (quote.bid + quote.ask) * HALF
