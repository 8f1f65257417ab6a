"""Weights in proportion to merits within bounds; the correlation penalty; wishes scaled to what may be moved."""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from genesis.rotation.observation import Pair
from genesis.rotation.policy.weights import QUANTUM, ZERO, Bounds, filled, floor, merits, scaled
from tests.search import examples

SHARES = st.integers(0, 10_000).map(lambda number: number * QUANTUM)
BOUNDS = st.tuples(SHARES, SHARES).map(lambda two: Bounds(min(two), max(two)))
PARTS = st.dictionaries(st.sampled_from("abcdefgh"), st.tuples(st.floats(1e-4, 1), BOUNDS), min_size=1)


def told(text: str) -> dict[str, Decimal]:
    return {name: Decimal(weight) for name, weight in (part.split("=") for part in text.split())}


@given(PARTS, SHARES)
@hypothesis_settings(max_examples=examples(300))
def test_weights_come_to_the_budget_in_proportion_to_the_merits_within_the_bounds(
    parts: dict[str, tuple[float, Bounds]], extra: Decimal
) -> None:
    merit = {name: one for name, (one, _) in parts.items()}
    bounds = {name: two for name, (_, two) in parts.items()}
    budget = sum((two.least for two in bounds.values()), ZERO) + extra
    weights = filled(merit, bounds, budget)
    total, most = sum(weights.values(), ZERO), sum((two.most for two in bounds.values()), ZERO)
    assert min(budget, most) - len(parts) * QUANTUM < total <= min(budget, most)
    assert all(bounds[name].least <= weight <= bounds[name].most for name, weight in weights.items())
    for one, other in combinations(sorted(weights), 2):
        level = {name: float(weights[name]) / merit[name] for name in (one, other)}
        low, high = sorted(level, key=lambda name: level[name])
        # The one that has less by its merit is held down by its own bound, or the other one up by its.
        if level[high] - level[low] > float(QUANTUM) / min(merit[low], merit[high]) * 1.01:
            assert weights[low] == bounds[low].most or weights[high] == bounds[high].least


@pytest.mark.parametrize(
    ("merit", "least", "most", "budget", "wanted"),
    [
        ({"a": 1.0, "b": 0.5, "c": 0.01}, "0.05", "0.5", "0.95", "a=0.5 b=0.4 c=0.05"),  # a at the most, c at the least
        ({"a": 0.6, "b": 0.3}, "0", "1", "0.9", "a=0.6 b=0.3"),
        ({"a": 0.1, "b": 0.1, "c": 0.1}, "0", "1", "1", "a=0.3333 b=0.3333 c=0.3333"),
        ({"a": 1.0, "b": 1.0}, "0.05", "0.3", "0.95", "a=0.3 b=0.3"),  # the bounds leave a part of the budget
        ({"a": 1.0, "b": 0.001}, "0.2", "0.8", "0.4", "a=0.2 b=0.2"),
        ({"a": 0.5}, "0", "0", "0.95", "a=0"),
    ],
)
def test_weights_by_hand(merit: dict[str, float], least: str, most: str, budget: str, wanted: str) -> None:
    bounds = dict.fromkeys(merit, Bounds(Decimal(least), Decimal(most)))
    assert filled(merit, bounds, Decimal(budget)) == told(wanted)


def test_nobody_has_no_weights() -> None:
    assert filled({}, {}, Decimal(1)) == {}


@pytest.mark.parametrize(
    ("correlation", "left"),
    [(1.0, 0.5), (0.5, 0.75), (0.0, 1.0), (-1.0, 1.0), (None, 0.5)],  # a pair that is not known counts 1
)
def test_a_strategy_that_runs_with_another_gets_less(correlation: float | None, left: float) -> None:
    pairs = () if correlation is None else (Pair("b", "a", correlation),)
    assert merits({"a": 0.8, "b": 0.4}, pairs, 0.5) == pytest.approx({"a": 0.8 * left, "b": 0.4 * left})


def test_the_penalty_goes_by_the_mean_over_all_others() -> None:
    pairs = (Pair("a", "b", 0.9), Pair("a", "c", -0.3), Pair("b", "c", 0.1), Pair("a", "gone", 1.0))
    assert merits(dict.fromkeys("abc", 1.0), pairs, 1.0) == pytest.approx({"a": 0.7, "b": 0.5, "c": 1.0})


def test_one_alone_runs_with_nobody() -> None:
    assert merits({"a": 0.8}, (), 1.0) == {"a": 0.8}


def test_a_penalty_of_all_without_correlations_leaves_the_proportions() -> None:
    """Not everybody at the least weight, and the capital with nobody."""
    merit = merits({"a": 0.8, "b": 0.4}, (), 1.0)
    assert filled(merit, dict.fromkeys("ab", Bounds(ZERO, Decimal(1))), Decimal("0.9")) == told("a=0.6 b=0.3")


def test_a_score_of_nothing_counts_a_hundredth() -> None:
    assert merits({"a": 0.0, "b": 0.001, "c": 0.02}, (Pair("a", "b", 0), Pair("b", "c", 0), Pair("a", "c", 0)), 0.5) == {
        "a": 0.01,
        "b": 0.01,
        "c": 0.02,
    }


@pytest.mark.parametrize(
    ("wishes", "most", "wanted"),
    [
        ("a=0.1 b=0.05", "0.15", "a=0.1 b=0.05"),
        ("a=0.2 b=0.1", "0.15", "a=0.1 b=0.05"),
        ("a=0.1834 b=0.0834", "0.1", "a=0.0687 b=0.0312"),  # rounded down
        ("a=0.2", "0", "a=0"),
        ("", "0.1", ""),
    ],
)
def test_wishes_are_scaled_alike_to_what_may_be_moved(wishes: str, most: str, wanted: str) -> None:
    assert scaled(told(wishes), Decimal(most)) == told(wanted)


@given(st.dictionaries(st.sampled_from("abcdef"), SHARES), SHARES)
def test_scaled_wishes_are_never_more_than_may_be_moved_nor_than_was_wished(wishes: dict[str, Decimal], most: Decimal) -> None:
    amounts = scaled(wishes, most)
    assert sum(amounts.values(), ZERO) <= most
    assert all(ZERO <= amounts[name] <= wish for name, wish in wishes.items())


@pytest.mark.parametrize(("value", "down"), [("0.12349", "0.1234"), (0.3, "0.2999"), ("0.5", "0.5"), ("1E-9", "0")])
def test_weights_are_rounded_down_to_a_hundredth_of_a_per_cent(value: Decimal | float | str, down: str) -> None:
    """0.3 as a float is a little less than 0.3."""
    assert floor(Decimal(value) if isinstance(value, str) else value) == Decimal(down)


@pytest.mark.parametrize(
    ("wishes", "most", "wanted"),
    [
        ("a=0.05 b=0.05", "0.015", "a=0 b=0.0150"),
        ("a=0.05 b=0.05", "0.02", "a=0.0100 b=0.0100"),
        ("a=0.04 b=0.01 c=0.05", "0.05", "a=0.0222 b=0 c=0.0277"),
        ("a=0.005", "0.05", "a=0.005"),
        ("a=0.05 b=0.05", "0.009", "a=0 b=0"),
    ],
)
def test_a_part_that_is_hardly_worth_it_waits_and_the_others_have_it(wishes: str, most: str, wanted: str) -> None:
    amounts = scaled(told(wishes), Decimal(most), Decimal("0.01"))
    assert amounts == {name: amount for name, amount in told(wanted).items() if amount}
