"""What the journal's account events alone cannot give back after a restart: marks, drawdowns, starts of periods."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.ledger.drawdown import Drawdown
from genesis.ledger.periods import Period


class MarkCheckpoint(msgspec.Struct, frozen=True):
    """A symbol's last mark."""

    price: Decimal
    time: datetime
    quoted: bool


class BookCheckpoint(msgspec.Struct, frozen=True):
    """A book's drawdown, and its net P&L at the start of each period."""

    drawdown: Drawdown
    period_starts: dict[Period, Decimal | None]


class Checkpoint(msgspec.Struct, frozen=True):
    """The state behind the events up to `sequence`, at the event time `time`."""

    sequence: int
    time: datetime | None
    marks: dict[str, MarkCheckpoint]
    books: dict[str, BookCheckpoint]
    account: BookCheckpoint | None
