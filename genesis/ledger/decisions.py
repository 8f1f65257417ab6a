"""The tracked signals: the decision of each, how much of it was filled, and the P&L missed on the rest.

A signal ends when its engine says so (`SignalEnd`), when it is older than the expiry, or when `KEPT_SIGNALS` newer
ones came. The quantity unfilled at that time is the opportunity part of the shortfall, valued at the mark of that time.
"""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec

from genesis.core.models import Fill, Side, Signal, SignalEnd
from genesis.core.money import ZERO
from genesis.ledger.correction import Identity

KEPT_SIGNALS = 10_000
KEPT_UNFILLED = 1_000
"""How many signals are kept that ended without a fill, mostly a market maker's quotes: no void can concern them."""


class TrackedSignal(msgspec.Struct, kw_only=True):
    """A signal, its filled quantity and its end. Instances are mutable, and owned by one `Decisions`."""

    source: str
    event_id: str
    strategy: str
    symbol: str
    side: Side
    price: Decimal
    time: datetime
    quantity: Decimal
    filled: Decimal = ZERO
    ended: bool = False
    end_price: Decimal | None = None
    """The mark when it ended; None if there was none."""

    @classmethod
    def of(cls, signal: Signal) -> TrackedSignal:
        return cls(
            source=signal.source,
            event_id=signal.event_id,
            strategy=signal.strategy,
            symbol=signal.symbol,
            side=signal.side,
            price=signal.price,
            time=signal.time,
            quantity=signal.quantity,
        )

    @property
    def identity(self) -> Identity:
        return self.source, self.event_id

    @property
    def unfilled(self) -> Decimal:
        return max(ZERO, self.quantity - self.filled)

    @property
    def missed(self) -> Decimal:
        """P&L that the unfilled rest would have made until the end; below 0 a loss. 0 while open, or without a mark."""
        if not self.ended or self.end_price is None:
            return ZERO
        return self.side.sign * self.unfilled * (self.end_price - self.price)

    def led_to(self, fill: Fill) -> bool:
        return (fill.strategy, fill.symbol, fill.side) == (self.strategy, self.symbol, self.side)


class Opportunity(msgspec.Struct, kw_only=True):
    """The unfilled rests of a strategy's ended signals in one symbol, in the currency of the symbol."""

    missed: Decimal = ZERO
    """P&L that the rests would have made; above 0 is a missed gain, and so a cost."""
    measured: int = 0
    """Signals that ended with an unfilled rest and a known mark. A counter: a fill after the end does not lower it."""
    unmeasured: int = 0
    """Signals that ended with an unfilled rest while there was no mark."""


Price = Callable[[str], Decimal | None]
"""Symbol → its current mark; None without one."""


class Decisions:
    """The last `KEPT_SIGNALS` signals of all strategies. The caller sets the decimal context `EXACT`."""

    def __init__(self, expiry: timedelta) -> None:
        """`expiry`: event time after which a signal ends, if nothing ended it before."""
        self.kept: dict[Identity, TrackedSignal] = {}
        self.opportunities: dict[str, dict[str, Opportunity]] = {}
        """Strategy → symbol → the P&L missed there; for every symbol that had a signal of the strategy."""
        self.ended: Counter[str] = Counter()
        """Strategy → how many of its signals have ended since this was made."""
        self._expiry = expiry
        self._due: list[tuple[datetime, Identity]] = []
        self._unfilled: deque[Identity] = deque()

    @property
    def next_expiry(self) -> datetime | None:
        """The event time at which the next signal expires."""
        return self._due[0][0] if self._due else None

    def decide(self, signal: Signal, price: Price) -> None:
        """Track a signal. If there are more than `KEPT_SIGNALS`, the oldest ends at its current `price` and is dropped."""
        decision = TrackedSignal.of(signal)
        self._opportunity(decision)
        self._keep(decision)
        if len(self.kept) > KEPT_SIGNALS:
            oldest = self.kept[next(iter(self.kept))]
            self._end(oldest, price(oldest.symbol))
            self.kept.pop(oldest.identity, None)

    def fill(self, fill: Fill) -> TrackedSignal | None:
        """Count a fill; returns the decision that led to it, None if that is not known."""
        return self._change(fill, fill.quantity)

    def void(self, fill: Fill) -> None:
        """Remove a voided fill."""
        self._change(fill, -fill.quantity)

    def end(self, end: SignalEnd) -> None:
        """End a signal; ignored if the signal is not known or belongs to another strategy."""
        decision = self.kept.get((end.source, end.signal_id))
        if decision is not None and decision.strategy == end.strategy:
            self._end(decision, end.price)

    def expire(self, time: datetime, price: Price) -> None:
        """End the signals that expire up to `time`, at the current marks."""
        while self._due and self._due[0][0] <= time:
            decision = self.kept.get(heapq.heappop(self._due)[1])
            if decision is not None:
                self._end(decision, price(decision.symbol))

    def restore(self, decisions: Iterable[TrackedSignal], opportunities: dict[str, dict[str, Opportunity]]) -> None:
        """Load saved signals and opportunities."""
        self.opportunities = opportunities
        for decision in decisions:
            self._keep(decision)

    def _keep(self, decision: TrackedSignal) -> None:
        self.kept[decision.identity] = decision
        if decision.ended:
            self._forget_unfilled(decision)
        else:
            heapq.heappush(self._due, (decision.time + self._expiry, decision.identity))

    def _change(self, fill: Fill, quantity: Decimal) -> TrackedSignal | None:
        decision = decision_of(fill, self.kept)
        if decision is not None:
            opportunity = self._opportunity(decision)
            opportunity.missed -= decision.missed
            decision.filled += quantity
            opportunity.missed += decision.missed
        return decision

    def _end(self, decision: TrackedSignal, price: Decimal | None) -> None:
        if decision.ended:
            return
        decision.ended, decision.end_price = True, price
        self.ended[decision.strategy] += 1
        opportunity = self._opportunity(decision)
        opportunity.missed += decision.missed
        if decision.unfilled:
            opportunity.measured += price is not None
            opportunity.unmeasured += price is None
        self._forget_unfilled(decision)

    def _forget_unfilled(self, decision: TrackedSignal) -> None:
        """Count an ended signal without a fill; above `KEPT_UNFILLED`, drop the oldest of them."""
        if decision.filled:
            return
        self._unfilled.append(decision.identity)
        if len(self._unfilled) > KEPT_UNFILLED:
            oldest = self.kept.get(self._unfilled.popleft())
            if oldest is not None and not oldest.filled:
                del self.kept[oldest.identity]

    def _opportunity(self, decision: TrackedSignal) -> Opportunity:
        return self.opportunities.setdefault(decision.strategy, {}).setdefault(decision.symbol, Opportunity())


def decision_of(fill: Fill, *known: Mapping[Identity, TrackedSignal]) -> TrackedSignal | None:
    """The decision that led to `fill`; None if it is in none of `known`."""
    if fill.signal_id is None:
        return None
    identity = fill.source, fill.signal_id
    found = next((decisions[identity] for decisions in known if identity in decisions), None)
    return found if found is not None and found.led_to(fill) else None
