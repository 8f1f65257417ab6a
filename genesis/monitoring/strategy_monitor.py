"""StrategyPerformanceMonitor: one event in, one snapshot out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import getcontext, setcontext
from typing import NamedTuple
from zoneinfo import ZoneInfo

import structlog

from genesis.core.clock import Clock, SystemClock
from genesis.core.config import MonitorSettings, TradingRules
from genesis.core.errors import EventError
from genesis.core.models import AnyAccountEvent, AnyEvent, AnyMarketEvent, Fill, MarketEvent, MarketTrade, Quote
from genesis.core.money import EXACT, exact_arithmetic
from genesis.ledger.digest import digest
from genesis.ledger.journal import Entry, Journal
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.snapshot import MonitorSnapshot
from genesis.monitoring.summary import summarise
from genesis.monitoring.telemetry import Outcome, Telemetry

_log = structlog.get_logger(__name__)


class Receipt(NamedTuple):
    """The answer to an event: what became of it, and what was wrong with it if it was refused."""

    outcome: Outcome
    error: EventError | None = None


_ACCEPTED = Receipt(Outcome.ACCEPTED)
_DUPLICATE = Receipt(Outcome.DUPLICATE)
_LATE = Receipt(Outcome.LATE)


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
        self._accounts = Accounts(ZoneInfo(settings.time_zone))
        self._mark_seen: dict[str, float] = {}

    async def restore(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Rebuild the accounts: the last saved ones, and the journal's events since, or all events if there are none.

        `progress` is told (events done, events to do) after each batch.
        """
        saved = await self._journal.load_snapshot()
        start = (self._accounts.restore(saved) if saved is not None else None) or 0
        done, total = 0, self._journal.last_sequence - start
        async for batch in self._journal.replay(after=start):
            for _, event in batch:
                self._accounts.book(event)
            done += len(batch)
            if progress is not None:
                progress(done, total)
        for symbol, mark in self._accounts.ledger.marks.items():
            if mark.time is not None:
                self._mark_seen[symbol] = mark.time.timestamp()

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
        started = self._clock.monotonic()
        refused = {position: error for position, event in enumerate(events) if (error := self._refusal(event))}
        kept = [e for i, e in enumerate(events) if not isinstance(e, MarketEvent) and i not in refused]
        receipts: list[Receipt] = []

        def book(entries: Sequence[Entry]) -> None:
            if kept:
                self.telemetry.journal_append.observe(self._clock.monotonic() - started)
            known = iter(entries)
            for position, event in enumerate(events):
                if isinstance(event, MarketEvent):
                    receipts.append(self._market(event))
                    continue
                error = refused.get(position)
                receipt = Receipt(Outcome.REJECTED, error) if error else self._receive(event, next(known))
                self._record(event, receipt, started)
                receipts.append(receipt)

        if kept:
            await self._journal.append(kept, book)
        else:
            book(())
        return receipts

    async def save_snapshot(self) -> None:
        """Keep the accounts in the journal's database, so that a restart replays only what came later."""
        await self._journal.save_snapshot(self._accounts.encode)

    def digest(self) -> str:
        """A fingerprint of the books: equal where, to the last digit, the same was booked."""
        return digest(self._accounts.ledger.books)

    def snapshot(self) -> MonitorSnapshot:
        """The whole picture at this moment."""
        with exact_arithmetic():
            return summarise(
                self._accounts,
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
            fresh = self._accounts.mark(event)
        finally:
            setcontext(outer)
        receipt = _ACCEPTED if fresh else _LATE
        if fresh and self._is_mark(event):
            self._mark_seen[event.symbol] = arrived
        self.telemetry.kinds[type(event)].record(
            receipt.outcome, self._clock.monotonic() - started, arrived - event.time.timestamp()
        )
        return receipt

    def _is_mark(self, event: AnyMarketEvent) -> bool:
        """Whether `event`, just taken in, is what its symbol is marked at: trades and depth do not keep a dead quote fresh."""
        if isinstance(event, MarketTrade):
            return not self._accounts.ledger.marks[event.symbol].quoted
        return isinstance(event, Quote)

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
        if entry is Entry.DUPLICATE:
            return _DUPLICATE
        self._accounts.book(event)
        self._accounts.records[event.strategy].last_event_timestamp = self._clock.timestamp()
        return _ACCEPTED

    def _record(self, event: AnyAccountEvent, receipt: Receipt, started: float) -> None:
        if receipt.error is not None and receipt.outcome is Outcome.REJECTED:
            _log.warning("event refused", kind=type(event).__name__, event_id=event.event_id, reason=str(receipt.error))
        lag = self._clock.timestamp() - event.time.timestamp()
        self.telemetry.kinds[type(event)].record(receipt.outcome, self._clock.monotonic() - started, lag)
