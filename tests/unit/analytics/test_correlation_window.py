"""Correlations that are kept up to date are those worked out anew, whatever comes and goes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.covariance import LedoitWolf

from genesis.analytics.correlation import CorrelationFigures, ledoit_wolf, mean_correlation, pearson
from genesis.analytics.correlation_window import CorrelationWindow
from genesis.analytics.product_sums import ProductSums
from genesis.settings.statistics import CorrelationSettings

Floats = NDArray[np.float64]
SETTINGS = CorrelationSettings(min_overlap=10)


class Walk:
    """A window over a table whose rows may get longer, and the rows that are in it."""

    def __init__(self, points: int, settings: CorrelationSettings = SETTINGS) -> None:
        self.points = points
        self.settings = settings
        self.window = CorrelationWindow(settings)
        self.rows: list[Floats] = []

    def step(self, row: Floats) -> None:
        leaving = self.rows.pop(0) if len(self.rows) == self.points else None
        self.rows.append(row)
        self.window.update(row, leaving)

    def restart(self) -> None:
        self.window = CorrelationWindow(self.settings)
        self.window.rebuild(self.table)

    @property
    def table(self) -> Floats:
        table = np.full((len(self.rows), len(self.rows[-1])), np.nan)
        for place, row in enumerate(self.rows):
            table[place, : len(row)] = row
        return table

    def worst(self) -> float:
        """The largest difference from the batch; infinite if one is defined where the other is not."""
        kept, anew = self.window.matrix(self.table), pearson(self.table, self.settings.min_overlap)
        above = np.triu_indices(len(kept), 1)
        if (np.isnan(kept[above]) != np.isnan(anew[above])).any():
            return float("inf")
        return float(np.nanmax(np.abs(kept[above] - anew[above]), initial=0.0))


def returns(rng: np.random.Generator, strategies: int) -> Floats:
    """Heavy tails, a common factor, and very different sizes."""
    common = rng.standard_t(3)
    made: Floats = (0.6 * common + rng.standard_t(3, strategies)) * np.geomspace(1e-6, 1e-2, strategies)
    return made


def test_each_step_of_a_walk_with_gaps_newcomers_pauses_and_restarts_equals_the_batch() -> None:
    rng = np.random.default_rng(7)
    walk, strategies, worst = Walk(40), 3, 0.0
    for step in range(1500):
        if step % 150 == 60 and strategies < 9:
            strategies += 1 + step // 150 % 2
        row = returns(rng, strategies)
        if step // 100 % 2:
            row[rng.random(strategies) < 0.1] = np.nan
        if step // 70 % 3 == 1:
            row[1] = 0.0  # paused
        if step // 90 % 4 == 2:
            row[2] = 2.5e-7  # earns a fixed rate
        if step // 200 % 2:
            row[0] = np.nan  # out of the market
        walk.step(row)
        if step % 333 == 332:
            walk.restart()
        worst = max(worst, walk.worst())
    assert worst < 1e-9


def test_a_shock_that_leaves_the_window_leaves_no_rounding_behind() -> None:
    rng = np.random.default_rng(3)
    walk, worst = Walk(100), 0.0
    for step in range(1000):
        row = rng.standard_normal(5) * 1e-5
        if step % 170 == 50:
            row[rng.integers(5, size=3)] = rng.choice([-0.5, 0.5, 40.0])
        walk.step(row)
        worst = max(worst, walk.worst())
    assert worst < 1e-9


def figures(table: Floats, settings: CorrelationSettings = SETTINGS, weights: Floats | None = None) -> CorrelationFigures:
    window = CorrelationWindow(settings)
    window.rebuild(table)
    size = table.shape[1]
    return window.figures([f"s{n}" for n in range(size)], np.ones(size) if weights is None else weights, table)


def told(found: CorrelationFigures, estimator: str) -> dict[tuple[int, int], float]:
    assert all(pair.strategy != pair.other for pair in found.pairs)
    return {(int(p.strategy[1:]), int(p.other[1:])): p.value for p in found.pairs if p.estimator == estimator}


def correlation(table: Floats) -> Floats:
    return np.asarray(np.corrcoef(table, rowvar=False))


def sklearn_correlation(table: Floats) -> tuple[Floats, float]:
    estimate = LedoitWolf().fit(table)
    deviations = np.sqrt(np.diag(estimate.covariance_))
    return estimate.covariance_ / np.outer(deviations, deviations), float(estimate.shrinkage_)


def table(rng: np.random.Generator, points: int, strategies: int) -> Floats:
    return np.array([returns(rng, strategies) for _ in range(points)])


@pytest.mark.parametrize("strategies", [2, 3, 7])
def test_without_gaps_each_pair_is_told_once_as_numpy_and_scikit_learn_have_it(strategies: int) -> None:
    rows = table(np.random.default_rng(strategies), 60, strategies) * np.geomspace(1, 1e-3, strategies) * 1e3
    found = figures(rows)
    plain, (shrunk, shrinkage) = correlation(rows), sklearn_correlation(rows)
    pairs = [(i, j) for i in range(strategies) for j in range(i + 1, strategies)]
    assert list(told(found, "pearson")) == list(told(found, "ledoit_wolf")) == pairs
    for i, j in pairs:
        assert told(found, "pearson")[i, j] == pytest.approx(plain[i, j], abs=1e-9)
        assert told(found, "ledoit_wolf")[i, j] == pytest.approx(shrunk[i, j], abs=1e-9)
    assert found.shrinkage == pytest.approx(shrinkage, abs=1e-9)
    assert found.mean_correlation == pytest.approx(plain[np.triu_indices(strategies, 1)].mean(), abs=1e-9)
    assert (found.omitted_pairs, found.undefined_pairs, found.undefined, found.undefined_strategies) == (0, {}, {}, {})


def test_with_gaps_ledoit_wolf_is_on_the_complete_rows_of_those_with_half_of_the_points() -> None:
    rows = table(np.random.default_rng(1), 80, 5) * 1e3
    rows[:45, 1] = np.nan  # came late
    rows[3, 2] = rows[60:65, 3] = np.nan
    found = figures(rows)
    chosen = [0, 2, 3, 4]
    complete = rows[:, chosen]
    shrunk, shrinkage = sklearn_correlation(complete[~np.isnan(complete).any(axis=1)])
    for a, i in enumerate(chosen):
        for b, j in list(enumerate(chosen))[a + 1 :]:
            assert told(found, "ledoit_wolf")[i, j] == pytest.approx(shrunk[a, b], abs=1e-9)
    assert len(told(found, "ledoit_wolf")) == 6
    assert found.shrinkage == pytest.approx(shrinkage, abs=1e-9)
    pandas = pd.DataFrame(rows).corr(min_periods=10).to_numpy()
    for (i, j), value in told(found, "pearson").items():
        assert value == pytest.approx(pandas[i, j], abs=1e-9)
    assert len(told(found, "pearson")) == 10


def test_past_the_bound_the_strongest_pairs_are_told_and_the_rest_is_counted() -> None:
    settings = CorrelationSettings(min_overlap=10, all_pairs_up_to=5, strongest_pairs=7)
    rows = table(np.random.default_rng(2), 50, 150) * 1e3
    rows[:, 140:] = 1.0
    found = figures(rows, settings)
    plain = correlation(rows[:, :140])
    above = [(abs(plain[i, j]), (i, j)) for i in range(140) for j in range(i + 1, 140)]
    strongest = sorted(pair for _, pair in sorted(above)[-7:])
    assert list(told(found, "pearson")) == strongest
    assert found.omitted_pairs == 140 * 139 // 2 - 7
    assert found.undefined_pairs == {"zero_variance": 150 * 149 // 2 - 140 * 139 // 2}
    assert found.undefined_strategies == {f"s{n}": "zero_variance" for n in range(140, 150)}
    shrunk, shrinkage = sklearn_correlation(rows[:, :140])
    assert found.shrinkage == pytest.approx(shrinkage, abs=1e-9)
    for (i, j), value in told(found, "ledoit_wolf").items():
        assert value == pytest.approx(shrunk[i, j], abs=1e-9)
    assert found.mean_correlation == pytest.approx(np.mean([plain[pair] for _, pair in above]), abs=1e-9)


@pytest.mark.parametrize("late", [0, 30])
def test_the_diversification_ratio_is_that_of_the_weighted_covariance(late: int) -> None:
    rows = table(np.random.default_rng(3), 90, 4) * 1e3
    rows[:late, 1] = np.nan
    complete = rows[late:]
    weights = np.array([0.5, 0.2, -0.4, 0.3])
    covariance = np.asarray(np.cov(complete, rowvar=False))
    shares = np.array([0.5, 0.2, 0.0, 0.3])
    expected = shares @ np.sqrt(np.diag(covariance)) / np.sqrt(shares @ covariance @ shares)
    assert figures(rows, weights=weights).diversification_ratio == pytest.approx(expected, rel=1e-9)
    assert figures(rows, weights=weights * 7).diversification_ratio == pytest.approx(expected, rel=1e-9)


def test_the_weights_of_now_count_though_nothing_else_has_changed() -> None:
    rows = table(np.random.default_rng(3), 90, 2)
    window = CorrelationWindow(SETTINGS)
    window.rebuild(rows)
    alone = window.figures(["a", "b"], np.array([1.0, 0.0]), rows)
    both = window.figures(["a", "b"], 1 / rows.std(axis=0), rows)
    assert alone.diversification_ratio == pytest.approx(1.0)
    assert both.diversification_ratio != pytest.approx(1.0)
    assert alone.pairs == both.pairs


def test_a_strategy_that_is_paused_through_the_window_correlates_with_nobody_and_weighs_nothing() -> None:
    rows = table(np.random.default_rng(4), 50, 3) * 1e3
    rows[:, 1] = 0.0
    found = figures(rows)
    assert list(told(found, "pearson")) == [(0, 2)]
    assert found.undefined_strategies == {"s1": "zero_variance"}
    assert found.undefined_pairs == {"zero_variance": 2}
    without = figures(rows[:, [0, 2]])
    assert found.diversification_ratio == pytest.approx(without.diversification_ratio, rel=1e-12)
    assert found.shrinkage == pytest.approx(without.shrinkage, rel=1e-12)


ALL = ("mean_correlation", "diversification_ratio", "correlation_shrinkage_ratio")


@pytest.mark.parametrize(
    ("rows", "undefined", "strategies"),
    [
        (np.zeros((0, 0)), dict.fromkeys(ALL, "too_few_strategies"), {}),
        (np.ones((20, 1)), dict.fromkeys(ALL, "too_few_strategies"), {"s0": "too_few_strategies"}),
        (np.arange(18.0).reshape(9, 2), dict.fromkeys(ALL, "warming_up"), {"s0": "warming_up", "s1": "warming_up"}),
        (np.ones((20, 2)), dict.fromkeys(ALL, "zero_variance"), {"s0": "zero_variance", "s1": "zero_variance"}),
        (
            np.where(np.arange(40)[:, None] // 20 == np.arange(2), np.arange(40.0)[:, None], np.nan),
            dict.fromkeys(ALL, "warming_up"),
            {"s0": "insufficient_overlap", "s1": "insufficient_overlap"},
        ),
    ],
)
def test_what_is_undefined_has_its_reason(rows: Floats, undefined: dict[str, str], strategies: dict[str, str]) -> None:
    found = figures(rows)
    assert found.undefined == undefined
    assert found.undefined_strategies == strategies
    assert found.pairs == ()
    assert (found.mean_correlation, found.diversification_ratio, found.shrinkage) == (None, None, None)


def test_a_perfect_hedge_and_no_equity_have_no_diversification_ratio() -> None:
    rows = table(np.random.default_rng(4), 50, 1) @ np.array([[1.0, -1.0]])
    assert figures(rows).undefined == {"diversification_ratio": "zero_variance"}
    assert figures(rows * [1, 1 / 3], weights=np.array([0.1, 0.3])).undefined == {"diversification_ratio": "zero_variance"}
    assert figures(rows, weights=np.zeros(2)).undefined == {"diversification_ratio": "no_weight"}
    assert told(figures(rows), "pearson") == {(0, 1): -1.0}


def test_rows_that_are_not_the_windows_are_refused() -> None:
    window = CorrelationWindow(SETTINGS)
    window.update(np.ones(2))
    with pytest.raises(ValueError, match=r"\(2, 2\) is not the window's shape \(1, 2\)"):
        window.figures(["a", "b"], np.ones(2), np.ones((2, 2)))


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = table(np.random.default_rng(6), 40, 3)
    window = CorrelationWindow(SETTINGS)
    for row in rows:
        window.update(row)
    turned = window.figures("abc", np.ones(3), np.roll(rows, 13, axis=0))
    assert [pair.value for pair in turned.pairs] == pytest.approx([pair.value for pair in figures(rows).pairs], abs=1e-12)


def test_a_batch_of_pairwise_points_is_that_of_pandas() -> None:
    rng = np.random.default_rng(9)
    rows = table(rng, 60, 6)
    rows[rng.random(rows.shape) < 0.3] = np.nan
    rows[:, 5] = 3.0
    found = pearson(rows, 25)
    pandas = pd.DataFrame(rows).corr(min_periods=25).to_numpy()
    assert (np.isnan(found) == np.isnan(pandas)).all()
    assert np.nanmax(np.abs(found - pandas)) < 1e-9
    above = pandas[np.triu_indices(6, 1)]
    assert mean_correlation(found) == pytest.approx(np.nanmean(above))


def test_one_strategy_is_not_shrunk() -> None:
    for seed in range(20):
        rows = np.random.default_rng(seed).standard_normal((10, 1))
        assert ledoit_wolf(rows).shrinkage == LedoitWolf().fit(rows).shrinkage_ == 0.0


def test_ties_and_tiny_samples_are_shrunk_as_by_scikit_learn() -> None:
    rng = np.random.default_rng(12)
    for points, strategies in ((3, 2), (5, 40), (200, 3)):
        rows = rng.integers(-2, 3, (points, strategies)).astype(np.float64)
        assert ledoit_wolf(rows).shrinkage == pytest.approx(LedoitWolf().fit(rows).shrinkage_, abs=1e-12)
    noise = np.random.default_rng(12).standard_normal((10, 2))
    assert ledoit_wolf(noise).shrinkage == LedoitWolf().fit(noise).shrinkage_ == 1.0


VALUES = st.sampled_from([math.nan, math.nan, 0.0, 0.0, 1.0, -1.0, 0.5, 1e-5, 1e-5, -1e-4, 40.0, 1e-9, math.inf])
ROWS = st.integers(1, 5).flatmap(lambda size: st.lists(st.lists(VALUES, min_size=size, max_size=size), min_size=1, max_size=25))


@given(rows=ROWS, points=st.integers(2, 8), newcomers=st.integers(0, 2))
def test_any_rows_with_ties_holes_and_shocks_equal_the_batch_at_each_step(
    rows: list[list[float]], points: int, newcomers: int
) -> None:
    walk = Walk(points, CorrelationSettings(min_overlap=3))
    for place, row in enumerate(rows):
        walk.step(np.array(row + row[:newcomers] * (place > len(rows) // 2)))
        assert walk.worst() < 1e-9


def test_a_strategy_that_hardly_moves_where_another_has_its_points_is_worked_out_from_the_rows() -> None:
    rng = np.random.default_rng(10)
    walk = Walk(60)
    for step in range(60):
        early = step < 40
        walk.step(np.array([rng.normal() if early else 1.0 + 1e-9 * rng.normal(), math.nan if early else rng.normal()]))
    assert walk.worst() < 1e-9
    assert not math.isnan(walk.window.matrix(walk.table)[0, 1])


def test_a_window_that_was_saved_before_its_first_row_fills_later() -> None:
    window = CorrelationWindow(SETTINGS)
    window.rebuild(np.zeros((0, 2)))
    assert window.figures("ab", np.ones(2), np.zeros((0, 2))).undefined_strategies == {"a": "warming_up", "b": "warming_up"}
    rows = table(np.random.default_rng(1), 12, 2)
    for row in rows:
        window.update(row)
    (pair, _) = window.figures("ab", np.ones(2), rows).pairs
    assert pair.value == pytest.approx(correlation(rows)[0, 1])


def test_a_thousand_strategies_without_gaps_take_no_more_than_eight_megabytes_beside_their_rows() -> None:
    window = CorrelationWindow(SETTINGS)
    window.rebuild(np.random.default_rng(1).standard_normal((2, 1000)))
    assert window.nbytes < 8.1e6


def test_sums_with_too_much_rounding_are_taken_anew_once() -> None:
    rng, sums, rows = np.random.default_rng(3), ProductSums(10), np.zeros((0, 3))
    for step in range(200):
        row = rng.standard_normal(3) * 1e-5
        row[1] += 0.5 * (step == 20)
        leaving = rows[0] if len(rows) == 100 else None
        rows = np.vstack([rows, row])[-100:]
        sums.update(row, leaving)
        assert sums.is_unreliable == (step == 120)
        list(sums.correlations(rows))
        assert not sums.is_unreliable


def test_patterns_of_gaps_that_have_left_the_window_take_no_memory() -> None:
    rng, walk = np.random.default_rng(3), Walk(30)
    for step in range(100):
        row = rng.standard_normal(20)
        if 20 <= step < 60:
            row[rng.integers(20)] = math.nan
        walk.step(row)
        if step == 19:
            before = walk.window.nbytes
        if step == 60:
            assert walk.window.nbytes > before
    assert walk.window.nbytes == before


@pytest.mark.parametrize("place", [0, 1, 2])
def test_nothing_is_left_of_a_strategy_that_was_gone_for_a_window(place: int) -> None:
    rng, walk = np.random.default_rng(6), Walk(30)
    for step in range(120):
        row = rng.standard_normal(3) * 1e-3
        row[place] *= 1e3 if step < 40 else math.nan if step < 75 else 1e-9
        walk.step(row)
        assert walk.worst() < 1e-9


def test_pairs_without_a_correlation_are_counted_by_reason() -> None:
    rows = table(np.random.default_rng(6), 40, 6)
    rows[:35, :2] = np.nan  # two newcomers
    rows[:, 2] = 0.0
    assert figures(rows).undefined_pairs == {"insufficient_overlap": 9, "zero_variance": 3}
    assert figures(rows).omitted_pairs == 0
    assert figures(rows[:9]).undefined_pairs == {"insufficient_overlap": 15}


def test_the_figures_are_those_of_the_last_row_and_of_the_last_rebuilding() -> None:
    rows = table(np.random.default_rng(6), 41, 3)
    window = CorrelationWindow(SETTINGS)

    def is_right(changed: Floats) -> bool:
        found, expected = window.figures("abc", np.ones(3), changed), figures(changed)
        return [pair.value for pair in found.pairs] == pytest.approx([pair.value for pair in expected.pairs], abs=1e-12)

    window.rebuild(rows[:40])
    assert is_right(rows[:40])
    window.update(rows[40])
    assert is_right(rows)
    window.rebuild(rows[1:31])
    assert is_right(rows[1:31])
