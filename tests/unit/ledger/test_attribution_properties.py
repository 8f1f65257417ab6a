"""Any history with a benchmark: what the market made, and the five causes that add up whatever it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from genesis.configuration import load_settings
from genesis.core.models import AnyEvent
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import StatisticsSettings
from genesis.settings.trading_rules import TradingRules
from genesis.snapshot import StrategySnapshot
from tests.oracle import attribution
from tests.oracle.books import Oracle
from tests.oracle.histories import MARKETS, PLAIN, Market, histories
from tests.search import examples

RULES: TradingRules = load_settings(Path(__file__).parents[3] / "config").rules
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
STEP = timedelta(hours=1)
WINDOW = 30 * STEP
BENCHMARK = "BTC"


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Refused events are logged: thousands of them would hide what failed."""
    with capture_logs():
        yield


def configured(market: Market) -> MonitorSettings:
    statistics = StatisticsSettings(step=STEP, windows=(WINDOW,), risk_window=WINDOW, benchmark=BENCHMARK)
    return MonitorSettings(statistics=statistics, **market)


def assert_adds_up(strategy: StrategySnapshot) -> None:
    causes, net = strategy.attribution.causes, strategy.account.net_pnl
    known = [Fraction(cause) for cause in causes if cause is not None]
    if net is not None and len(known) == len(causes):
        assert sum(known) == Fraction(net)
    assert strategy.attribution.residual == (None if net is None else 0)


async def follow(events: Sequence[AnyEvent]) -> None:
    oracle = Oracle(**MARKETS[0])
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(configured(MARKETS[0]), RULES, journal)
        await monitor.restore()
        for event in events:
            receipt = await monitor.handle(event)
            assert receipt.outcome.value == oracle.handle(event), event
        for strategy in monitor.snapshot().strategies:
            expected = attribution.market(oracle, strategy.name, BENCHMARK, STEP)
            assert strategy.attribution.causes.market is not None
            assert float(strategy.attribution.causes.market) == pytest.approx(float(expected), rel=1e-9, abs=1e-6)
            assert_adds_up(strategy)


@settings(max_examples=examples(30), phases=PHASES)
@given(histories(PLAIN, length=30))
def test_the_market_made_what_positions_in_the_benchmark_gained_from_point_to_point(events: list[AnyEvent]) -> None:
    asyncio.run(follow(events))


async def follow_over_a_restart(events: Sequence[AnyEvent], cut: int, path: Path, market: Market) -> None:
    for part in (events[:cut], events[cut:]):
        async with Journal(path) as journal:
            monitor = StrategyPerformanceMonitor(configured(market), RULES, journal)
            await monitor.restore()
            for event in part:
                await monitor.handle(event)
                for strategy in monitor.snapshot().strategies:
                    assert_adds_up(strategy)
            await monitor.save_snapshot()


@settings(max_examples=examples(15), phases=PHASES)
@given(histories(PLAIN, length=15), st.sampled_from(MARKETS), st.data())
def test_the_causes_add_up_to_the_net_after_any_event_and_restart(
    events: list[AnyEvent], market: Market, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(events)))
    with TemporaryDirectory() as folder:
        asyncio.run(follow_over_a_restart(events, cut, Path(folder) / "journal.db", market))
