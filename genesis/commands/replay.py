"""`genesis replay`: recorded fills, booked by the monitor's own code, and the resulting P&L."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from typing import NamedTuple, TypeAlias

from genesis.configuration import Settings
from genesis.core.clock import Clock
from genesis.core.money import ZERO, exact_arithmetic
from genesis.core.receipt import Outcome, Receipt
from genesis.database.address import Address
from genesis.ingest.recorded_fills import RecordedFill
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.snapshot import HoldingSnapshot, MonitorSnapshot

CENT = Decimal("0.01")
"""How much the P&L of each closing fill may differ from the exchange's figure, which is rounded to cents."""
RELATIVE = Decimal("0.001")
"""The allowed difference as a share of gains plus losses: exchanges export rounded prices."""
_BATCH = 500
_MAX_FAULTS = 20
_ROW = "{:<18}{:>16}{:>17}{:>12}{:>16}"
UNKNOWN = "-"

_Key: TypeAlias = "tuple[str, str]"
"""Strategy and symbol."""
_HandledFill: TypeAlias = "tuple[RecordedFill, Receipt]"


class ReplayReport(NamedTuple):
    """The outcomes of the fills, and the account after them."""

    outcomes: Counter[Outcome]
    recorded: dict[str, Decimal]
    """Strategy → realised P&L of its fills, as the exchange reports it."""
    snapshot: MonitorSnapshot
    faults: tuple[str, ...]
    """Why the report does not cover the whole file, or differs from the exchange; empty if neither."""


async def replay(fills: Iterable[RecordedFill], settings: Settings, journal: Address | None, clock: Clock) -> ReplayReport:
    """Book `fills` in a monitor with the given journal; None keeps them only in memory.

    Fills that are already in the journal are counted as duplicates and change nothing.

    Raises:
        GenesisError: the journal cannot be read or written; earlier batches are stored.
    """
    handled: list[_HandledFill] = []
    async with Journal(":memory:" if journal is None else journal) as opened:
        monitor = StrategyPerformanceMonitor(
            settings.monitor, settings.rules, opened, clock, configured=settings.strategies.strategies
        )
        await monitor.restore()
        before = _holdings(monitor.snapshot())
        for batch in _batches(fills):
            handled += zip(batch, await monitor.handle_batch([entry.fill for entry in batch]), strict=True)
        snapshot = monitor.snapshot()
    recorded: dict[str, Decimal] = defaultdict(Decimal)
    with exact_arithmetic():
        for entry, _ in handled:
            recorded[entry.fill.strategy] += entry.closed_pnl
        faults = (
            *_refused(handled),
            *_missing_positions(handled, before),
            *_differences(handled, before, _holdings(snapshot)),
        )
    return ReplayReport(Counter(receipt.outcome for _, receipt in handled), dict(recorded), snapshot, faults)


def _batches(fills: Iterable[RecordedFill]) -> Iterator[list[RecordedFill]]:
    rest = iter(fills)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _holdings(snapshot: MonitorSnapshot) -> dict[_Key, HoldingSnapshot]:
    return {(strategy.name, holding.symbol): holding for strategy in snapshot.strategies for holding in strategy.holdings}


def _refused(handled: Sequence[_HandledFill]) -> Iterator[str]:
    """The fills that were not booked, with the reason; at most `_MAX_FAULTS`."""
    refused = [(entry, receipt) for entry, receipt in handled if receipt.outcome not in {Outcome.ACCEPTED, Outcome.DUPLICATE}]
    for entry, receipt in refused[:_MAX_FAULTS]:
        yield f"line {entry.line}: not booked ({receipt.outcome.value}): {receipt.error}"
    if len(refused) > _MAX_FAULTS:
        yield f"{len(refused) - _MAX_FAULTS} more fills were not booked"


def _missing_positions(handled: Sequence[_HandledFill], before: dict[_Key, HoldingSnapshot]) -> Iterator[str]:
    """Positions that the exchange had before the first new fill, and the books did not have."""
    seen: set[_Key] = set()
    for entry, receipt in handled:
        key = entry.fill.strategy, entry.fill.symbol
        if receipt.outcome is not Outcome.ACCEPTED or key in seen:
            continue
        seen.add(key)
        booked = before[key].quantity if key in before else ZERO
        if entry.start_position is not None and entry.start_position != booked:
            yield (
                f"line {entry.line}: start_position: {key[0]} had {entry.start_position:f} {key[1]} before "
                f"this fill, but the books have {booked:f}: earlier fills are missing"
            )


def _differences(
    handled: Sequence[_HandledFill], before: dict[_Key, HoldingSnapshot], after: dict[_Key, HoldingSnapshot]
) -> Iterator[str]:
    """Where the realised P&L of the new fills differs from the exchange's figure, by strategy and symbol."""
    closed: dict[_Key, list[Decimal]] = defaultdict(list)
    for entry, receipt in handled:
        if receipt.outcome is Outcome.ACCEPTED:
            closed[entry.fill.strategy, entry.fill.symbol].append(entry.closed_pnl)
    for key, amounts in closed.items():
        theirs = sum(amounts, ZERO)
        ours = after[key].realized - (before[key].realized if key in before else ZERO)
        realising = sum(1 for amount in amounts if amount)
        if abs(ours - theirs) > max(CENT * max(realising, 1), RELATIVE * sum(map(abs, amounts), ZERO)):
            yield (
                f"{key[0]}: {key[1]}: realised P&L is {_amount(ours)}, but {_amount(theirs)} by the exchange: are fills "
                "missing, or was the position opened before the first fill of the file?"
            )


def report_lines(report: ReplayReport) -> Iterator[str]:
    """The report for a terminal: the outcomes, and one row for each strategy."""
    yield ", ".join(f"{count} {outcome.value}" for outcome, count in report.outcomes.items()) or "no fills in the file"
    yield _ROW.format("strategy", "realised P&L", "by the exchange", "fees", "net P&L")
    for strategy in report.snapshot.strategies:
        account = strategy.account
        yield _ROW.format(
            strategy.name,
            _amount(account.realized),
            _amount(report.recorded.get(strategy.name)),
            _amount(account.fees),
            _amount(account.net_pnl),
        )


def _amount(amount: Decimal | None) -> str:
    return UNKNOWN if amount is None else f"{amount:,.2f}"
