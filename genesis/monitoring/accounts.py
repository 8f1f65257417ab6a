"""The books and the counts next to them: all state that follows from the events, however they arrived."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from types import MappingProxyType
from zoneinfo import ZoneInfo

import msgspec
import structlog

from genesis.analytics.histogram import Histogram
from genesis.analytics.impact import Orders
from genesis.analytics.liquidity import Markets
from genesis.core.duration import duration_text
from genesis.core.models import AnyAccountEvent, AnyMarketEvent, Fill, MarketTrade, Quote, Signal, SignalEnd, Void
from genesis.core.money import exact_arithmetic
from genesis.ledger.correction import Correction, Identity
from genesis.ledger.currency import Currencies
from genesis.ledger.decisions import Decisions, Opportunity, TrackedSignal
from genesis.ledger.equity import EquityGrid
from genesis.ledger.execution import KEPT_FILLS, RecentFill, slippage_ratio
from genesis.ledger.ledger import Ledger
from genesis.ledger.points import decode_points
from genesis.ledger.reconciliation import Reconciliations
from genesis.ledger.source_gaps import Sequences
from genesis.ledger.state import LedgerState
from genesis.ledger.trips import TripLog, TripLogState
from genesis.metrics.catalog import SLIPPAGE_BOUNDS
from genesis.monitoring.analysis import Analysis, AnalysisState
from genesis.settings.monitor import MonitorSettings
from genesis.settings.strategies import StrategySettings

STATE_VERSION = 4
"""The layout of `AccountsState`: add one at every change of a field's meaning, of bucket bounds or of the arithmetic."""

_DELAY_BOUNDS = (1e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

_log = structlog.get_logger(__name__)


class StrategyRecord(msgspec.Struct, kw_only=True):
    """A strategy's counts and histograms next to its book."""

    adverse: Histogram = msgspec.field(default_factory=lambda: Histogram.of(SLIPPAGE_BOUNDS))
    favourable: Histogram = msgspec.field(default_factory=lambda: Histogram.of(SLIPPAGE_BOUNDS))
    delay: Histogram = msgspec.field(default_factory=lambda: Histogram.of(_DELAY_BOUNDS))
    orders: Orders = msgspec.field(default_factory=Orders)
    recent: list[RecentFill] = msgspec.field(default_factory=list)
    """The last fills, oldest first, without voided ones."""
    last_event_timestamp: float | None = None
    """Wall time; None if no event came since the start."""

    def execute(self, fill: Fill, decision: TrackedSignal | None) -> None:
        """Measure a fill; `decision` is the signal behind it, if known."""
        decided = fill.decision_price or (decision.price if decision is not None else None)
        slippage = None if decided is None else slippage_ratio(fill.side, fill.price, decided)
        if slippage is not None:
            (self.adverse if slippage > 0 else self.favourable).observe(abs(slippage))
        delay = None if decision is None else max(0.0, (fill.time - decision.time).total_seconds())
        if delay is not None:
            self.delay.observe(delay)
        self.recent.append(RecentFill.of(fill, slippage, delay))
        del self.recent[:-KEPT_FILLS]

    def void(self, fill: Fill) -> None:
        """Remove a fill; the histograms keep it, as they are counters."""
        self.orders.void(fill)
        self.recent = [recent for recent in self.recent if (recent.source, recent.event_id) != (fill.source, fill.event_id)]


class AccountsState(msgspec.Struct, frozen=True):
    """All accounts as one value, after the journal's events up to `sequence`."""

    version: int
    sequence: int
    ledger: LedgerState
    records: dict[str, StrategyRecord]
    decisions: list[TrackedSignal]
    opportunities: dict[str, dict[str, Opportunity]]
    trips: dict[str, TripLogState]
    failed: dict[str, str]
    voided: list[tuple[str, str, str]]
    """(source, event_id) of each voided fill, and the event_id of its void."""
    sequences: Sequences
    reconciliations: Reconciliations
    markets: Markets
    analysis: AnalysisState


class Accounts:
    """The ledger, the record of each strategy, and the strategies whose books failed.

    Not thread-safe, and without I/O: the same events in the same order give the same accounts.
    """

    def __init__(self, settings: MonitorSettings, configured: Mapping[str, StrategySettings] = MappingProxyType({})) -> None:
        """`settings`: the currencies, the time zone and the statistics are used. `configured`: strategies.yaml."""
        currencies = Currencies(settings.reporting_currency, settings.conversions, settings.symbol_currencies)
        statistics = settings.statistics
        self._step = statistics.step
        self.analysis = Analysis(statistics, configured)
        """Figures from returns. They are not in the journal: only a saved state and its points restore them."""
        grid = EquityGrid(statistics.step, statistics.benchmark, self.analysis.observe)
        self.decisions = Decisions(settings.statistics.signal_expiry)
        self.ledger = Ledger(ZoneInfo(settings.time_zone), currencies, grid, self.decisions)
        self.markets = Markets(reach=settings.statistics.capacity.depth_ratio)
        """Volume and depth. They are not in the journal: only a saved state restores them."""
        self.records: dict[str, StrategyRecord] = {}
        self.failed: dict[str, str] = {}
        """Strategy → the error because of which it is left out."""
        self.sequences = Sequences()
        self.reconciliations = Reconciliations()
        """Results of statements. They are not in the journal: only a saved state restores them."""
        self.voided: dict[Identity, str] = {}
        """Fill → the event_id of its void."""
        self.correction: Correction | None = None
        """The correction for the void that is booked next."""
        self.trips: dict[str, TripLog] = {}
        """Strategy → its last round trips."""
        self._booked: Counter[str] = Counter()
        self._windows = {duration_text(window): window for window in statistics.windows}

    def mark(self, event: AnyMarketEvent) -> bool:
        """Take in a market event; call it in `EXACT` arithmetic. False if it is older than its symbol's mark and ignored."""
        if isinstance(event, Quote):
            return self.ledger.quote(event)
        if isinstance(event, MarketTrade):
            self.markets.trade(event)
            return self.ledger.market_trade(event)
        if event.symbol in self.ledger.marks:  # known symbols only, as their number is limited
            self.markets.book(event)
        self.ledger.advance(event.time)
        return True

    def book(self, event: AnyAccountEvent) -> None:
        """Book an event that is in the journal. After a fault its strategy is left out; the others go on.

        A void needs its `correction`, which has read all booked events of the holding.
        """
        record = self.records.get(event.strategy)
        if record is None:
            record = self.records[event.strategy] = StrategyRecord()
            self.trips[event.strategy] = TripLog(self._windows)
        try:
            with exact_arithmetic():
                self.ledger.apply(event)
                if isinstance(event, Void):
                    self._void(event)
                elif self.correction is not None:
                    self.correction.follow(event)
                self._follow(event, record)
        except Exception as error:
            self.failed[event.strategy] = f"{type(error).__name__}: {error}"
            _log.exception("booking failed: the strategy is left out", strategy=event.strategy, event_id=event.event_id)
        self._booked[event.strategy] += 1
        if event.seq is not None:
            self.sequences.observe(event.source, event.seq)

    def revision(self, strategy: str) -> tuple[int, int]:
        """Changes with each booked event and each ended signal of a strategy, but not with each mark."""
        return self._booked[strategy], self.decisions.ended[strategy]

    def correct(self, void: Void, fill: Fill) -> Correction:
        """Begin to compute the holding of `fill` without that fill: feed the result the journal's history, then book `void`."""
        book = self.ledger.books.get(fill.strategy)
        holding = book.holdings.get(fill.symbol) if book is not None else None
        booked = holding.events if holding is not None else 0  # the journal may be ahead of the books
        currency = self.ledger.currencies.of_symbol(fill.symbol)
        component = partial(self.ledger.component, fill.strategy)
        self.correction = Correction(void, fill, currency, booked, self.voided, component=component)
        return self.correction

    def _void(self, void: Void) -> None:
        correction, self.correction = self.correction, None
        if correction is None or correction.void != void:
            raise ValueError(f"void {void.event_id!r}: the history of the fill {void.voids!r} was not read")
        old = self.ledger.books[void.strategy].holdings[correction.symbol]
        self.ledger.replace(void.strategy, correction.holding(old), void.time)
        self.voided[void.source, void.voids] = void.event_id
        self.records[void.strategy].void(correction.fill)
        self.decisions.void(correction.fill)
        self.trips[void.strategy].replace(correction.symbol, correction.trips)

    def _follow(self, event: AnyAccountEvent, record: StrategyRecord) -> None:
        """Measure the execution."""
        if isinstance(event, Signal):
            self.ledger.know(event.symbol)
            self.decisions.decide(event, self.ledger.price)
            self.ledger.stop_by(self.decisions.next_expiry)
        elif isinstance(event, SignalEnd):
            self.decisions.end(event)
        elif isinstance(event, Fill):
            record.orders.add(event)
            decision = self.decisions.fill(event)
            record.execute(event, decision)
            trip = self.ledger.books[event.strategy].holdings[event.symbol].closed_trip
            if trip is not None:
                self.trips[event.strategy].add(trip, self.ledger.time or trip.closed)

    def encode(self, sequence: int) -> bytes:
        """All accounts after the journal's events up to `sequence`, for `restore`."""
        return msgspec.json.encode(
            AccountsState(
                version=STATE_VERSION,
                sequence=sequence,
                ledger=self.ledger.state(),
                records=self.records,
                decisions=list(self.decisions.kept.values()),
                opportunities=self.decisions.opportunities,
                trips={name: log.state() for name, log in self.trips.items()},
                failed=self.failed,
                voided=[(*fill, void) for fill, void in self.voided.items()],
                sequences=self.sequences,
                reconciliations=self.reconciliations,
                markets=self.markets,
                analysis=self.analysis.state(),
            )
        )

    def restore(self, payload: bytes, points: Iterable[tuple[int, bytes]] = ()) -> int | None:
        """Load the result of `encode` and the saved points into new accounts; returns the sequence given to `encode`.

        None, with nothing loaded, if the layout differs, or if symbols have other currencies than configured now.
        """
        try:
            state = msgspec.json.decode(payload, type=AccountsState)
        except msgspec.MsgspecError as error:
            _log.warning("saved accounts have another layout", reason=str(error))
            return None
        if state.version != STATE_VERSION:
            _log.warning("saved accounts have another layout", version=state.version, known=STATE_VERSION)
            return None
        with exact_arithmetic():
            if not self.ledger.restore(state.ledger):
                _log.warning("saved accounts have other currencies: all events are booked again in those configured now")
                return None
        self.voided = {(source, event_id): void for source, event_id, void in state.voided}
        self.records, self.failed = state.records, state.failed
        self.sequences, self.reconciliations = state.sequences, state.reconciliations
        grid = self.ledger.grid.state() if self.ledger.grid is not None else None
        if grid is None and (saved := state.ledger.grid) is not None:
            steps = {"saved": f"{saved.step_seconds:g}s", "configured": f"{self._step.total_seconds():g}s"}
            _log.warning("saved returns have another statistics.step: figures from returns start again", **steps)
        self.analysis.restore(state.analysis, grid.point if grid is not None else None, decode_points(points))
        self.markets.resume(state.markets, state.ledger.time)
        for record in self.records.values():
            record.last_event_timestamp = None
        for name, trips in state.trips.items():
            self.trips[name] = TripLog(self._windows)
            self.trips[name].restore(trips)
        self.decisions.restore(state.decisions, state.opportunities)
        for symbol in sorted({symbol for symbols in state.opportunities.values() for symbol in symbols}):
            self.ledger.know(symbol)
        self.ledger.stop_by(self.decisions.next_expiry)
        return state.sequence
