"""The collector behind /metrics. Each group is collected on its own: a fault leaves out its group, never the scrape."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import structlog
from prometheus_client import Metric as Family

from genesis.core.clock import Clock
from genesis.ledger.journal import Journal
from genesis.metrics.declaration import Group
from genesis.metrics.exposition import Exporter, TextExposition
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.families.service import GroupRun, Service, Threshold
from genesis.metrics.groups import COLLECTOR, GROUPS, SERVICE
from genesis.metrics.table import Table
from genesis.metrics.telemetry import Telemetry
from genesis.snapshot import MonitorSnapshot

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


class GenesisCollector(Exporter):
    """Takes one snapshot per scrape and exposes it under the names of the catalogue."""

    def __init__(
        self,
        snapshot: Callable[[], MonitorSnapshot | None],
        telemetry: Telemetry,
        thresholds: Callable[[], Sequence[Threshold]],
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
        for families in self._written(Table.family):
            yield from (family for family in families if family.samples)

    def text(self) -> Iterator[bytes]:
        """The text format, a group at a time. All figures of the account are of one moment, even if events arrive meanwhile."""
        for families in self._written(self._exposition.family):
            yield b"".join(families)

    def _written(self, write: Callable[[Table], _T]) -> Iterator[list[_T]]:
        """Each group's tables as `write` makes them. A group's time covers reading and writing, and it fails if either does."""
        runs: list[GroupRun] = []
        for name, tables in self._groups():
            started = self._clock.monotonic()
            written: list[_T] = []
            success = True
            try:
                written = [write(table) for table in tables()]
            except Exception:
                _log.exception("collector group failed", group=name)
                success = False
            runs.append(GroupRun(name, self._clock.monotonic() - started, success))
            yield written
        yield [write(table) for table in COLLECTOR.tables(runs)]

    def _groups(self) -> Iterator[tuple[str, Callable[[], list[Table]]]]:
        yield Group.SERVICE.value, partial(SERVICE.tables, self._service())
        snapshot: MonitorSnapshot | None = None

        def take() -> list[Table]:
            nonlocal snapshot
            snapshot = self._snapshot()
            return []

        yield "snapshot", take
        if snapshot is not None:
            folded = FoldedSnapshot(snapshot, self._max_strategies, self._max_symbols)
            for name, group in GROUPS.items():
                yield name, partial(group.tables, folded)

    def _service(self) -> Service:
        return Service(self._telemetry, self._journal, self._thresholds(), self._clock.monotonic())
