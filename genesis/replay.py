"""Recorded fills through the monitor's own books: what was booked, and what it comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from genesis.core.clock import Clock
from genesis.core.config import Settings
from genesis.database.address import Address
from genesis.ingest.recorded_fills import RecordedFill
from genesis.ledger.journal import Journal
from genesis.monitoring.snapshot import MonitorSnapshot
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.monitoring.telemetry import Outcome

_BATCH = 500
_ROW = "{:<18}{:>16}{:>17}{:>12}{:>16}"
UNKNOWN = "-"


class ReplayReport(NamedTuple):
    """What became of the fills, and the account after them."""

    outcomes: Counter[Outcome]
    recorded: dict[str, Decimal]
    """Strategy → realised P&L of its fills as the exchange says."""
    snapshot: MonitorSnapshot


async def replay(fills: Iterable[RecordedFill], settings: Settings, journal: Address | None, clock: Clock) -> ReplayReport:
    """Feed `fills` to a monitor on `journal`, or on one that is only in memory.

    Fills that the journal has already are counted as duplicates and change nothing.

    Raises:
        GenesisError: the fills or the journal cannot be read, or the journal not written; the batches before are kept.
    """
    outcomes: Counter[Outcome] = Counter()
    recorded: dict[str, Decimal] = {}
    async with Journal(":memory:" if journal is None else journal) as opened:
        monitor = StrategyPerformanceMonitor(
            settings.monitor, settings.rules, opened, clock, configured=settings.strategies.strategies
        )
        await monitor.restore()
        for batch in _batches(fills):
            for (fill, closed), receipt in zip(batch, await monitor.handle_batch([fill for fill, _ in batch]), strict=True):
                recorded[fill.strategy] = recorded.get(fill.strategy, Decimal(0)) + closed
                outcomes[receipt.outcome] += 1
        return ReplayReport(outcomes, recorded, monitor.snapshot())


def _batches(fills: Iterable[RecordedFill]) -> Iterator[list[RecordedFill]]:
    rest = iter(fills)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def report_lines(report: ReplayReport) -> Iterator[str]:
    """The report for a terminal: the outcomes, and a row a strategy. The log says why a fill was refused."""
    yield ", ".join(f"{count} {outcome.value}" for outcome, count in report.outcomes.items()) or "no fills in the file"
    yield _ROW.format("strategy", "realised P&L", "by the exchange", "fees", "net P&L")
    for strategy in report.snapshot.strategies:
        account = strategy.account
        yield _ROW.format(
            strategy.name,
            _told(account.realized),
            _told(report.recorded.get(strategy.name)),
            _told(account.fees),
            _told(account.net_pnl),
        )


def _told(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else f"{amount:,.2f}"
