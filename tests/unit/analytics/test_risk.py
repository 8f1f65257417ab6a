"""Value at risk, expected shortfall and beta, against empyrical-reloaded, scipy and statsmodels."""

from decimal import Decimal
from itertools import product

import empyrical
import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from genesis.analytics.risk import (
    ConfidenceLevel,
    Shape,
    component_historical,
    component_parametric,
    cornish_fisher,
    historical,
    parametric,
    regression,
    shape,
)
from tests.cases import every_case
from tests.unit.analytics.series import DEGENERATE, Floats, account_and_index, random_series, recorded

SERIES = random_series()
LEVELS = [ConfidenceLevel(Decimal(text)) for text in ("0.9", "0.95", "0.975", "0.99", "0.995", "0.999")]
NORMAL = stats.norm


def agree_historical(returns: Floats, level: ConfidenceLevel) -> None:
    known, cutoff = returns[~np.isnan(returns)], float(level.tail)
    tail = historical(returns, level)
    assert tail is not None
    assert tail.value_at_risk == pytest.approx(-empyrical.value_at_risk(known, cutoff), rel=1e-9, abs=1e-15)
    if int((len(known) - 1) * cutoff) == (len(known) - 1) * level.tail // 1:  # elsewhere the float's rank is one too low
        theirs = -empyrical.conditional_value_at_risk(known, cutoff)
        assert tail.expected_shortfall == pytest.approx(theirs, rel=1e-9, abs=1e-15)


def agree_modelled(returns: Floats, level: ConfidenceLevel) -> None:
    known, sample = returns[~np.isnan(returns)], shape(returns)
    assert sample is not None
    mean, deviation = known.mean(), known.std(ddof=1)
    assert sample.skewness == pytest.approx(stats.skew(known), rel=1e-9, abs=1e-12)
    assert sample.excess_kurtosis == pytest.approx(stats.kurtosis(known), rel=1e-9, abs=1e-12)
    tail = parametric(sample.mean, sample.deviation, level)
    assert tail.value_at_risk == pytest.approx(-NORMAL.ppf(float(level.tail), mean, deviation), rel=1e-9, abs=1e-16)
    beyond = stats.truncnorm.mean(-np.inf, NORMAL.ppf(float(level.tail)))
    assert tail.expected_shortfall == pytest.approx(-(mean + deviation * beyond), rel=1e-9, abs=1e-16)


def test_tails_of_random_series() -> None:
    with every_case() as case:
        for name, level in product(SERIES, LEVELS):
            with case((name, level.name)):
                agree_historical(SERIES[name], level)
                agree_modelled(SERIES[name], level)


@recorded
@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_tails_of_a_recorded_account(level: ConfidenceLevel) -> None:
    account, _ = account_and_index()
    agree_historical(account, level)
    agree_modelled(account, level)


@given(
    st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=60),
    st.sampled_from(LEVELS),
)
def test_the_shortfall_is_no_less_than_the_value_at_risk(returns: list[float], level: ConfidenceLevel) -> None:
    tail = historical(np.array(returns), level)
    assert tail is not None
    assert -max(returns) - 1e-12 <= tail.value_at_risk <= tail.expected_shortfall + 1e-12 <= -min(returns) + 2e-12


def test_the_rank_is_exact_where_a_float_says_one_less() -> None:
    level = ConfidenceLevel(Decimal("0.9"))
    assert int(10 * (1 - 0.9)) == 0
    assert level.rank(11) == (1, 0.0)
    tail = historical(np.arange(-5.0, 6.0), level)
    assert tail is not None
    assert tail.value_at_risk == 4
    assert tail.expected_shortfall == 4.5


def test_a_quantile_of_0_is_no_negative_0() -> None:
    tail = historical(np.zeros(50), LEVELS[1])
    assert tail is not None
    assert str(tail.value_at_risk) == "0.0"
    assert str(tail.expected_shortfall) == "0.0"


@pytest.mark.parametrize("name", ["empty", "only gaps"])
def test_without_returns_there_is_no_tail(name: str) -> None:
    assert historical(DEGENERATE[name], LEVELS[0]) is None
    assert shape(DEGENERATE[name]) is None


@pytest.mark.parametrize("name", ["one", "no variance", "no variance, gaps", "flat"])
def test_without_variance_there_is_no_shape_but_a_quantile(name: str) -> None:
    tail = historical(DEGENERATE[name], LEVELS[0])
    assert tail is not None
    assert tail.value_at_risk == tail.expected_shortfall == -np.nanmean(DEGENERATE[name])
    assert shape(DEGENERATE[name]) is None


def expansion(u: float, sample: Shape) -> float:
    """The Cornish-Fisher quantile, term by term as in numbers.md."""
    s, k = sample.skewness, sample.excess_kurtosis
    return u + (u**2 - 1) * s / 6 + (u**3 - 3 * u) * k / 24 - (2 * u**3 - 5 * u) * s**2 / 36


def test_cornish_fisher_is_its_expansion_and_the_shortfall_its_mean_beyond() -> None:
    shapes = ((0, 0), (0.3, 1), (-0.5, 2), (0.4, 2.5), (-0.1, 5), (0.0, 0.5))
    with every_case() as case:
        for (skewness, kurtosis), level in product(shapes, LEVELS):
            with case((skewness, kurtosis, level.name)):
                agree_expanded(Shape(0.001, 0.02, skewness, kurtosis), level)


def agree_expanded(sample: Shape, level: ConfidenceLevel) -> None:
    tail = cornish_fisher(sample, level)
    assert tail is not None
    alpha = float(level.tail)
    z = NORMAL.ppf(alpha)
    assert tail.value_at_risk == pytest.approx(-(0.001 + 0.02 * expansion(z, sample)), rel=1e-9, abs=1e-16)
    integral, _ = integrate.quad(lambda u: expansion(u, sample) * NORMAL.pdf(u), -np.inf, z, epsabs=1e-13)
    assert tail.expected_shortfall == pytest.approx(-0.001 - 0.02 * integral / alpha, rel=1e-9, abs=1e-16)
    assert tail.expected_shortfall > tail.value_at_risk


def test_cornish_fisher_without_skewness_and_kurtosis_is_the_normal_distribution() -> None:
    for level in LEVELS:
        assert cornish_fisher(Shape(0.001, 0.02, 0.0, 0.0), level) == pytest.approx(
            parametric(0.001, 0.02, level), rel=1e-12, abs=1e-16
        )


@given(st.floats(-4, 4), st.floats(-2, 15))
def test_cornish_fisher_is_none_exactly_where_its_expansion_falls_within_3_5_deviations(s: float, k: float) -> None:
    z = np.linspace(-3.5, 3.5, 4001)
    slope = 1 + z * s / 3 + (3 * z**2 - 3) * k / 24 - (6 * z**2 - 5) * s**2 / 36
    if abs(slope.min()) > 1e-5:  # on the border the grid cannot tell
        assert (cornish_fisher(Shape(0.0, 1.0, s, k), LEVELS[1]) is not None) == (slope.min() > 0)


def test_beyond_3_5_deviations_the_expansion_has_to_rise_up_to_the_level() -> None:
    sample = Shape(0.0, 1.0, 0.0, -0.68)
    assert cornish_fisher(sample, ConfidenceLevel(Decimal("0.99"))) is not None
    assert cornish_fisher(sample, ConfidenceLevel(Decimal("0.999999"))) is None


def agree_regression(returns: Floats, benchmarks: Floats) -> None:
    ours = regression(returns, benchmarks)
    assert ours is not None
    both = ~(np.isnan(returns) | np.isnan(benchmarks))
    fitted = sm.OLS(returns[both], sm.add_constant(benchmarks[both])).fit()
    assert ours.beta == pytest.approx(fitted.params[1], rel=1e-9, abs=1e-16)
    assert ours.standard_error == pytest.approx(fitted.bse[1], rel=1e-9, abs=1e-16)
    assert ours.alpha == pytest.approx(fitted.params[0], rel=1e-9, abs=1e-16)
    assert ours.beta == pytest.approx(empyrical.beta(returns[both], benchmarks[both]), rel=1e-9, abs=1e-16)
    with_rate = regression(returns, benchmarks, 1e-4)
    assert with_rate is not None
    theirs = empyrical.alpha(returns[both], benchmarks[both], 1e-4, annualization=1)
    assert with_rate.alpha == pytest.approx(theirs, rel=1e-9, abs=1e-16)


@recorded
def test_beta_of_a_recorded_account_to_the_index() -> None:
    agree_regression(*account_and_index())


@pytest.mark.parametrize("name", ["normal", "heavy tails", "ties", "gaps", "skewed"])
def test_beta_of_random_series(name: str) -> None:
    returns = SERIES[name]
    rng = np.random.default_rng(7)
    benchmarks = 0.7 * np.nan_to_num(returns) + rng.normal(1e-4, 1e-3, len(returns))
    benchmarks[rng.random(len(returns)) < 0.1] = np.nan
    agree_regression(returns, benchmarks)


def test_without_pairs_or_without_a_moving_benchmark_there_is_no_beta() -> None:
    returns = np.array([0.1, 0.2, np.nan, 0.3])
    assert regression(returns, np.array([np.nan, 0.1, 0.2, 0.3])) is None
    assert regression(returns, np.full(4, 0.1)) is None
    exact = regression(np.array([0.1, 0.2, 0.3]), np.array([0.2, 0.4, 0.6]))
    assert exact is not None
    assert exact.beta == pytest.approx(0.5)
    assert exact.standard_error == pytest.approx(0, abs=1e-8)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.name)
def test_components_add_up_to_the_value_at_risk_of_the_sum(level: ConfidenceLevel) -> None:
    rng = np.random.default_rng(3)
    parts = rng.standard_t(3, (300, 7)) * 1e-3
    totals = parts.sum(axis=1)
    whole, sample = historical(totals, level), shape(totals)
    assert whole is not None
    assert sample is not None
    assert component_historical(totals, parts, level).sum() == pytest.approx(whole.value_at_risk, rel=1e-12, abs=1e-16)
    split = component_parametric(totals, parts, level)
    assert split is not None
    normal = parametric(sample.mean, sample.deviation, level)
    assert split.sum() == pytest.approx(normal.value_at_risk, rel=1e-12, abs=1e-16)


def test_a_parametric_component_is_what_a_little_more_of_the_part_adds() -> None:
    rng = np.random.default_rng(4)
    parts, level = rng.normal(1e-4, 1e-2, (500, 3)), LEVELS[1]
    split = component_parametric(parts.sum(axis=1), parts, level)
    assert split is not None
    for part in range(3):
        grown = [parts.sum(axis=1) + step * parts[:, part] for step in (-1e-4, 1e-4)]
        low, high = [parametric(total.mean(), total.std(ddof=1), level).value_at_risk for total in grown]
        assert split[part] == pytest.approx((high - low) / 2e-4, rel=1e-6)


def test_historical_components_do_not_hang_on_the_order_of_equal_returns() -> None:
    parts = np.array([[-3.0, 1.0], [1.0, -3.0], [-1.0, -1.0], [2.0, 2.0], [5.0, 1.0], [3.0, 3.0]])
    level = ConfidenceLevel(Decimal("0.75"))
    forwards = component_historical(parts.sum(axis=1), parts, level)
    backwards = component_historical(parts[::-1].sum(axis=1), parts[::-1], level)
    assert forwards.tolist() == backwards.tolist()
    assert forwards.tolist() == [1.0, 1.0]


def test_a_sum_without_variance_has_no_parametric_split() -> None:
    parts = np.array([[1.0, -1.0], [2.0, -2.0], [-1.0, 1.0]])
    assert component_parametric(parts.sum(axis=1), parts, LEVELS[0]) is None
    assert component_historical(parts.sum(axis=1), parts, LEVELS[0]).sum() == 0
