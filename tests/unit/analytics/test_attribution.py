"""The part of the P&L that the market made, and causes of several strategies."""

from __future__ import annotations

from decimal import Decimal
from math import inf, nan

import msgspec
import pytest

from genesis.analytics.attribution import Causes, MarketPart, added_causes

D = Decimal


def test_each_step_adds_beta_times_position_times_return() -> None:
    market = MarketPart()
    market.observe({"BTC": 200.0, "ETH": -50.0}, {"BTC": 1.0, "ETH": 1.5}, 0.1)
    assert market.pnl == D("12.5")
    market.observe({"BTC": 100.0}, {"BTC": 0.5, "ETH": 1.5}, -0.25)
    assert market.pnl == 0
    assert market.reason is None


@pytest.mark.parametrize("betas", [{"BTC": 1.0}, {"BTC": 1.0, "ETH": nan}])
def test_a_symbol_without_a_beta_counts_for_nothing_and_is_told(betas: dict[str, float]) -> None:
    market = MarketPart()
    market.observe({"BTC": 100.0, "ETH": 1e6}, betas, 0.5)
    assert (market.pnl, market.reason) == (50, "no_beta")


def test_a_symbol_that_is_not_held_needs_no_beta() -> None:
    market = MarketPart()
    market.observe({"BTC": 100.0, "ETH": 0.0}, {"BTC": 1.0}, 0.5)
    assert (market.pnl, market.reason) == (50, None)


@pytest.mark.parametrize("unknown", [nan, inf])
def test_a_step_of_a_benchmark_that_is_not_known_adds_nothing_and_is_told(unknown: float) -> None:
    market = MarketPart(pnl=D(7))
    market.observe({"BTC": 100.0}, {"BTC": 1.0}, unknown)
    assert (market.pnl, market.reason) == (7, "no_benchmark")
    market.observe({"BTC": 100.0}, {"BTC": 1.0}, 0.01)
    assert (market.pnl, market.reason) == (8, None)


@pytest.mark.parametrize("exposure", [1e31, 1e308])
def test_what_no_account_can_earn_adds_nothing(exposure: float) -> None:
    market = MarketPart()
    market.observe({"BTC": exposure, "ETH": exposure}, {"BTC": 1.0, "ETH": 1.0}, 1.0)
    assert market.pnl == 0


def test_a_step_is_rounded_to_twelve_places() -> None:
    market = MarketPart()
    market.observe({"BTC": 1.0}, {"BTC": 1.0}, 1 / 3)
    assert market.pnl == D("0.333333333333")


def test_it_goes_on_after_a_restart() -> None:
    market = MarketPart()
    market.observe({"BTC": 1.0}, {"BTC": 1.0}, 1 / 3)
    assert msgspec.json.decode(msgspec.json.encode(market), type=MarketPart) == market


def test_before_the_first_step_it_warms_up() -> None:
    assert MarketPart().reason == "warming_up"


def test_causes_of_several_strategies_add_up_and_one_that_is_not_known_makes_the_sum_unknown() -> None:
    one = Causes(D(1), D(2), D(-3), D(-4), D(5))
    other = Causes(D(10), None, D(30), D(40), D(50))
    assert added_causes([one, one]) == (2, 4, -6, -8, 10)
    assert added_causes([one, other]) == (11, None, 27, 36, 55)
    assert added_causes([]) == (0, 0, 0, 0, 0)
