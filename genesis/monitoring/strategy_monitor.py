"""StrategyPerformanceMonitor: one event in, one snapshot out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import aclosing
from decimal import getcontext, setcontext
from types import MappingProxyType

import structlog

from genesis.core.clock import Clock, SystemClock
from genesis.core.errors import EventError
from genesis.core.models import AnyAccountEvent, AnyEvent, AnyMarketEvent, MarketEvent, MarketTrade, Quote, Void
from genesis.core.money import EXACT, exact_arithmetic
from genesis.core.receipt import Outcome, Receipt
from genesis.core.statement import ComparisonSettings, Statement
from genesis.ledger.digest import digest
from genesis.ledger.enrichment import Enrichment
from genesis.ledger.journal import Append, AppendResult, Committed, Journal, Recovered
from genesis.ledger.reconciliation import Reconciliation, reconcile
from genesis.metrics.telemetry import Telemetry
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.cached_figures import EventFiguresCache
from genesis.monitoring.capacities import Capacities
from genesis.monitoring.intake import Intake
from genesis.monitoring.restart import Progress, correct, replay
from genesis.monitoring.summary import summarise
from genesis.settings.monitor import MonitorSettings
from genesis.settings.strategies import StrategySettings
from genesis.settings.trading_rules import TradingRules
from genesis.snapshot import MonitorSnapshot

_log = structlog.get_logger(__name__)


_ACCEPTED = Receipt(Outcome.ACCEPTED)
_DUPLICATE = Receipt(Outcome.DUPLICATE)
_LATE = Receipt(Outcome.LATE)


class _Batch(Append):
    """Events that came together: its account events wait for their commit, then all events are booked in order."""

    __slots__ = ("all_events", "receipts", "refused", "started")

    def __init__(self, events: Sequence[AnyEvent], refused: Mapping[int, EventError], started: float) -> None:
        """`refused`: position → why the account event there is not booked; `started`: monotonic time of the arrival."""
        super().__init__([e for i, e in enumerate(events) if not isinstance(e, MarketEvent) and i not in refused])
        self.all_events = events
        self.refused = refused
        self.started = started
        self.receipts: list[Receipt] = []


class StrategyPerformanceMonitor:
    """Keeps the account's books from its events, and computes snapshots of the figures.

    An account event is durable in the journal before it is booked, and booked before `handle` returns. Market events are
    not kept: they move the marks, and return without waiting for anything.
    """

    def __init__(
        self,
        settings: MonitorSettings,
        rules: TradingRules,
        journal: Journal,
        clock: Clock | None = None,
        *,
        configured: Mapping[str, StrategySettings] = MappingProxyType({}),
    ) -> None:
        """`journal` is open; `restore` has to be awaited before the first event. `configured`: strategies.yaml."""
        self.telemetry = Telemetry()
        self._settings = settings
        self._journal = journal
        self._clock = clock or SystemClock()
        self._accounts = Accounts(settings, configured)
        self._apply(rules, configured)
        self._mark_seen: dict[str, float] = {}
        self._voiding = asyncio.Lock()
        self._bookkeeping: asyncio.Task[None] | None = None

    def follow(self, rules: TradingRules, configured: Mapping[str, StrategySettings]) -> None:
        """Apply a new trading_rules.yaml and strategies.yaml. Books, events in progress and all figures go on.

        Only the CUSUM of a strategy whose baseline changed begins again.
        """
        self._accounts.analysis.follow(configured)
        self._apply(rules, configured)

    def _apply(self, rules: TradingRules, configured: Mapping[str, StrategySettings]) -> None:
        self._rules = rules
        self._configured = configured
        self._event_figures = EventFiguresCache(self._accounts, configured)
        self._intake = Intake(self._settings.events, configured, self._accounts)

    async def restore(self, progress: Progress | None = None) -> None:
        """Rebuild the accounts from the last saved state and the journal's later events; without a state, from all events."""
        saved = await self._journal.load_snapshot()
        start = 0
        if saved is not None:
            start = self._accounts.restore(saved, await self._journal.load_points()) or 0
        await replay(self._accounts, self._journal, start, progress)
        self._accounts.ledger.watch()
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
        """Take in events in their order; their account events share one commit. A cancelled call still completes what it began.

        A void is committed on its own, after what is before it.

        Raises:
            JournalError: none of the events could be made durable, and nothing changed; send them again. With a void among them
                those before it may have been taken in: sent again, they are duplicates.
        """
        if any(isinstance(event, Void) for event in events):
            return await asyncio.shield(asyncio.ensure_future(self._with_voids(events)))
        return await self._take(events)

    async def _recover(self, sequence: int, event: AnyAccountEvent) -> None:
        """Book an event that turned out to be durable after its sender got an error; sent again, it is a duplicate."""
        pending = self._accounts.correction
        if isinstance(event, Void):
            await correct(self._accounts, self._journal, event, until=sequence)
        self._accounts.book(event)
        if isinstance(event, Void) and pending is not None and pending.void != event:
            await correct(
                self._accounts, self._journal, pending.void, until=sequence
            )  # that correction began without this void
        self._accounts.records[event.strategy].last_event_timestamp = self._clock.timestamp()

    async def _with_voids(self, events: Sequence[AnyEvent]) -> list[Receipt]:
        receipts: list[Receipt] = []
        async with self._voiding:
            for part in _split_at_voids(events):
                if isinstance(part[0], Void):
                    receipts.append(await self._void(part[0]))
                else:
                    receipts += await self._take(part)
        return receipts

    async def _void(self, void: Void) -> Receipt:
        """Take in a void, alone: the books are corrected for one void at a time."""
        started = self._clock.monotonic()
        error = await correct(self._accounts, self._journal, void)
        if error is None:
            # If this fails, the correction stays: the void may turn out to be durable after all.
            receipts = await self._take((void,))
            self._accounts.correction = None
            return receipts[0]
        receipt = Receipt(Outcome.REJECTED, error)
        self._record(void, receipt, started)
        return receipt

    async def _take(self, events: Sequence[AnyEvent]) -> list[Receipt]:
        started = self._clock.monotonic()
        refused = self._intake.account_refusals(events, self._clock.timestamp())
        batch = _Batch(self._enriched(events), refused, started)
        if batch.events:
            self._keep_books()
            await self._journal.append(batch)
        else:
            self._book(batch)
        return batch.receipts

    def _keep_books(self) -> None:
        """From the first event on, book what the journal has committed."""
        if self._bookkeeping is None:
            self._bookkeeping = asyncio.create_task(self._follow_journal())

    async def _follow_journal(self) -> None:
        """Book what is durable, in the journal's order, until the journal is closed."""
        try:
            async with aclosing(self._journal.work()) as steps:
                async for step in steps:
                    if isinstance(step, Committed):
                        self.telemetry.journal_commit.observe(step.size)
                        for append in step.appends:
                            self._book_committed(append)
                    elif isinstance(step, Recovered):
                        await self._recover(step.sequence, step.event)
                    else:
                        self.telemetry.journal_errors += 1
        except Exception:
            _log.exception("the books cannot follow the journal: no more events are taken; start the monitor again")

    def _book_committed(self, append: Append) -> None:
        """Book one append, and give its sender the result or the error; other appends are booked regardless."""
        assert isinstance(append, _Batch)  # noqa: S101 - only `_take` appends
        self.telemetry.journal_append.observe(self._clock.monotonic() - append.started)
        try:
            self._book(append)
        except Exception as error:
            append.done.set_exception(error)
        else:
            append.done.set_result(None)

    def _book(self, batch: _Batch) -> None:
        results = iter(batch.results)
        for position, event in enumerate(batch.all_events):
            if isinstance(event, MarketEvent):
                batch.receipts.append(self._market(event))
                continue
            error = batch.refused.get(position)
            receipt = Receipt(Outcome.REJECTED, error) if error else self._receive(event, next(results))
            self._record(event, receipt, batch.started)
            batch.receipts.append(receipt)

    async def save_snapshot(self) -> None:
        """Keep the accounts in the journal's database, so that a restart replays only what came later."""
        points = self._accounts.analysis.unsaved()
        await self._journal.save_snapshot(self._accounts.encode, points)
        self._accounts.analysis.saved(points)

    def reconcile(self, statement: Statement, comparison: ComparisonSettings) -> Reconciliation:
        """Compare a broker's statement with the books of this moment, and keep the result for the exporter.

        Raises:
            EventError: `comparison` names an unknown strategy, or too many different scopes were compared.
        """
        books, kept = self._accounts.ledger.books, self._accounts.reconciliations
        kept.admit(comparison, books)
        with exact_arithmetic():
            found = reconcile(books, statement, comparison, self._clock.timestamp())
        kept.keep(found)
        return found

    @property
    def accounts(self) -> Accounts:
        """The state behind the snapshot, for tests and benchmarks that need more than the snapshot."""
        return self._accounts

    def digest(self) -> str:
        """A fingerprint of the books: equal if the same was booked, to the last digit."""
        return digest(self._accounts.ledger.books)

    def snapshot(self) -> MonitorSnapshot:
        """All figures at this moment."""
        accounts = self._accounts
        with exact_arithmetic():
            return summarise(
                accounts,
                event_figures=self._event_figures,
                mark_seen=self._mark_seen,
                rules=self._rules,
                currency=self._settings.reporting_currency,
                configured=self._configured,
                capacities=Capacities(
                    self._settings.statistics,
                    accounts.markets,
                    accounts.ledger.rates,
                    accounts.ledger.time,
                    accounts.analysis.daily_volatility,
                ),
            )

    def _market(self, event: AnyMarketEvent) -> Receipt:
        arrived = self._clock.timestamp()
        started = self._clock.monotonic()
        lag = arrived - event.time.timestamp()
        telemetry = self.telemetry.kinds[type(event)]
        error = self._intake.market_refusal(event, lag)
        if error is not None:
            telemetry.record(Outcome.REJECTED, self._clock.monotonic() - started, lag)
            count = telemetry.outcomes[Outcome.REJECTED.value]
            if count & (count - 1) == 0:  # 1, 2, 4, 8, ...: a feed may send thousands a second
                _log.warning("event refused", kind=telemetry.kind, source=event.source, reason=str(error), refused=count)
            return Receipt(Outcome.REJECTED, error)
        outer = getcontext()
        setcontext(EXACT)
        try:
            fresh = self._accounts.mark(event)
        finally:
            setcontext(outer)
        receipt = _ACCEPTED if fresh else _LATE
        if fresh and self._is_mark(event):
            self._mark_seen[event.symbol] = arrived
        self.telemetry.offsets.record(event.source, -lag, started)
        telemetry.record(receipt.outcome, self._clock.monotonic() - started, lag)
        return receipt

    def _is_mark(self, event: AnyMarketEvent) -> bool:
        """Whether `event`, just taken in, is what its symbol is marked at: trades and depth do not keep a dead quote fresh."""
        if isinstance(event, MarketTrade):
            return not self._accounts.ledger.marks[event.symbol].quoted
        return isinstance(event, Quote)

    def _enriched(self, events: Sequence[AnyEvent]) -> Sequence[AnyEvent]:
        """The events, with fields added that are known now but not when the journal is replayed."""
        if all(isinstance(event, MarketEvent) for event in events):
            return events
        enrichment = Enrichment(self._accounts.ledger, self._accounts.decisions.kept)
        enriched: list[AnyEvent] = []
        for event in events:
            if isinstance(event, MarketEvent):
                enrichment.see(event)
                enriched.append(event)
            else:
                enriched.append(enrichment.note(event))
        return enriched

    def _receive(self, event: AnyAccountEvent, entry: AppendResult) -> Receipt:
        if entry is AppendResult.CONFLICT:
            reason = f"is already in the journal with other content (source {event.source!r})"
            _log.warning("event refused", kind=type(event).__name__, event_id=event.event_id, reason=reason)
            return Receipt(Outcome.CONFLICT, EventError("event_id", event.event_id, reason))
        if entry is AppendResult.DUPLICATE:
            return _DUPLICATE
        if self._intake.is_late(event):
            self.telemetry.kinds[type(event)].late += 1
        self._accounts.book(event)
        self._accounts.records[event.strategy].last_event_timestamp = self._clock.timestamp()
        return _ACCEPTED

    def _record(self, event: AnyAccountEvent, receipt: Receipt, started: float) -> None:
        if receipt.error is not None and receipt.outcome is Outcome.REJECTED:
            _log.warning("event refused", kind=type(event).__name__, event_id=event.event_id, reason=str(receipt.error))
        lag = self._clock.timestamp() - event.time.timestamp()
        if receipt.outcome is Outcome.ACCEPTED:
            self.telemetry.offsets.record(event.source, -lag, started)
        self.telemetry.kinds[type(event)].record(receipt.outcome, self._clock.monotonic() - started, lag)


def _split_at_voids(events: Sequence[AnyEvent]) -> Iterator[Sequence[AnyEvent]]:
    """The events in order, in parts: each void is a part of its own."""
    start = 0
    for position, event in enumerate(events):
        if isinstance(event, Void):
            if position > start:
                yield events[start:position]
            yield events[position : position + 1]
            start = position + 1
    if start < len(events):
        yield events[start:]
