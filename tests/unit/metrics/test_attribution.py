"""The attribution as it is told: labels, what is folded, and what is left out."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from genesis.core.models import Funding, Side
from tests.unit.metrics.test_exporter import exported
from tests.unit.monitoring.account import at, fill, quote

ATTRIBUTION = "genesis_strategy_attribution"


def told(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    """Label values, in the order of the labels' names → value."""
    return {
        tuple(value for _, value in sorted(sample.labels.items())): sample.value
        for family in registry.collect()
        for sample in family.samples
        if sample.name == name
    }


async def test_parts_and_causes_add_up_to_the_net_on_metrics() -> None:
    async with exported() as (monitor, registry):
        hedge = replace(fill(Side.SELL, "1", "101", fee="0.5"), component="hedge")
        await monitor.handle_batch([quote("100", "100"), fill(Side.BUY, "2", "90"), hedge])
        assert told(registry, ATTRIBUTION) == {("main", "alpha", "BTCUSDT"): 20, ("hedge", "alpha", "BTCUSDT"): 0.5}
        day = {
            labels: value for labels, value in told(registry, "genesis_strategy_period_attribution").items() if "day" in labels
        }
        assert day == {("main", "day", "alpha", "BTCUSDT"): 20, ("hedge", "day", "alpha", "BTCUSDT"): 0.5}
        causes = told(registry, "genesis_strategy_cause_pnl")
        assert causes["selection", "alpha"] == 21
        assert causes["fees", "alpha"] == -0.5
        assert sum(causes.values()) == registry.get_sample_value("genesis_strategy_net_pnl", {"strategy": "alpha"}) == 20.5
        assert told(registry, "genesis_portfolio_cause_pnl")["selection",] == 21


async def test_components_of_folded_strategies_are_folded_too() -> None:
    async with exported(max_strategies=1) as (monitor, registry):
        await monitor.handle_batch([quote("100", "100"), replace(fill(Side.BUY, "1", "90"), component="entry")])
        for number, name in enumerate(["beta", "gamma"]):
            tagged = replace(fill(Side.BUY, "1", "99", strategy=name), component=f"leg {number}")
            await monitor.handle_batch([tagged, fill(Side.BUY, "1", "98", strategy=name)])
        assert told(registry, ATTRIBUTION) == {
            ("entry", "alpha", "BTCUSDT"): 10,
            ("other", "other", "BTCUSDT"): 2,
            ("main", "other", "BTCUSDT"): 4,
        }
        assert told(registry, "genesis_strategy_attribution_residual") == {("alpha",): 0, ("other",): 0}


async def test_a_residual_that_is_not_known_hides_no_other_of_the_folded_strategies() -> None:
    async with exported(max_strategies=1) as (monitor, registry):
        await monitor.handle_batch([quote("100", "100"), *(fill(Side.BUY, "1", "90", strategy=name) for name in "abc")])
        await monitor.handle(fill(Side.BUY, "1", "90", strategy="c", symbol="never quoted"))
        monitor.accounts.ledger.books["b"].equity += Decimal("1e-24")  # no event can do this
        assert told(registry, "genesis_strategy_attribution_residual") == {("a",): 0, ("other",): 1e-24}


async def test_a_part_without_a_mark_is_left_out_with_its_reason() -> None:
    async with exported() as (monitor, registry):
        await monitor.handle_batch([quote("100", "100"), fill(Side.BUY, "1", "90"), fill(Side.BUY, "1", "2", symbol="ETHUSDT")])
        assert told(registry, ATTRIBUTION) == {("main", "alpha", "BTCUSDT"): 10}
        assert told(registry, "genesis_strategy_attribution_residual") == {}
        reasons = told(registry, "genesis_strategy_undefined_info")
        for figure in ("attribution", "attribution_residual", "cause_pnl", "week_attribution"):
            assert reasons[figure, "no_mark", "alpha"] == 1


async def test_a_symbol_that_only_paid_funding_has_its_name() -> None:
    async with exported() as (monitor, registry):
        paid = Funding(time=at(0), event_id="f", strategy="alpha", symbol="ETHUSDT", amount=Decimal(-3))
        await monitor.handle(paid)
        assert told(registry, ATTRIBUTION) == {("main", "alpha", "ETHUSDT"): -3}


async def test_the_accounts_causes_are_not_told_while_a_strategy_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with exported() as (monitor, registry):
        await monitor.handle_batch([quote("100", "100"), fill(Side.BUY, "1", "90")])
        assert len(told(registry, "genesis_portfolio_cause_pnl")) == len(("market", "selection", "slippage", "fees", "funding"))
        monkeypatch.setitem(monitor.accounts.failed, "beta", "broken")
        assert told(registry, "genesis_portfolio_cause_pnl") == {}
