"""A demo with more strategies than are configured."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from genesis.alerts.catalog.execution import SLIPPAGE_HIGH
from genesis.alerts.catalog.losses import STRATEGY_DRAWDOWN
from genesis.configuration import load_settings
from genesis.core.errors import StackError
from genesis.demo.copies import MAX_STRATEGIES, with_copies
from genesis.demo.settings import FAULTY, of_the_demo
from genesis.engine.market import DEFAULT_SYMBOLS
from genesis.engine.paper import strategies_for
from genesis.settings.rotation import RotationSettings

CONFIGURED = load_settings(Path(__file__).parents[3] / "config")
KNOWN = CONFIGURED.strategies.strategies


@pytest.mark.parametrize("wanted", [5, 50, MAX_STRATEGIES])
def test_there_are_as_many_as_wanted_the_configured_ones_first(wanted: int) -> None:
    made = with_copies(CONFIGURED, wanted).strategies.strategies
    assert len(made) == wanted
    assert list(made)[: len(KNOWN)] == list(KNOWN)


def test_a_copy_has_the_number_in_its_name_and_everything_else_of_its_original() -> None:
    made = with_copies(CONFIGURED, 12).strategies.strategies
    assert made["mean_reversion_02"] == made["mean_reversion_03"] == KNOWN["mean_reversion"]
    alerts = with_copies(CONFIGURED, 12).alerts.alerts
    drawdown, slippage = alerts.of(STRATEGY_DRAWDOWN), alerts.of(SLIPPAGE_HIGH)
    assert drawdown.levels("spread_capture_02") == drawdown.levels("spread_capture") != drawdown.levels()
    assert slippage.levels("spread_capture_03") == slippage.levels("spread_capture") != slippage.levels()


def test_a_copy_may_trade_where_its_original_may_and_there_is_a_position_for_each() -> None:
    rules = with_copies(CONFIGURED, 50).rules
    for name, tier in CONFIGURED.rules.tiers.items():
        allowed = rules.tiers[name].strategies
        assert rules.tiers[name].max_positions == 50
        for original in KNOWN:
            assert (allowed is None or f"{original}_02" in allowed) == (tier.strategies is None or original in tier.strategies)


@pytest.mark.parametrize("wanted", [None, len(KNOWN)])
def test_without_copies_everything_is_as_configured(wanted: int | None) -> None:
    assert with_copies(CONFIGURED, wanted) is CONFIGURED


@pytest.mark.parametrize("wanted", [1, len(KNOWN) - 1, MAX_STRATEGIES + 1])
def test_fewer_than_are_configured_or_too_many_are_refused(wanted: int) -> None:
    with pytest.raises(StackError, match=rf"--strategies {wanted}: must be from 4 .* to 100"):
        with_copies(CONFIGURED, wanted)


def test_the_weights_of_fifty_fit_into_the_account_and_only_one_has_less_capital() -> None:
    settings = of_the_demo(with_copies(CONFIGURED, 50), 1)
    rotation = RotationSettings.model_validate(settings.rotation.model_dump())
    assert rotation.allocation.min_weight == Decimal("0.016")
    assert [name for name, strategy in settings.strategies.strategies.items() if strategy.capital != 5000] == [FAULTY]


def test_copies_trade_other_symbols_than_their_originals() -> None:
    accounts = strategies_for(with_copies(CONFIGURED, 20).strategies, [made.instrument for made in DEFAULT_SYMBOLS], None)
    traded: dict[str, set[tuple[str, ...]]] = {}
    for account in accounts:
        kind = account.strategy.name.rstrip("_0123456789")
        traded.setdefault(kind, set()).add(account.strategy.symbols)  # type: ignore[attr-defined]  # none of them is faulty
    assert {kind: len(parts) for kind, parts in traded.items()} == dict.fromkeys(KNOWN, 5)
