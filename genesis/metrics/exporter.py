"""The collector behind /metrics. Each group is collected on its own: a fault costs its group, never the scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Protocol, TypeVar

import structlog
from prometheus_client import Metric as Family

from genesis import __version__
from genesis.core.clock import Clock
from genesis.core.receipt import Outcome
from genesis.ledger.journal import Journal
from genesis.metrics import catalog
from genesis.metrics.exposition import Exporter, TextExposition
from genesis.metrics.families import GROUPS, Folded
from genesis.metrics.table import Table
from genesis.metrics.telemetry import Telemetry
from genesis.snapshot import MonitorSnapshot

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")

UNKNOWN_KIND = "unknown"
"""Label of the lines that do not say what kind of event they were meant to be."""


class Threshold(Protocol):
    """A threshold of an alert, as alerts/thresholds.py makes it."""

    @property
    def alert(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def strategy(self) -> str: ...
    @property
    def part(self) -> str: ...
    @property
    def value(self) -> float: ...


class GenesisCollector(Exporter):
    """Asks for one snapshot a scrape and tells it in the names of the catalogue."""

    def __init__(
        self,
        snapshot: Callable[[], MonitorSnapshot | None],
        telemetry: Telemetry,
        thresholds: Callable[[], Iterable[Threshold]],
        clock: Clock,
        *,
        journal: Journal,
        max_strategies: int,
        max_symbols: int,
    ) -> None:
        """`snapshot` gives None while the books are being restored: then only the service is exported.

        `thresholds` gives those that are in force.
        """
        self._snapshot = snapshot
        self._telemetry = telemetry
        self._thresholds = thresholds
        self._clock = clock
        self._exposition = TextExposition()
        self._journal = journal
        self._max_strategies = max_strategies
        self._max_symbols = max_symbols

    def collect(self) -> Iterator[Family]:
        """The families as prometheus_client has them, for every format that it writes."""
        for families in self._told(Table.family):
            yield from (family for family in families if family.samples)

    def text(self) -> Iterator[bytes]:
        """The text format, a group at a time. All that tells of the account is of one moment, whatever happens in between."""
        for families in self._told(self._exposition.family):
            yield b"".join(families)

    def _told(self, tell: Callable[[Table], _T]) -> Iterator[list[_T]]:
        """Each group's tables as `tell` makes them; the time of both is the group's, and so is a fault of either."""
        duration, success = Table(catalog.COLLECTOR_DURATION_SECONDS), Table(catalog.COLLECTOR_SUCCESS)
        for name, group in self._groups():
            started = self._clock.monotonic()
            told: list[_T] = []
            try:
                told = [tell(table) for table in group()]
            except Exception:
                _log.exception("collector group failed", group=name)
                success.add(0, name)
            else:
                success.add(1, name)
            duration.add(self._clock.monotonic() - started, name)
            yield told
        yield [tell(duration), tell(success)]

    def _groups(self) -> Iterator[tuple[str, Callable[[], list[Table]]]]:
        yield "service", self._service
        snapshot: MonitorSnapshot | None = None

        def take() -> list[Table]:
            nonlocal snapshot
            snapshot = self._snapshot()
            return []

        yield "snapshot", take
        if snapshot is not None:
            folded = Folded(snapshot, self._max_strategies, self._max_symbols)
            for name, group in GROUPS.items():
                yield name, partial(group, snapshot, folded)

    def _service(self) -> list[Table]:
        events, late = Table(catalog.EVENTS), Table(catalog.EVENTS_LATE)
        processing, lag = Table(catalog.EVENT_PROCESSING_SECONDS), Table(catalog.EVENT_LAG_SECONDS)
        offset = Table(catalog.SOURCE_CLOCK_OFFSET_SECONDS)
        for source, seconds in self._telemetry.offsets.values(self._clock.monotonic()).items():
            offset.add(seconds, source)
        for kind in self._telemetry.kinds.values():
            for outcome, count in kind.outcomes.items():
                events.add(count, kind.kind, outcome)
            if kind.books:
                late.add(kind.late, kind.kind)
            processing.add_histogram(kind.processing.counts(), kind.kind)
            lag.add_histogram(kind.lag.counts(), kind.kind)
        events.add(self._telemetry.unreadable, UNKNOWN_KIND, Outcome.REJECTED.value)
        requests, pending = Table(catalog.API_REQUESTS), Table(catalog.INGEST_PENDING_EVENTS)
        for (path, status), count in self._telemetry.requests.items():
            requests.add(count, path, str(status))
        pending.add(self._telemetry.pending_events)
        threshold, build = Table(catalog.ALERT_THRESHOLD), Table(catalog.BUILD_INFO)
        for line in self._thresholds():
            threshold.add(line.value, line.alert, line.severity, line.strategy, line.part)
        build.add(1, __version__)
        return [events, late, processing, lag, offset, requests, pending, *self._journal_tables(), threshold, build]

    def _journal_tables(self) -> list[Table]:
        info, events, pending = (
            Table(catalog.JOURNAL_INFO),
            Table(catalog.JOURNAL_EVENTS),
            Table(catalog.JOURNAL_PENDING_EVENTS),
        )
        append, commit = Table(catalog.JOURNAL_APPEND_SECONDS), Table(catalog.JOURNAL_COMMIT_EVENTS)
        errors = Table(catalog.JOURNAL_COMMIT_ERRORS)
        info.add(1, self._journal.address.backend)
        events.add(self._journal.count)
        pending.add(self._journal.pending)
        append.add_histogram(self._telemetry.journal_append.counts())
        commit.add_histogram(self._telemetry.journal_commit.counts())
        errors.add(self._telemetry.journal_errors)
        return [info, events, pending, append, commit, errors]
