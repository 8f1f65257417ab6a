"""Signals → scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.rotation.observation import StrategyReading
from genesis.rotation.policy import scores as scoring
from genesis.settings.rotation import ScoreTerm

NAMES = "abcdefgh"


def scores(terms: Sequence[ScoreTerm], strategies: Mapping[str, StrategyReading], among: str = NAMES) -> dict[str, float]:
    return scoring.scores(terms, strategies, among)


def seen(**values: float | None) -> dict[str, StrategyReading]:
    """Strategies of which one signal, `x`, is told; None: it is not."""
    return {name: StrategyReading(fresh=True, signals={} if value is None else {"x": value}) for name, value in values.items()}


def term(worst: float, best: float, *, rank: bool = False, weight: float = 1.0, signal: str = "x") -> ScoreTerm:
    return ScoreTerm(signal=signal, weight=weight, worst=worst, best=best, normalisation="rank" if rank else "linear")


@pytest.mark.parametrize(
    ("worst", "best", "value", "score"),
    [(-1, 3, 1, 0.5), (-1, 3, -1, 0.0), (-1, 3, -9, 0.0), (-1, 3, 9, 1.0), (0.2, 0, 0.05, 0.75), (0.2, 0, 0.3, 0.0)],
)
def test_a_linear_term_goes_from_the_worst_to_the_best_and_no_further(
    worst: float, best: float, value: float, score: float
) -> None:
    assert scores([term(worst, best)], seen(a=value)) == pytest.approx({"a": score})


@pytest.mark.parametrize(
    ("values", "rising"),
    [
        ({"a": 5.0, "b": -2.0, "c": 7.0}, {"a": 0.5, "b": 0.0, "c": 1.0}),
        ({"a": 1.0, "b": 1.0, "c": 3.0}, {"a": 0.25, "b": 0.25, "c": 1.0}),  # equal ones share theirs: (0 + 0.5) / 2
        ({"a": 1.0, "b": 1.0, "c": 1.0}, {"a": 0.5, "b": 0.5, "c": 0.5}),
        ({"a": 4.0}, {"a": 0.5}),
    ],
)
def test_a_rank_term_goes_by_the_order_alone(values: dict[str, float], rising: dict[str, float]) -> None:
    assert scores([term(0, 1, rank=True)], seen(**values)) == rising
    assert scores([term(1, 0, rank=True)], seen(**values)) == {name: 1 - score for name, score in rising.items()}


def test_ranks_are_among_those_that_take_part() -> None:
    """One that does not has the rank that it would have among them, and moves nobody else's."""
    told = seen(a=1.0, b=2.0, c=3.0, d=9.0, e=2.0)
    assert scores([term(0, 1, rank=True)], told, "abc") == {"a": 0.0, "b": 0.5, "c": 1.0, "d": 1.0, "e": 0.5}
    assert scores([term(0, 1, rank=True)], told, "") == dict.fromkeys("abcde", 0.5)


def test_a_score_is_the_mean_of_its_terms_by_their_weights() -> None:
    one = {"a": StrategyReading(fresh=True, signals={"x": 0.5, "y": 1.0})}
    assert scores([term(0, 1, weight=3), term(0, 1, signal="y")], one) == pytest.approx({"a": 0.625})


@pytest.mark.parametrize("value", [None, nan, inf, -inf])
def test_a_score_is_not_known_where_a_term_is_not_and_the_others_are(value: float | None) -> None:
    assert scores([term(0, 1, rank=True)], seen(a=value, b=1.0, c=2.0)) == {"b": 0.0, "c": 1.0}
    both = {
        "a": StrategyReading(fresh=True, signals={"x": 1.0}),
        "b": StrategyReading(fresh=True, signals={"x": 1.0, "y": 1.0}),
    }
    assert set(scores([term(0, 1), term(0, 1, signal="y")], both)) == {"b"}


def test_figures_that_are_old_count_for_nothing() -> None:
    assert scores([term(0, 1, rank=True)], seen(b=1.0, c=2.0) | {"a": StrategyReading(fresh=False, signals={"x": 9.0})}) == {
        "b": 0.0,
        "c": 1.0,
    }


@given(st.dictionaries(st.sampled_from(NAMES), st.floats(-1e300, 1e300)), st.booleans(), st.booleans())
def test_scores_are_from_0_to_1_and_never_worse_for_a_better_signal(
    values: dict[str, float], rank: bool, falling: bool
) -> None:
    found = scores([term(2, -1, rank=rank) if falling else term(-1, 2, rank=rank)], seen(**values))
    assert found.keys() == values.keys()
    assert all(0.0 <= score <= 1.0 for score in found.values())
    ordered = [found[name] for name in sorted(values, key=lambda name: -values[name] if falling else values[name])]
    assert ordered == sorted(ordered)
    if rank and values:
        assert sum(ordered) == pytest.approx(len(ordered) / 2)
