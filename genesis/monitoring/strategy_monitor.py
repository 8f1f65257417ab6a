"""StrategyPerformanceMonitor: one event in, one snapshot out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal, getcontext, setcontext
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from genesis.analytics.histogram import Histogram
from genesis.analytics.metrics import TradeTally
from genesis.analytics.slippage import slippage_ratio
from genesis.core.clock import Clock, SystemClock
from genesis.core.config import MonitorSettings, TradingRules
from genesis.core.errors import EventError
from genesis.core.models import AnyAccountEvent, AnyEvent, AnyMarketEvent, Fill, MarketEvent, MarketTrade, Quote, Side, Signal
from genesis.core.money import EXACT, exact_arithmetic
from genesis.ledger.checkpoint import Checkpoint
from genesis.ledger.journal import Entry, Journal
from genesis.ledger.ledger import Ledger
from genesis.monitoring.snapshot import MonitorSnapshot
from genesis.monitoring.summary import StrategyRecord, summarise
from genesis.monitoring.telemetry import Outcome, Telemetry

_SLIPPAGE_BOUNDS = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2)
_DELAY_BOUNDS = (1e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)
_KEPT_SIGNALS = 10_000

_log = structlog.get_logger(__name__)


class Receipt(NamedTuple):
    """The answer to an event: what became of it, and what was wrong with it if it was refused."""

    outcome: Outcome
    error: EventError | None = None


class _Decision(NamedTuple):
    """What is kept of a signal until its fills have come."""

    strategy: str
    symbol: str
    side: Side
    price: Decimal
    time: datetime

    def led_to(self, fill: Fill) -> bool:
        return (fill.strategy, fill.symbol, fill.side) == (self.strategy, self.symbol, self.side)


_ACCEPTED = Receipt(Outcome.ACCEPTED)
_LATE = Receipt(Outcome.LATE)
_RECEIPTS = {
    Entry.NEW: _ACCEPTED,
    Entry.DUPLICATE: Receipt(Outcome.DUPLICATE),
}


class StrategyPerformanceMonitor:
    """Keeps the account's books from its events, and tells what they mean.

    An account event is durable in the journal before it is booked, and booked before `handle` returns. Market events are
    not kept: they move the marks, and return without waiting for anything.
    """

    def __init__(self, settings: MonitorSettings, rules: TradingRules, journal: Journal, clock: Clock | None = None) -> None:
        """`journal` is open; `restore` has to be awaited before the first event."""
        self.telemetry = Telemetry()
        self._settings = settings
        self._rules = rules
        self._journal = journal
        self._clock = clock or SystemClock()
        self._ledger = Ledger(ZoneInfo(settings.time_zone))
        self._records: dict[str, StrategyRecord] = {}
        self._failed: dict[str, str] = {}
        self._decisions: dict[tuple[str, str], _Decision] = {}
        self._mark_seen: dict[str, float] = {}
        self._order = asyncio.Lock()

    async def restore(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Rebuild the books from the journal; `progress` is told (events done, events in all) now and then."""
        checkpoint = await self._journal.load_checkpoint()
        done = 0
        async for batch in self._journal.replay():
            for sequence, event in batch:
                if checkpoint is not None and sequence > checkpoint.sequence:
                    self._restore_marks(checkpoint)
                    checkpoint = None
                self._book(event)
            done += len(batch)
            if progress is not None:
                progress(done, self._journal.count)
        if checkpoint is not None:
            self._restore_marks(checkpoint)

    async def handle(self, event: AnyEvent) -> Receipt:
        """Take in one event.

        Raises:
            JournalError: the event could not be made durable, and nothing changed; send it again.
        """
        if isinstance(event, MarketEvent):
            return self._market(event)
        return (await self.handle_batch((event,)))[0]

    async def handle_batch(self, events: Sequence[AnyEvent]) -> list[Receipt]:
        """Take in events in their order; their account events share one commit. A cancelled call still ends what it began.

        Raises:
            JournalError: none of the events could be made durable, and nothing changed; send them again.
        """
        return await asyncio.shield(asyncio.ensure_future(self._take(events)))

    async def save_checkpoint(self) -> None:
        """Keep in the journal what its events alone cannot give back: marks, drawdowns, starts of periods."""
        async with self._order:
            await self._journal.save_checkpoint(self._ledger.checkpoint(self._journal.last_sequence))

    def snapshot(self) -> MonitorSnapshot:
        """The whole picture at this moment."""
        with exact_arithmetic():
            return summarise(
                self._ledger,
                records=self._records,
                failed=self._failed,
                mark_seen=self._mark_seen,
                rules=self._rules,
                currency=self._settings.reporting_currency,
            )

    def _market(self, event: AnyMarketEvent) -> Receipt:
        arrived = self._clock.timestamp()
        started = self._clock.monotonic()
        outer = getcontext()
        setcontext(EXACT)
        try:
            fresh = self._mark(event)
        finally:
            setcontext(outer)
        receipt = _ACCEPTED if fresh else _LATE
        if fresh and self._is_mark(event):
            self._mark_seen[event.symbol] = arrived
        self.telemetry.kinds[type(event)].record(
            receipt.outcome, self._clock.monotonic() - started, arrived - event.time.timestamp()
        )
        return receipt

    def _mark(self, event: AnyMarketEvent) -> bool:
        if isinstance(event, Quote):
            return self._ledger.quote(event)
        if isinstance(event, MarketTrade):
            return self._ledger.market_trade(event)
        self._ledger.advance(event.time)
        return True

    def _is_mark(self, event: AnyMarketEvent) -> bool:
        """Whether `event`, just taken in, is what its symbol is marked at: trades and depth do not keep a dead quote fresh."""
        if isinstance(event, MarketTrade):
            return not self._ledger.marks[event.symbol].quoted
        return isinstance(event, Quote)

    async def _take(self, events: Sequence[AnyEvent]) -> list[Receipt]:
        async with self._order:
            started = self._clock.monotonic()
            refused = {position: error for position, event in enumerate(events) if (error := self._refusal(event))}
            kept = [e for i, e in enumerate(events) if not isinstance(e, MarketEvent) and i not in refused]
            entries = iter(await self._journal.append(kept)) if kept else iter(())
            durable = self._clock.monotonic()
            if kept:
                self.telemetry.journal_append.observe(durable - started)
            receipts = []
            for position, event in enumerate(events):
                if isinstance(event, MarketEvent):
                    receipts.append(self._market(event))
                    continue
                error = refused.get(position)
                receipt = Receipt(Outcome.REJECTED, error) if error else self._receive(event, next(entries))
                self._record(event, receipt, started)
                receipts.append(receipt)
            return receipts

    def _refusal(self, event: AnyEvent) -> EventError | None:
        """Why an event that is well-formed cannot be booked, if so."""
        if isinstance(event, Fill) and event.fee and event.fee_currency not in (None, self._settings.reporting_currency):
            reason = f"is not the reporting currency {self._settings.reporting_currency}, and no conversion is known"
            return EventError("fee_currency", event.fee_currency, reason)
        return None

    def _receive(self, event: AnyAccountEvent, entry: Entry) -> Receipt:
        if entry is Entry.CONFLICT:
            reason = f"is already in the journal with other content (source {event.source!r})"
            _log.warning("event refused", kind=type(event).__name__, event_id=event.event_id, reason=reason)
            return Receipt(Outcome.CONFLICT, EventError("event_id", event.event_id, reason))
        if entry is Entry.NEW:
            self._book(event)
            self._records[event.strategy].last_event_timestamp = self._clock.timestamp()
        return _RECEIPTS[entry]

    def _record(self, event: AnyAccountEvent, receipt: Receipt, started: float) -> None:
        if receipt.error is not None and receipt.outcome is Outcome.REJECTED:
            _log.warning("event refused", kind=type(event).__name__, event_id=event.event_id, reason=str(receipt.error))
        lag = self._clock.timestamp() - event.time.timestamp()
        self.telemetry.kinds[type(event)].record(receipt.outcome, self._clock.monotonic() - started, lag)

    def _book(self, event: AnyAccountEvent) -> None:
        """Book an event that is in the journal. A fault leaves its strategy out from now on, and nobody else."""
        record = self._records.get(event.strategy)
        if record is None:
            record = self._records[event.strategy] = StrategyRecord(
                TradeTally(), Histogram(_SLIPPAGE_BOUNDS), Histogram(_SLIPPAGE_BOUNDS), Histogram(_DELAY_BOUNDS)
            )
        try:
            with exact_arithmetic():
                for trip in self._ledger.apply(event):
                    record.trades.add(trip)
                self._compare_with_decision(event, record)
        except Exception as error:
            self._failed[event.strategy] = f"{type(error).__name__}: {error}"
            _log.exception("booking failed: the strategy is left out", strategy=event.strategy, event_id=event.event_id)

    def _compare_with_decision(self, event: AnyAccountEvent, record: StrategyRecord) -> None:
        if isinstance(event, Signal):
            self._decisions[event.source, event.event_id] = _Decision(
                event.strategy, event.symbol, event.side, event.price, event.time
            )
            if len(self._decisions) > _KEPT_SIGNALS:
                del self._decisions[next(iter(self._decisions))]
        elif isinstance(event, Fill) and event.signal_id is not None:
            decision = self._decisions.get((event.source, event.signal_id))
            if decision is None or not decision.led_to(event):
                return
            slippage = slippage_ratio(event.side, event.price, decision.price)
            (record.adverse if slippage > 0 else record.favourable).observe(abs(slippage))
            record.delay.observe(max(0.0, (event.time - decision.time).total_seconds()))

    def _restore_marks(self, checkpoint: Checkpoint) -> None:
        with exact_arithmetic():
            self._ledger.restore(checkpoint)
        for symbol, mark in checkpoint.marks.items():
            self._mark_seen[symbol] = mark.time.timestamp()
