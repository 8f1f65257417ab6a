"""Real fills of two live accounts: the books against the exchange's own realised P&L, fill by fill.

The recorded history has no licence to be passed on, so it is not part of the repository: GENESIS_TEST_DATA names the folder
that holds `hyperliquid_live_fills.csv.gz`.
"""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import pytest

from genesis.configuration import load_settings
from genesis.core.receipt import Outcome
from genesis.ingest.recorded_fills import RecordedFill, read_fills
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.snapshot import MonitorSnapshot

FOLDER = os.environ.get("GENESIS_TEST_DATA")
RULES = load_settings(Path(__file__).parents[2] / "config").rules
SETTINGS = MonitorSettings(reporting_currency="USDC")
CENT = Decimal("0.01")

pytestmark = pytest.mark.skipif(not FOLDER, reason="GENESIS_TEST_DATA does not name a folder of recorded market data")


class Comparison(NamedTuple):
    """One fill: what the books realised, and what the exchange says."""

    recorded: RecordedFill
    ours: Decimal

    @property
    def difference(self) -> Decimal:
        return abs(self.ours - self.recorded.closed_pnl)

    @property
    def agrees(self) -> bool:
        """Within 1 cent or 0.1 %: the recorded prices are rounded."""
        return self.difference <= max(CENT, abs(self.recorded.closed_pnl) / 1000)


@pytest.fixture(scope="module")
def recorded() -> list[RecordedFill]:
    return list(read_fills(Path(str(FOLDER)) / "hyperliquid_live_fills.csv.gz").fills)


def realized(snapshot: MonitorSnapshot) -> dict[str, Decimal]:
    return {one.name: one.account.realized for one in snapshot.strategies if one.account.realized is not None}


async def test_realised_pnl_of_live_fills_is_the_exchanges_own(recorded: list[RecordedFill], tmp_path: Path) -> None:
    compared = []
    async with Journal(tmp_path / "journal.db") as journal:
        monitor = StrategyPerformanceMonitor(SETTINGS, RULES, journal)
        for row in recorded:
            before = realized(monitor.snapshot()).get(row.fill.strategy, Decimal(0))
            assert (await monitor.handle(row.fill)).outcome is Outcome.ACCEPTED
            compared.append(Comparison(row, realized(monitor.snapshot())[row.fill.strategy] - before))
    realising = [one for one in compared if one.ours or one.recorded.closed_pnl]
    agreeing = [one for one in realising if one.agrees]
    worst = max((one for one in realising if not one.agrees), key=lambda one: one.difference, default=None)
    assert len(compared) > 1500
    assert len(realising) > 500
    assert len(agreeing) >= 0.99 * len(realising), f"{len(agreeing)} of {len(realising)} agree; worst {worst}"
    for account in {row.fill.strategy for row in recorded}:
        theirs = sum((row.closed_pnl for row in recorded if row.fill.strategy == account), Decimal(0))
        ours = sum((one.ours for one in compared if one.recorded.fill.strategy == account), Decimal(0))
        assert abs(ours - theirs) <= abs(theirs) / 1000


async def test_the_same_live_fills_again_are_all_duplicates_and_change_nothing(
    recorded: list[RecordedFill], tmp_path: Path
) -> None:
    fills = [row.fill for row in recorded]
    async with Journal(tmp_path / "journal.db") as journal:
        monitor = StrategyPerformanceMonitor(SETTINGS, RULES, journal)
        first = await monitor.handle_batch(fills)
        assert {receipt.outcome for receipt in first} == {Outcome.ACCEPTED}
        before = monitor.snapshot()
        again = await monitor.handle_batch(fills)
        assert {receipt.outcome for receipt in again} == {Outcome.DUPLICATE}
        assert monitor.snapshot() == before
    async with Journal(tmp_path / "journal.db") as journal:
        restarted = StrategyPerformanceMonitor(SETTINGS, RULES, journal)
        await restarted.restore()
        assert {receipt.outcome for receipt in await restarted.handle_batch(fills)} == {Outcome.DUPLICATE}
        assert realized(restarted.snapshot()) == realized(before)


async def test_fees_of_live_fills_are_the_exchanges_own_sum(recorded: list[RecordedFill]) -> None:
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(SETTINGS, RULES, journal)
        await monitor.handle_batch([row.fill for row in recorded])
        for strategy in monitor.snapshot().strategies:
            fees = [row.fill.fee for row in recorded if row.fill.strategy == strategy.name]
            assert strategy.account.fees == sum(fees)
