"""What came in: marks, sources, statements."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot


def sources(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    missing, numbered = Table(catalog.SOURCE_MISSING_EVENTS), Table(catalog.SOURCE_NUMBERED_EVENTS)
    forgotten = Table(catalog.SOURCES_FORGOTTEN)
    for name, source in snapshot.sources.items():
        missing.add(source.missing, name)
        for order, count in source.counts.items():
            numbered.add(count, name, order.value)
    forgotten.add(snapshot.forgotten_sources)
    return [missing, numbered, forgotten]


def reconciliation(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    positions, cash = Table(catalog.RECONCILIATION_BREAK), Table(catalog.RECONCILIATION_CASH_BREAK)
    total, done = Table(catalog.RECONCILIATION_OPEN_BREAKS), Table(catalog.RECONCILIATION_TIMESTAMP_SECONDS)
    for found in snapshot.reconciliations:
        for item in found.breaks:
            if item.symbol:
                positions.add(item.difference, found.scope, item.strategy, item.symbol)
            else:
                cash.add(item.difference, found.scope, item.strategy, item.currency)
        total.add(found.total_breaks, found.scope)
        done.add(found.timestamp, found.scope)
    return [positions, cash, total, done]


def marks(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    seen = Table(catalog.MARK_TIMESTAMP_SECONDS)
    for symbol, timestamp in snapshot.mark_timestamps.items():
        if folded.known_symbol(symbol):
            seen.add(timestamp, symbol)
    return [seen]
