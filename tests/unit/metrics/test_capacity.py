"""The capacity of the strategies, and what is used of the tier, told in the catalogue's names."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from genesis.analytics.capacity import CapacityFigures, Limit
from genesis.core.clock import SystemClock
from genesis.core.models import Side
from genesis.ledger.journal import Journal
from genesis.metrics.exporter import GenesisCollector
from genesis.metrics.telemetry import Telemetry
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.unit.monitoring.account import capital, fill, monitor, quote, rules

FIGURES = CapacityFigures(
    capital=10_000.0,
    capacity=25_000.0,
    used_ratio=0.4,
    limits={Limit.EDGE: 40_000.0, Limit.PARTICIPATION: 30_000.0, Limit.DEPTH: 25_000.0},
    binding_limit=Limit.DEPTH,
    binding_symbol="BTCUSDT",
    edge=None,
    days=1.0,
    impact_coefficient=1.0,
    calibrated_on=0,
    symbols=(),
    undefined={},
)


@asynccontextmanager
async def exported(told: CapacityFigures, *, failed: dict[str, str] | None = None) -> AsyncIterator[CollectorRegistry]:
    """What is exported of an account of 10,000 in which every strategy has this capacity."""
    async with Journal(":memory:") as journal:
        made = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await made.handle_batch([capital("10000"), capital("100", "market_making"), quote("100", "100")])
        await made.handle(fill(Side.BUY, "1", "160", strategy="market_making"))
        taken = made.snapshot()
        strategies = tuple(replace(one, capacity=told) for one in taken.strategies)
        shown = replace(taken, strategies=strategies, failed=failed or {})
        registry = CollectorRegistry()
        clock = SystemClock()
        registry.register(
            GenesisCollector(lambda: shown, Telemetry(), list, clock, journal=journal, max_strategies=1, max_symbols=100)
        )
        yield registry


async def test_capacity_is_exported_with_its_limits_and_what_binds() -> None:
    async with exported(FIGURES) as registry:
        value = registry.get_sample_value
        assert value("genesis_strategy_capacity", {"strategy": "alpha"}) == 25_000
        assert value("genesis_strategy_capacity_used_ratio", {"strategy": "alpha"}) == 0.4
        assert value("genesis_strategy_capacity_limit", {"strategy": "alpha", "limit": "depth"}) == 25_000
        assert value("genesis_strategy_capacity_limit", {"strategy": "alpha", "limit": "participation"}) == 30_000
        assert value("genesis_strategy_capacity_limit", {"strategy": "alpha", "limit": "edge"}) == 40_000
        assert (
            value("genesis_strategy_capacity_binding_info", {"strategy": "alpha", "symbol": "BTCUSDT", "limit": "depth"}) == 1
        )
        assert value("genesis_strategy_capacity", {"strategy": "other"}) is None  # capacities do not add up


async def test_what_is_used_of_the_tier_is_exported() -> None:
    # 10,100 less a loss of 60: a STRATEGIST, who may lose 500 a day and hold 5 positions.
    async with exported(FIGURES) as registry:
        value = registry.get_sample_value
        assert value("genesis_tier_info", {"tier": "STRATEGIST"}) == 1
        assert value("genesis_portfolio_open_positions") == 1
        assert value("genesis_tier_used_ratio", {"limit": "max_positions"}) == pytest.approx(0.2)
        assert value("genesis_tier_used_ratio", {"limit": "max_daily_loss"}) == pytest.approx(0.12)
        assert value("genesis_portfolio_daily_loss_used_ratio") == pytest.approx(0.12)
        assert value("genesis_strategy_tier_allowed", {"strategy": "alpha"}) == 0


async def test_while_a_strategy_is_left_out_nothing_is_told_of_the_tier() -> None:
    async with exported(FIGURES, failed={"gamma": "broken"}) as registry:
        told = {family.name for family in registry.collect()}
        assert not {"genesis_tier_used_ratio", "genesis_portfolio_open_positions", "genesis_strategy_tier_allowed"} & told
        assert "genesis_strategy_capacity" in told


async def test_the_tier_allows_its_own_strategies_and_is_unknown_below_the_smallest() -> None:
    async with monitor() as made:
        await made.handle(capital("400", "market_making"))
        (small,) = made.snapshot().strategies
        assert (small.tier_allowed, small.undefined["tier_allowed"]) == (None, "no_tier")
        assert made.snapshot().portfolio.undefined["positions_used_ratio"] == "below_smallest_tier"
        await made.handle(capital("9600", "market_making"))
        await made.handle(capital("1", "somebody"))
        assert {one.name: one.tier_allowed for one in made.snapshot().strategies} == {"market_making": True, "somebody": False}
        await made.handle(capital("40000", "market_making"))
        assert all(one.tier_allowed for one in made.snapshot().strategies)
