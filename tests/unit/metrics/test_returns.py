"""The figures of returns in the catalogue's names."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from genesis.core.models import AnyEvent, Side
from genesis.metrics import catalog
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.groups import GROUPS
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import StatisticsSettings
from genesis.snapshot import MonitorSnapshot
from tests.unit.monitoring.account import capital, fill, monitor, quote

STEP = timedelta(minutes=30)
SETTINGS = MonitorSettings(
    statistics=StatisticsSettings(
        step=STEP,
        windows=(20 * STEP,),
        risk_window=60 * STEP,
        horizon=9 * STEP,
        min_observations=10,
        benchmark="BTCUSDT",
    )
)
GROUP_NAMES = ("performance", "risk", "regression")
PARTS = ("OBSERVATIONS", "SHARPE_", "SORTINO", "CALMAR", "VOLATILITY", "AT_RISK", "EXPECTED_SHORTFALL", "VAR_", "BETA", "ALPHA")
OURS = {
    metric.name
    for name, metric in vars(catalog).items()
    if name.startswith(("STRATEGY_", "PORTFOLIO_")) and any(part in name for part in PARTS) and "PROBABILISTIC" not in name
} | {"genesis_strategy_info"}


def prices(symbol: str, number: int, seed: int) -> list[AnyEvent]:
    """A quote a step, half a step after the grid's point."""
    walk = 100 + np.random.default_rng(seed).normal(0, 0.5, number).cumsum()
    half = STEP.total_seconds() / 2
    return [quote(f"{price:.4f}", f"{price:.4f}", symbol, (2 * step + 1) * half) for step, price in enumerate(walk)]


@asynccontextmanager
async def trading(seconds: int = 90) -> AsyncIterator[StrategyPerformanceMonitor]:
    """A long and a short strategy, in two symbols."""
    async with monitor(settings=SETTINGS) as made:
        opening: list[AnyEvent] = [
            capital("1000", "long"),
            capital("3000", "short"),
            fill(Side.BUY, "5", "100", strategy="long"),
            fill(Side.SELL, "6", "100", strategy="short", symbol="ETHUSDT"),
        ]
        rest = [*prices("BTCUSDT", seconds, 1), *prices("ETHUSDT", seconds, 2)]
        for event in (*opening, *sorted(rest, key=lambda event: event.time)):
            await made.handle(event)
        yield made


def told(snapshot: MonitorSnapshot, max_strategies: int = 10) -> dict[str, float]:
    folded = FoldedSnapshot(snapshot, max_strategies, 10)
    return {
        ",".join([sample.name.removeprefix("genesis_"), *sample.labels.values()]): sample.value
        for group in GROUP_NAMES
        for table in GROUPS[group].tables(folded)
        for sample in table.family().samples
    }


async def test_every_figure_of_returns_is_told_of_the_strategies_and_of_the_account() -> None:
    async with trading() as made:
        found = {"genesis_" + name.split(",", 1)[0] for name in told(made.snapshot())}
        assert found == OURS
        assert len(OURS) == 34


async def test_figures_have_the_labels_of_window_method_level_and_horizon() -> None:
    async with trading() as made:
        snapshot = made.snapshot()
        found, figures = told(snapshot), snapshot.strategies[0].statistics
        assert figures is not None
        assert found["strategy_info,long,BTCUSDT"] == 1
        assert found["strategy_observations,long"] == 60
        assert found["strategy_sharpe_ratio,long,10h"] == figures.performance["10h"].sharpe
        assert found["strategy_calmar_ratio,long,all"] == figures.performance["all"].calmar
        assert found["strategy_expected_shortfall_ratio,long,historical,0.99,4h30m"] == (
            figures.tails["historical", "0.99"].expected_shortfall
        )
        assert found["strategy_var_exceedances_total,long,parametric,0.95"] == (
            figures.backtests["parametric", "0.95"].exceedances
        )
        assert found["strategy_beta,long"] == figures.beta
        assert 0.3 < found["strategy_beta,long"] < 0.7  # half of the equity is in the benchmark


async def test_value_at_risk_in_money_is_the_ratio_of_the_equity() -> None:
    async with trading() as made:
        snapshot = made.snapshot()
        found, equity = told(snapshot), snapshot.strategies[1].account.equity
        assert equity is not None
        for figure in ("value_at_risk", "expected_shortfall"):
            ratio = found[f"strategy_{figure}_ratio,short,historical,0.95,4h30m"]
            assert found[f"strategy_{figure},short,historical,0.95,4h30m"] == ratio * float(equity)


async def test_the_parts_of_the_accounts_value_at_risk_add_up_to_it() -> None:
    async with trading() as made:
        found = told(made.snapshot())
        for method in ("historical", "parametric"):
            label = f"{method},0.95,4h30m"
            parts = [found[f"portfolio_component_value_at_risk,{name},{label}"] for name in ("long", "short")]
            assert sum(parts) == pytest.approx(found[f"portfolio_value_at_risk,{label}"], rel=1e-9)
            folded = told(made.snapshot(), max_strategies=1)
            assert folded[f"portfolio_component_value_at_risk,other,{label}"] == parts[1]


async def test_a_folded_strategy_has_no_ratios() -> None:
    async with trading() as made:
        found = told(made.snapshot(), max_strategies=1)
        assert "strategy_observations,long" in found
        assert not any("short" in name.split(",") for name in found)


async def test_without_equity_there_is_a_ratio_and_no_money_and_a_reason() -> None:
    async with trading() as made:
        await made.handle(fill(Side.BUY, "1", "1", strategy="short", symbol="never quoted", seconds=91 * STEP.total_seconds()))
        snapshot = made.snapshot()
        found = told(snapshot)
        assert "strategy_value_at_risk_ratio,short,historical,0.95,4h30m" in found
        assert "strategy_value_at_risk,short,historical,0.95,4h30m" not in found
        assert snapshot.strategies[1].undefined["value_at_risk"] == "no_mark"
        assert snapshot.portfolio.undefined["expected_shortfall"] == "no_mark"
        assert "value_at_risk" not in snapshot.strategies[0].undefined


async def test_an_account_that_was_lost_has_no_value_at_risk_in_money() -> None:
    async with trading() as made:
        await made.handle(quote("900", "900", "ETHUSDT", 91 * STEP.total_seconds()))
        snapshot = made.snapshot()
        assert snapshot.strategies[1].account.equity < 0  # type: ignore[operator]
        assert snapshot.strategies[1].undefined["value_at_risk"] == "no_capital"
        assert "strategy_value_at_risk,short,historical,0.95,4h30m" not in told(snapshot)


async def test_while_a_strategy_fails_the_account_is_not_told() -> None:
    async with trading() as made:
        snapshot = replace(made.snapshot(), failed={"other": "error"})
        assert not any(name.startswith("portfolio") for name in told(snapshot))
        assert Decimal(1000) == snapshot.strategies[0].account.capital
