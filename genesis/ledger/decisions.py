"""What is remembered of the signals: the price that each was decided at, until its fills have come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.models import Fill, Side, Signal
from genesis.ledger.correction import Identity


class Decision(msgspec.Struct, frozen=True):
    """What is kept of a signal until its fills have come."""

    source: str
    event_id: str
    strategy: str
    symbol: str
    side: Side
    price: Decimal
    time: datetime

    @classmethod
    def of(cls, signal: Signal) -> Decision:
        return cls(
            source=signal.source,
            event_id=signal.event_id,
            strategy=signal.strategy,
            symbol=signal.symbol,
            side=signal.side,
            price=signal.price,
            time=signal.time,
        )

    @property
    def identity(self) -> Identity:
        return self.source, self.event_id

    def led_to(self, fill: Fill) -> bool:
        return (fill.strategy, fill.symbol, fill.side) == (self.strategy, self.symbol, self.side)


def decision_of(fill: Fill, *known: Mapping[Identity, Decision]) -> Decision | None:
    """The decision that led to `fill`, if it is in one of `known`."""
    if fill.signal_id is None:
        return None
    identity = fill.source, fill.signal_id
    found = next((decisions[identity] for decisions in known if identity in decisions), None)
    return found if found is not None and found.led_to(fill) else None
