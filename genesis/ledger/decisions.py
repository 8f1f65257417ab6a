"""What is remembered of the signals: what each decided on, how much of it was filled, and what the rest came to.

A signal ends when its engine says so (`SignalEnd`), when it is older than the expiry, or when there are too many younger ones.
What is unfilled then is the opportunity part of the shortfall, at the mark of that moment.
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
"""How many of those are kept that ended without a fill: a market maker's quotes, mostly, of which no fill can be void."""


class TrackedSignal(msgspec.Struct, kw_only=True):
    """A signal, and what has become of it. Instances are mutable, and owned by one `Decisions`."""

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
        """What the unfilled rest would have made until the end; below 0 it would have lost. 0 while the signal is open."""
        if not self.ended or self.end_price is None:
            return ZERO
        return self.side.sign * self.unfilled * (self.end_price - self.price)

    def led_to(self, fill: Fill) -> bool:
        return (fill.strategy, fill.symbol, fill.side) == (self.strategy, self.symbol, self.side)


class Opportunity(msgspec.Struct, kw_only=True):
    """What was never filled of a strategy's signals in one symbol, in the currency of the symbol."""

    missed: Decimal = ZERO
    """Above 0 it would have made money: a cost."""
    measured: int = 0
    """Signals that ended with an unfilled rest, at a mark. A counter: it does not fall where a late fill came after all."""
    unmeasured: int = 0
    """Signals that ended with an unfilled rest while there was no mark."""


Price = Callable[[str], Decimal | None]
"""Symbol → its present mark, if there is one."""


class Decisions:
    """The signals of all strategies, the last `KEPT_SIGNALS` of them. It wants `EXACT` arithmetic."""

    def __init__(self, expiry: timedelta) -> None:
        """`expiry`: how long after its signal a decision ends by itself, in event time."""
        self.kept: dict[Identity, TrackedSignal] = {}
        self.opportunities: dict[str, dict[str, Opportunity]] = {}
        """Strategy → symbol → what was missed there; of each symbol that it ever decided on."""
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
        """Remember a signal; if there are too many, the oldest ends at its present `price` and is forgotten."""
        decision = TrackedSignal.of(signal)
        self._opportunity(decision)
        self._keep(decision)
        if len(self.kept) > KEPT_SIGNALS:
            oldest = self.kept[next(iter(self.kept))]
            self._end(oldest, price(oldest.symbol))
            self.kept.pop(oldest.identity, None)

    def fill(self, fill: Fill) -> TrackedSignal | None:
        """Take in a fill; the decision that led to it, if that is known."""
        return self._change(fill, fill.quantity)

    def void(self, fill: Fill) -> None:
        """Take a fill out again."""
        self._change(fill, -fill.quantity)

    def end(self, end: SignalEnd) -> None:
        """Take in the end of a signal; one that is not known, or another strategy's, has none."""
        decision = self.kept.get((end.source, end.signal_id))
        if decision is not None and decision.strategy == end.strategy:
            self._end(decision, end.price)

    def expire(self, time: datetime, price: Price) -> None:
        """End what is due up to `time`, at the present marks."""
        while self._due and self._due[0][0] <= time:
            decision = self.kept.get(heapq.heappop(self._due)[1])
            if decision is not None:
                self._end(decision, price(decision.symbol))

    def restore(self, decisions: Iterable[TrackedSignal], opportunities: dict[str, dict[str, Opportunity]]) -> None:
        """Take over what was kept."""
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
        """Let go of the oldest ended signal without a fill, where one more would be too many."""
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
    """The decision that led to `fill`, if it is in one of `known`."""
    if fill.signal_id is None:
        return None
    identity = fill.source, fill.signal_id
    found = next((decisions[identity] for decisions in known if identity in decisions), None)
    return found if found is not None and found.led_to(fill) else None
