"""Inputs: marks, sources, statements."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.ledger.reconciliation import Break, Reconciliation
    from genesis.snapshot import SourceSnapshot


# Marks.


def _marks(folded: FoldedSnapshot) -> Iterator[tuple[Labels, float]]:
    for symbol, timestamp in folded.snapshot.mark_timestamps.items():
        if folded.known_symbol(symbol):
            yield (symbol,), timestamp


MARK_TIMESTAMP_SECONDS = Rows(Group.MARKS, "symbol", _marks).gauge(
    "mark_timestamp_seconds", Unit.TIMESTAMP, "Wall time at which the symbol's mark was last confirmed.", itself
)


# Sources that number their events.


def _sources(folded: FoldedSnapshot) -> Iterator[tuple[Labels, SourceSnapshot]]:
    for name, source in folded.snapshot.sources.items():
        yield (name,), source


def _orders(source: SourceSnapshot) -> Iterator[tuple[Labels, Number]]:
    for order, count in source.counts.items():
        yield (order.value,), count


def _whole(folded: FoldedSnapshot) -> Iterator[tuple[Labels, FoldedSnapshot]]:
    yield (), folded


_SOURCE = Rows(Group.SOURCES, "source", _sources)

SOURCE_MISSING_EVENTS = _SOURCE.gauge(
    "source_missing_events",
    Unit.COUNT,
    "Numbers (seq) below the source's highest whose events are not in the journal.",
    lambda source: source.missing,
)
SOURCE_NUMBERED_EVENTS = _SOURCE.by("order", _orders).counter(
    "source_numbered_events_total",
    Unit.COUNT,
    "Events with a number (seq) by its order: next, ahead (it leaves a gap), filler (it was missing), repeated.",
    itself,
)
SOURCES_FORGOTTEN = Rows(Group.SOURCES, "", _whole).counter(
    "sources_forgotten_total",
    Unit.COUNT,
    "Sources whose numbers were dropped to make room for new ones.",
    lambda folded: folded.snapshot.forgotten_sources,
)


# Statements against the books.


def _statements(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Reconciliation]]:
    for found in folded.snapshot.reconciliations:
        yield (found.scope,), found


def _positions(found: Reconciliation) -> Iterator[tuple[Labels, Break]]:
    for item in found.breaks:
        if item.symbol:
            yield (item.strategy, item.symbol), item


def _cash(found: Reconciliation) -> Iterator[tuple[Labels, Break]]:
    for item in found.breaks:
        if not item.symbol:
            yield (item.strategy, item.currency), item


_STATEMENT = Rows(Group.RECONCILIATION, "scope", _statements)

RECONCILIATION_BREAK = _STATEMENT.by("strategy symbol", _positions).gauge(
    "reconciliation_break",
    Unit.QUANTITY,
    "Position by the last statement less position in the books, in units of the symbol; only where they differ.",
    lambda item: item.difference,
)
RECONCILIATION_CASH_BREAK = _STATEMENT.by("strategy currency", _cash).gauge(
    "reconciliation_cash_break",
    Unit.LABEL_MONEY,
    "Cash by the last statement less cash in the books, in units of the currency; only where they differ.",
    lambda item: item.difference,
)
RECONCILIATION_OPEN_BREAKS = _STATEMENT.gauge(
    "reconciliation_open_breaks",
    Unit.COUNT,
    "Positions and balances in which the last statement and the books differ.",
    lambda found: found.total_breaks,
)
RECONCILIATION_TIMESTAMP_SECONDS = _STATEMENT.gauge(
    "reconciliation_timestamp_seconds",
    Unit.TIMESTAMP,
    "Wall time at which the last statement was compared with the books.",
    lambda found: found.timestamp,
)
