"""The snapshot, told in the catalogue's names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, generate_latest

from genesis.core.models import CapitalFlow, Quote, Side
from genesis.core.statement import ComparisonSettings, Item, Statement
from genesis.ledger.journal import Journal
from genesis.metrics import catalog
from genesis.metrics.exporter import GenesisCollector
from genesis.metrics.groups import GROUPS
from genesis.metrics.metric import Kind, Process
from genesis.metrics.table import Table
from genesis.monitoring.alert_manager import AlertThreshold
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.strategies import StrategySettings
from tests.unit.metrics.test_exposition import parsed
from tests.unit.monitoring.account import START, at, capital, fill, quote, rules, signal

CAPACITY = {
    metric.name
    for metric in (
        catalog.STRATEGY_CAPACITY,
        catalog.STRATEGY_CAPACITY_USED_RATIO,
        catalog.STRATEGY_CAPACITY_LIMIT,
        catalog.STRATEGY_CAPACITY_BINDING_INFO,
    )
}
"""They need a market that was watched for a while: test_capacities.py has one."""
_OF_RETURNS = (
    *("CORRELATION", "DIVERS", "DEGRAD", "PROBABIL", "TRACK", "STRATEGY_INFO", "OBSERVATIONS", "SHARPE", "SORTINO", "CALMAR"),
    *("VOLATILITY", "AT_RISK", "EXPECTED_SHORTFALL", "VAR_", "BETA", "ALPHA"),
)
OF_RETURNS = {
    metric.name
    for prefix in ("STRATEGY_", "PORTFOLIO_")
    for name, metric in vars(catalog).items()
    if name.startswith(prefix) and any(part in name for part in _OF_RETURNS)
}
"""They need a grid of returns: test_against_others.py and test_return_families.py make figures of them."""
CONFIGURED = {"alpha": StrategySettings(capital=Decimal(6000), expected_slippage_ratio=Decimal("0.0004"))}
GOLDEN = Path(__file__).parent / "golden" / "metrics.txt"


class FixedClock:
    """Wall time stands still, one hour after the events."""

    def now(self) -> datetime:
        return at(3600)

    def timestamp(self) -> float:
        return at(3600).timestamp()

    def monotonic(self) -> float:
        return 0.0


@asynccontextmanager
async def exporting(
    *, max_strategies: int = 100, max_symbols: int = 100
) -> AsyncIterator[tuple[StrategyPerformanceMonitor, GenesisCollector]]:
    clock = FixedClock()
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal, clock, configured=CONFIGURED)
        yield (
            monitor,
            GenesisCollector(
                monitor.snapshot,
                monitor.telemetry,
                lambda: [AlertThreshold("StrategyDrawdown", "warning", "", 0.05)],
                clock,
                journal=journal,
                max_strategies=max_strategies,
                max_symbols=max_symbols,
            ),
        )


@asynccontextmanager
async def exported(
    *, max_strategies: int = 100, max_symbols: int = 100
) -> AsyncIterator[tuple[StrategyPerformanceMonitor, CollectorRegistry]]:
    async with exporting(max_strategies=max_strategies, max_symbols=max_symbols) as (monitor, exporter):
        registry = CollectorRegistry()
        registry.register(exporter)
        yield monitor, registry


async def small_account(monitor: StrategyPerformanceMonitor) -> None:
    """A winner with an open position, a loser, and one that never traded."""
    await monitor.handle_batch(
        [
            replace(capital("6000"), seq=1),
            replace(capital("5000", "beta"), seq=4),
            capital("1000", 'na"me\\with\nall'),
            quote("99", "101"),
            signal("s1", Side.BUY, "100"),
            fill(Side.BUY, "2", "100.1", fee="0.2", signal_id="s1", seconds=0.3),
            fill(Side.SELL, "1", "110", fee="0.1", seconds=1),
            fill(Side.SELL, "1", "100", strategy="beta", seconds=2),
            fill(Side.BUY, "1", "120", strategy="beta", fee="-0.01", seconds=3),
            fill(Side.SELL, "3", "2", strategy="beta", symbol="never quoted", seconds=3),
            quote("119", "121", seconds=4),
            quote("109", "111", seconds=5),
        ]
    )
    cash = {Item("", "USDT"): Decimal("12009.72")}
    monitor.reconcile(
        Statement({Item("", "BTCUSDT"): Decimal("1.5"), Item("", "never quoted"): Decimal(-3)}, cash), ComparisonSettings()
    )


async def test_the_exposition_of_a_small_account_is_the_golden_one() -> None:
    async with exported() as (monitor, registry):
        await small_account(monitor)
        assert generate_latest(registry).decode() == GOLDEN.read_text(encoding="utf-8")


async def test_the_text_format_says_the_same_as_the_golden_exposition_each_family_once() -> None:
    async with exporting() as (monitor, exporter):
        await small_account(monitor)
        text = b"".join(exporter.text())
        assert parsed(text) == parsed(GOLDEN.read_bytes())
        told = [line.split()[2] for line in text.decode().splitlines() if line.startswith("# TYPE")]
        assert len(set(told)) == len(told)


async def test_every_family_is_in_the_catalogue_with_its_type_and_labels() -> None:
    async with exported() as (monitor, registry):
        await small_account(monitor)
        for family in registry.collect():
            name = family.name + ("_total" if family.type == "counter" else "")
            metric = catalog.BY_NAME[name]
            assert metric.process is Process.MONITOR
            assert family.type == ("gauge" if metric.kind is Kind.INFO else metric.kind.value)
            assert {tuple(sorted(set(s.labels) - {"le"})) for s in family.samples} <= {tuple(sorted(metric.labels))}


async def test_all_metrics_of_the_catalogue_are_exported_once_there_is_something_to_tell() -> None:
    async with exported() as (monitor, registry):
        await small_account(monitor)
        await monitor.handle_batch([quote("2", "2", "never quoted", seconds=6), quote("90", "90", seconds=7)])
        await monitor.handle(quote("130", "130", seconds=8))
        await monitor.handle(fill(Side.SELL, "1", "130", seconds=9))
        monitor.telemetry.requests["/api/v1/events", 200] += 1
        told = {sample.name.removesuffix("_bucket") for family in registry.collect() for sample in family.samples}
        ours = {metric.name for metric in catalog.CATALOG if metric.process is Process.MONITOR}
        untold = ours - told - CAPACITY - OF_RETURNS
        assert not untold


async def test_kinds_of_pnl_add_up_to_the_net() -> None:
    async with exported() as (monitor, registry):
        await small_account(monitor)
        kinds = ("realized", "unrealized", "fees", "funding")
        parts = [registry.get_sample_value("genesis_strategy_pnl", {"strategy": "alpha", "kind": kind}) for kind in kinds]
        assert sum(part for part in parts if part is not None) == pytest.approx(
            registry.get_sample_value("genesis_strategy_net_pnl", {"strategy": "alpha"})
        )
        assert None not in parts


async def test_a_failing_group_is_left_out_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> list[Table]:
        raise ArithmeticError("broken")

    monkeypatch.setattr(GROUPS["trades"], "tables", broken)
    async with exported() as (monitor, registry):
        await small_account(monitor)
        assert registry.get_sample_value("genesis_collector_success", {"group": "trades"}) == 0
        assert registry.get_sample_value("genesis_collector_success", {"group": "accounts"}) == 1
        assert registry.get_sample_value("genesis_strategy_capital", {"strategy": "alpha"}) == 6000
        assert registry.get_sample_value("genesis_strategy_win_rate_ratio", {"strategy": "alpha", "window": "all"}) is None


async def test_a_group_that_cannot_be_written_is_left_out_of_the_text_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong_labels(_: object) -> list[Table]:
        table = Table(catalog.STRATEGY_TRADES)
        table.put(1, ("alpha",))
        return [table]

    monkeypatch.setattr(GROUPS["trades"], "tables", wrong_labels)
    async with exporting() as (monitor, exporter):
        await small_account(monitor)
        text = b"".join(exporter.text()).decode()
        assert 'genesis_collector_success{group="trades"} 0\n' in text
        assert 'genesis_collector_success{group="accounts"} 1\n' in text
        assert "genesis_strategy_trades_total" not in text
        assert 'genesis_strategy_capital{strategy="alpha"} 6000\n' in text


async def test_all_parts_of_a_scrape_are_of_one_moment() -> None:
    async with exporting() as (monitor, exporter):
        await monitor.handle_batch([capital("100"), fill(Side.BUY, "1", "10"), quote("11", "11")])
        parts = exporter.text()
        text = next(parts)
        while b"genesis_strategy_equity" not in text:
            text += next(parts)
        await monitor.handle(quote("12", "12", seconds=1))
        text += b"".join(parts)
        assert b"genesis_portfolio_equity 101.0\n" in text
        assert b"genesis_portfolio_equity 102.0\n" in b"".join(exporter.text())


async def test_past_the_bound_strategies_and_symbols_are_summed_in_other_and_counted() -> None:
    async with exported(max_strategies=1, max_symbols=1) as (monitor, registry):
        await monitor.handle_batch(
            [
                event
                for n in range(4)
                for event in (capital("100", f"s{n}"), fill(Side.BUY, "1", "10", strategy=f"s{n}", symbol=f"x{n}"))
            ]
        )
        await monitor.handle_batch([quote("11", "11", f"x{n}") for n in range(4)])
        value = registry.get_sample_value
        assert value("genesis_strategy_equity", {"strategy": "s0"}) == 101
        assert value("genesis_strategy_equity", {"strategy": "other"}) == 303
        assert value("genesis_strategy_position_value", {"strategy": "other", "symbol": "other"}) == 33
        assert value("genesis_strategy_drawdown_ratio", {"strategy": "other"}) is None
        assert value("genesis_series_folded", {"label": "strategy"}) == 3
        assert value("genesis_series_folded", {"label": "symbol"}) == 3


async def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    async with exported(max_strategies=1) as (monitor, registry):
        await monitor.handle_batch([capital("100"), capital("100", "b"), capital("100", "c")])
        await monitor.handle(fill(Side.BUY, "1", "10", strategy="c", symbol="never quoted"))
        assert registry.get_sample_value("genesis_strategy_capital", {"strategy": "other"}) == 200
        assert registry.get_sample_value("genesis_strategy_equity", {"strategy": "other"}) is None


async def test_wall_times_are_those_of_arrival() -> None:
    async with exported() as (monitor, registry):
        await monitor.handle(Quote(time=START, symbol="B", bid=Decimal(1), ask=Decimal(2)))
        await monitor.handle(CapitalFlow(time=START.astimezone(UTC), event_id="1", strategy="a", amount=Decimal(1)))
        arrival = at(3600).timestamp()
        assert registry.get_sample_value("genesis_mark_timestamp_seconds", {"symbol": "B"}) == arrival
        assert registry.get_sample_value("genesis_strategy_last_event_timestamp_seconds", {"strategy": "a"}) == arrival
        assert registry.get_sample_value("genesis_event_lag_seconds_sum", {"kind": "quote"}) == 3600
