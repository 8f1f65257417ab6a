"""Recorded fills through the monitor's own books: what was booked, and what it comes to."""

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
"""How much each fill that realises P&L may differ from the exchange's figure, which is rounded to it."""
RELATIVE = Decimal("0.001")
"""How much of the P&L, gains and losses added up, may differ: exchanges export rounded prices."""
_BATCH = 500
_MAX_FAULTS = 20
_ROW = "{:<18}{:>16}{:>17}{:>12}{:>16}"
UNKNOWN = "-"

_Key: TypeAlias = "tuple[str, str]"
"""Strategy and symbol."""
_Answered: TypeAlias = "tuple[RecordedFill, Receipt]"


class ReplayReport(NamedTuple):
    """What became of the fills, and the account after them."""

    outcomes: Counter[Outcome]
    recorded: dict[str, Decimal]
    """Strategy → realised P&L of its fills as the exchange says."""
    snapshot: MonitorSnapshot
    faults: tuple[str, ...]
    """Why the report is not the whole truth about the file; empty where it is."""


async def replay(fills: Iterable[RecordedFill], settings: Settings, journal: Address | None, clock: Clock) -> ReplayReport:
    """Feed `fills` to a monitor on `journal`, or on one that is only in memory.

    Fills that the journal has already are counted as duplicates and change nothing.

    Raises:
        GenesisError: the journal cannot be read or written; the batches before are kept.
    """
    answered: list[_Answered] = []
    async with Journal(":memory:" if journal is None else journal) as opened:
        monitor = StrategyPerformanceMonitor(
            settings.monitor, settings.rules, opened, clock, configured=settings.strategies.strategies
        )
        await monitor.restore()
        before = _holdings(monitor.snapshot())
        for batch in _batches(fills):
            answered += zip(batch, await monitor.handle_batch([one.fill for one in batch]), strict=True)
        snapshot = monitor.snapshot()
    recorded: dict[str, Decimal] = defaultdict(Decimal)
    with exact_arithmetic():
        for one, _ in answered:
            recorded[one.fill.strategy] += one.closed_pnl
        faults = (*_refused(answered), *_begun_before(answered, before), *_differences(answered, before, _holdings(snapshot)))
    return ReplayReport(Counter(receipt.outcome for _, receipt in answered), dict(recorded), snapshot, faults)


def _batches(fills: Iterable[RecordedFill]) -> Iterator[list[RecordedFill]]:
    rest = iter(fills)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _holdings(snapshot: MonitorSnapshot) -> dict[_Key, HoldingSnapshot]:
    return {(strategy.name, one.symbol): one for strategy in snapshot.strategies for one in strategy.holdings}


def _refused(answered: Sequence[_Answered]) -> Iterator[str]:
    """The fills that were not booked, and why; up to a bound."""
    refused = [(one, receipt) for one, receipt in answered if receipt.outcome not in {Outcome.ACCEPTED, Outcome.DUPLICATE}]
    for one, receipt in refused[:_MAX_FAULTS]:
        yield f"line {one.line}: not booked ({receipt.outcome.value}): {receipt.error}"
    if len(refused) > _MAX_FAULTS:
        yield f"{len(refused) - _MAX_FAULTS} more fills were not booked"


def _begun_before(answered: Sequence[_Answered], before: dict[_Key, HoldingSnapshot]) -> Iterator[str]:
    """The positions that the exchange had already when the first new fill came, and the books had not."""
    seen: set[_Key] = set()
    for one, receipt in answered:
        key = one.fill.strategy, one.fill.symbol
        if receipt.outcome is not Outcome.ACCEPTED or key in seen:
            continue
        seen.add(key)
        booked = before[key].quantity if key in before else ZERO
        if one.start_position is not None and one.start_position != booked:
            yield (
                f"line {one.line}: start_position: {key[0]} began with {one.start_position:f} {key[1]}, and the books have "
                f"{booked:f}: the fills before it are missing"
            )


def _differences(
    answered: Sequence[_Answered], before: dict[_Key, HoldingSnapshot], after: dict[_Key, HoldingSnapshot]
) -> Iterator[str]:
    """Where the realised P&L of the new fills is not the exchange's own, by strategy and symbol."""
    closed: dict[_Key, list[Decimal]] = defaultdict(list)
    for one, receipt in answered:
        if receipt.outcome is Outcome.ACCEPTED:
            closed[one.fill.strategy, one.fill.symbol].append(one.closed_pnl)
    for key, amounts in closed.items():
        theirs = sum(amounts, ZERO)
        ours = after[key].realized - (before[key].realized if key in before else ZERO)
        realising = sum(1 for amount in amounts if amount)
        if abs(ours - theirs) > max(CENT * max(realising, 1), RELATIVE * sum(map(abs, amounts), ZERO)):
            yield (
                f"{key[0]}: {key[1]}: realised P&L is {_told(ours)}, and {_told(theirs)} by the exchange: "
                "are fills missing, or was the position opened before the file begins?"
            )


def report_lines(report: ReplayReport) -> Iterator[str]:
    """The report for a terminal: the outcomes, and a row a strategy."""
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
