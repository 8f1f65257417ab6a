"""What Prometheus answered, as an observation."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import pytest

from genesis.clients.prometheus import Sample
from genesis.rotation.observation import Limits, Observation, Pair
from genesis.rotation.query_results import (
    ACCOUNT_AGE,
    CORRELATION,
    DAILY_LOSS,
    EQUITY,
    STRATEGY_AGE,
    all_expressions,
    observation,
)
from tests.unit.rotation.told import RULES, START, answers, of, settings

ODD_NAMES = ['a"b', "back\\slash", "{brace}", "new\nline", "com,ma", "$var", "日本", "o'clock", "a=~b", " "]


def seen(**more: Any) -> Observation:
    return observation(settings(), RULES, answers(**more), time=START)


def pair(one: str, other: str, value: float) -> Sample:
    return Sample({"strategy": one, "other": other}, value, 0.0)


def test_all_is_known_where_prometheus_tells_all() -> None:
    found = seen()
    assert found.faults == ()
    assert {name: (one.fresh, one.signals) for name, one in found.strategies.items()} == {
        name: (True, {"sharpe": 1.0, "drawdown": 0.01}) for name in ("one", "two")
    }
    tier = RULES.tiers["STRATEGIST"]
    assert found.limits == Limits(tier="STRATEGIST", allowed=tier.strategies, max_active=tier.max_positions)
    assert found.daily_loss_used == 0.1


@pytest.mark.parametrize("value", [nan, inf, -inf])
def test_a_signal_that_is_no_number_is_not_known(value: float) -> None:
    found = seen(sharpe=of({"one": value, "two": 2.0}))
    assert found.strategies["one"].signals == {"drawdown": 0.01}
    assert found.strategies["two"].signals["sharpe"] == 2.0
    assert found.faults == ()


def test_a_signal_without_a_sample_is_not_known() -> None:
    assert seen(sharpe=[]).strategies["one"].signals == {"drawdown": 0.01}


def test_two_samples_of_one_strategy_are_a_fault_and_neither_counts() -> None:
    found = seen(sharpe=[*of({"one": 1.0, "two": 1.0}), *of({"one": 3.0})])
    assert found.faults == ("signals",)
    assert found.details["signals"] == "signals.sharpe returns two samples for 'one'"
    assert "sharpe" not in found.strategies["one"].signals
    assert found.strategies["two"].signals["sharpe"] == 1.0


@pytest.mark.parametrize("labels", [{}, {"strategy": ""}])
def test_a_sample_of_no_strategy_is_a_fault_that_names_the_expression(labels: dict[str, str]) -> None:
    found = seen(drawdown=[Sample(labels, 0.2, 0.0)])
    assert found.details == {"signals": "signals.drawdown returns a sample without the label strategy"}


def test_two_monitors_are_a_fault_and_the_account_is_not_known() -> None:
    found = seen(**{EQUITY: [Sample({"instance": name}, 20_000.0, 0.0) for name in ("a", "b")]})
    assert found.faults == ("signals",)
    assert found.limits is None


def test_of_two_ages_the_larger_counts() -> None:
    found = seen(**{STRATEGY_AGE: [*of({"one": 1.0, "two": 1.0}), *of({"one": 60.0})]})
    assert not found.strategies["one"].fresh
    assert found.strategies["two"].fresh


def test_figures_are_fresh_up_to_the_greatest_age() -> None:
    found = seen(**{STRATEGY_AGE: of({"one": 15.0, "two": 15.001})})
    assert found.strategies["one"].fresh
    assert not found.strategies["two"].fresh


def test_a_signal_of_a_strategy_that_the_monitor_does_not_name_is_nobodys() -> None:
    assert set(seen(sharpe=of({"one": 1.0, "two": 1.0, "other": 1.0})).strategies) == {"one", "two"}


def test_an_old_account_is_not_known() -> None:
    found = seen(**{ACCOUNT_AGE: [Sample({}, 16.0, 0.0)]})
    assert found.faults == ("stale",)
    assert (found.limits, found.daily_loss_used) == (None, None)


def test_of_two_ages_of_the_account_the_larger_counts() -> None:
    found = seen(**{ACCOUNT_AGE: [Sample({"instance": name}, age, 0.0) for name, age in (("a", 1.0), ("b", 16.0))]})
    assert found.faults == ("stale",)


def test_an_account_without_equity_is_not_old_while_its_strategies_are_read() -> None:
    found = seen(**{ACCOUNT_AGE: [], EQUITY: [], DAILY_LOSS: []})
    assert found.faults == ()
    assert found.limits is None


def test_nothing_at_all_is_old() -> None:
    found = observation(settings(), RULES, {}, time=START)
    assert found.faults == ("stale",)
    assert found.strategies == {}


@pytest.mark.parametrize(("equity", "tier"), [(499.99, None), (500.0, "SNIPER"), (2000.0, "HUNTER"), (nan, None), (-5.0, None)])
def test_the_tier_is_that_of_the_equity(equity: float, tier: str | None) -> None:
    limits = seen(**{EQUITY: [Sample({}, equity, 0.0)]}).limits
    assert (limits and limits.tier) == tier


def test_each_pair_is_told_once_and_within_its_bounds() -> None:
    told = [pair("one", "two", 1.0001), pair("two", "one", 1.0001), pair("one", "one", 1.0), pair("two", "three", nan)]
    assert seen(**{CORRELATION: told}).correlations == (Pair("one", "two", 1.0),)


def test_a_pair_told_in_one_direction_counts_as_well() -> None:
    assert seen(**{CORRELATION: [pair("two", "one", 0.5)]}).correlations == (Pair("two", "one", 0.5),)


@pytest.mark.parametrize("told", [[pair("one", "two", 0.1), pair("one", "two", 0.2)], [Sample({"strategy": "one"}, 0.1, 0.0)]])
def test_a_correlation_that_is_ambiguous_is_a_fault(told: list[Sample]) -> None:
    assert seen(**{CORRELATION: told}).faults == ("signals",)


def test_nothing_is_fresh_in_answers_that_may_be_of_another_time() -> None:
    found = observation(settings(), RULES, answers(), time=START, trusted=False, faults={"clock": "went back"})
    assert not any(one.fresh for one in found.strategies.values())
    assert found.faults == ("clock", "stale")


def test_any_name_is_only_a_name() -> None:
    found = observation(settings(), RULES, answers(ODD_NAMES), time=START)
    assert set(found.strategies) == set(ODD_NAMES)
    assert found.faults == ()


def test_every_expression_is_asked_by_its_place_in_the_file() -> None:
    expressions = all_expressions(settings(correlation="rho"))
    assert expressions["signals.sharpe"] == "sharpe_ratio"
    assert expressions[CORRELATION] == "rho"
