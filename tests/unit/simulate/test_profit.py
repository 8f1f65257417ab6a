"""What weights make of returns: by hand, and against what must be equal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.simulate.profit import EQUAL_WEIGHT, NO_ROTATION, ROTATION, Account, Comparison

approx: Any = pytest.approx


def test_two_strategies_over_three_steps_by_hand() -> None:
    found = Comparison()
    found.step({"a": Account(0, 3000), "b": Account(100, 1000)}, {"a": 0.5, "b": 0.4})
    # a earns 30 of 3000: 1 %; b loses 50 of 1000: 5 %; 4000 in all.
    found.step({"a": Account(30, 3000), "b": Account(50, 1000)}, {"a": 0.7, "b": 0.0})
    assert found.results[ROTATION].pnl == approx(4000 * (0.5 * 0.01 - 0.4 * 0.05))  # −60
    assert found.results[NO_ROTATION].pnl == approx(-20)
    assert found.results[EQUAL_WEIGHT].pnl == approx(4000 * (0.5 * 0.01 - 0.5 * 0.05))  # −80
    # a earns 60 of 3000: 2 %; b loses 10 of 1000: 1 %.
    found.step({"a": Account(90, 3000), "b": Account(40, 1000)}, {"a": 0.7, "b": 0.0})
    rotation = found.results[ROTATION]
    assert rotation.pnl == approx(-60 + 4000 * 0.7 * 0.02)  # −4
    assert found.results[NO_ROTATION].pnl == approx(30)
    assert found.results[EQUAL_WEIGHT].pnl == approx(-80 + 20)
    assert rotation.max_drawdown == approx(60)
    assert found.results[NO_ROTATION].max_drawdown == approx(20)
    assert rotation.exposure == approx((0.9 + 0.7) / 2)
    assert rotation.pnl_at_full_exposure == approx(-4 / 0.8)
    assert rotation.turnover == approx(0.4)  # 0.2 more for a, 0.4 less for b
    assert found.results[NO_ROTATION].turnover == found.results[EQUAL_WEIGHT].turnover == 0
    assert found.earned == approx({"a": 90, "b": -60})
    assert found.gaps == {}


def test_what_a_strategy_made_in_a_gap_is_booked_when_it_is_told_again() -> None:
    found = Comparison()
    found.step({"a": Account(0, 1000)}, {"a": 0.5})
    found.step({}, {"a": 0.5})
    assert found.results[ROTATION].pnl == 0
    found.step({"a": Account(10, 1000)}, {"a": 0.5})
    assert found.results[ROTATION].pnl == approx(5)
    assert found.results[EQUAL_WEIGHT].pnl == approx(10)
    assert found.gaps == {"a": 1}


def test_a_strategy_that_appears_late_earns_from_its_second_step_on() -> None:
    found = Comparison()
    found.step({"a": Account(0, 1000)}, {"a": 1.0})
    found.step({"a": Account(0, 1000), "b": Account(500, 1000)}, {"a": 0.5, "b": 0.5})
    assert found.results[EQUAL_WEIGHT].pnl == 0
    found.step({"a": Account(0, 1000), "b": Account(600, 1000)}, {"a": 0.5, "b": 0.5})
    assert found.results[EQUAL_WEIGHT].pnl == approx(2000 * 0.5 * 0.1)


def test_without_capital_there_is_no_return_and_no_division() -> None:
    found = Comparison()
    found.step({"a": Account(0, 0)}, {"a": 1.0})
    found.step({"a": Account(10, 0)}, {"a": 1.0})
    assert all(result.pnl == 0 for result in found.results.values())
    assert found.results[NO_ROTATION].pnl_at_full_exposure is None
    assert found.earned == {"a": 10}


def test_nothing_at_all_comes_to_nothing() -> None:
    found = Comparison()
    found.step({}, {})
    found.step({}, {})
    assert [result.pnl for result in found.results.values()] == [0, 0, 0]


@given(
    st.lists(st.lists(st.floats(-100, 100), min_size=3, max_size=3), min_size=2, max_size=30),
    st.lists(st.floats(1, 1e6), min_size=3, max_size=3),
)
def test_equal_weights_held_all_the_time_are_the_plan_of_equal_weights(pnl: list[list[float]], capital: list[float]) -> None:
    found = Comparison()
    names = "abc"
    for row in pnl:
        accounts = {name: Account(*pair) for name, pair in zip(names, zip(row, capital, strict=True), strict=True)}
        found.step(accounts, dict.fromkeys(names, 1 / 3))
    rotation, equal = found.results[ROTATION], found.results[EQUAL_WEIGHT]
    assert rotation.pnl == approx(equal.pnl, abs=1e-6)
    assert rotation.max_drawdown == approx(equal.max_drawdown, abs=1e-6)
    assert found.results[NO_ROTATION].pnl == approx(sum(pnl[-1]) - sum(pnl[0]), rel=1e-6, abs=1e-4)
