"""The case worked out by hand in tests/fixtures/market_data.json: monitor and oracle both come to its figures."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genesis.core.config import MonitorSettings, load_settings
from genesis.core.models import AnyEvent, Depth, Level, MarketTrade, Quote
from genesis.ledger.journal import Journal
from genesis.monitoring.snapshot import AccountSnapshot, MonitorSnapshot, StrategySnapshot
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from tests.oracle.books import Oracle
from tests.oracle.compare import compare

ROOT = Path(__file__).parents[3]
CASE: dict[str, Any] = json.loads((ROOT / "tests/fixtures/market_data.json").read_text(encoding="utf-8"))
RULES = load_settings(ROOT / "config").rules
SETTINGS = MonitorSettings(
    time_zone=CASE["time_zone"], reporting_currency=CASE["reporting_currency"], conversions=CASE["conversions"]
)
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
async def monitor() -> AsyncIterator[StrategyPerformanceMonitor]:
    async with Journal(":memory:") as journal:
        yield StrategyPerformanceMonitor(SETTINGS, RULES, journal)


def event_of(step: dict[str, Any]) -> AnyEvent:
    event: AnyEvent = msgspec.convert(step["event"], AnyEvent, strict=False)
    return event


def figures(snapshot: MonitorSnapshot, name: str) -> dict[str, object]:
    """All figures of a strategy, or of the portfolio, under the names that the case uses."""
    if name == "portfolio":
        portfolio = snapshot.portfolio
        tier = portfolio.tier.name if portfolio.tier else None
        return _account(portfolio.account) | {"tier": tier, "daily_loss_used_ratio": portfolio.daily_loss_used_ratio}
    (strategy,) = (one for one in snapshot.strategies if one.name == name)
    return _account(strategy.account) | _trading(strategy)


def _account(account: AccountSnapshot) -> dict[str, object]:
    periods = {period.value: pnl for period, pnl in account.period_pnl.items()}
    return {field: getattr(account, field) for field in AccountSnapshot.__slots__} | periods


def _trading(strategy: StrategySnapshot) -> dict[str, object]:
    found: dict[str, object] = {field: getattr(strategy.trades, field) for field in type(strategy.trades).__slots__}
    for holding in strategy.holdings:
        found |= {f"position {holding.symbol}": holding.quantity, f"value {holding.symbol}": holding.value}
    return found | {"slippage_adverse": strategy.slippage_adverse.sum, "fill_delay": strategy.fill_delay.sum}


def agrees(got: object, expected: object) -> bool:
    """Money to the last digit, ratios (which stand as divisions) to 1e-12, everything else as it is."""
    if not isinstance(expected, str) or isinstance(got, str):
        return got == expected
    if "/" in expected:
        part, whole = map(Fraction, expected.split("/"))
        return got == pytest.approx(float(part / whole), rel=1e-12, abs=1e-15)
    return isinstance(got, Decimal) and got == Decimal(expected)


async def test_every_step_of_the_case_comes_to_the_figures_worked_out_by_hand(monitor: StrategyPerformanceMonitor) -> None:
    for number, step in enumerate(CASE["steps"], start=1):
        receipt = await monitor.handle(event_of(step))
        assert receipt.outcome.value == step.get("outcome", "accepted"), f"step {number}: {step['why']}"
        for name, expected in step["expect"].items():
            got = figures(monitor.snapshot(), name)
            wrong = {figure: (got[figure], value) for figure, value in expected.items() if not agrees(got[figure], value)}
            assert not wrong, f"step {number}, {name}, (got, expected): {wrong}\n{step['why']}"


async def test_the_oracle_comes_to_the_same_figures(monitor: StrategyPerformanceMonitor) -> None:
    oracle = Oracle(zone=CASE["time_zone"], currency=CASE["reporting_currency"], conversions=CASE["conversions"])
    for step in CASE["steps"]:
        event = event_of(step)
        assert (await monitor.handle(event)).outcome.value == oracle.handle(event)
        compare(monitor.snapshot(), oracle)


async def test_only_what_a_symbol_is_marked_at_keeps_its_mark_fresh(monitor: StrategyPerformanceMonitor) -> None:
    """Trades and depth go on while quotes have stopped: the mark is stale all the same."""

    def fresh() -> set[str]:
        return set(monitor.snapshot().mark_timestamps)

    level = Level(Decimal(1), Decimal(1))
    await monitor.handle(Depth(time=NOON, symbol="BTC", bids=(level,), asks=()))
    assert fresh() == set()
    await monitor.handle(MarketTrade(time=NOON, symbol="BTC", price=Decimal(1), quantity=Decimal(1)))
    assert fresh() == {"BTC"}
    await monitor.handle(Quote(time=NOON, symbol="BTC", bid=Decimal(1), ask=Decimal(1)))
    marked = monitor.snapshot().mark_timestamps
    await monitor.handle(MarketTrade(time=NOON + timedelta(1), symbol="BTC", price=Decimal(9), quantity=Decimal(1)))
    await monitor.handle(Depth(time=NOON + timedelta(1), symbol="BTC", bids=(level,), asks=()))
    assert monitor.snapshot().mark_timestamps == marked
    assert monitor.snapshot().time == NOON + timedelta(1)
