"""The state of the ledger as one value, to save and restore."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.models import Quote
from genesis.ledger.book import Book
from genesis.ledger.drawdown import Drawdown
from genesis.ledger.equity import GridState
from genesis.ledger.periods import Period


class MarkState(msgspec.Struct, frozen=True):
    """A symbol's last mark."""

    price: Decimal
    time: datetime
    quoted: bool
    quote: Quote | None = None
    """The last quote, if there was one."""


class LedgerState(msgspec.Struct, frozen=True):
    """All books and marks at the event time `time`. The books are those of the ledger, not copies."""

    time: datetime | None
    capital: Decimal
    drawdown: Drawdown | None
    period_starts: dict[Period, Decimal | None]
    grid: GridState | None
    books: dict[str, Book]
    marks: dict[str, MarkState]
