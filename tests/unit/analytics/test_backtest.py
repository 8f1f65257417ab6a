"""The back-test of value at risk, against vartests and scipy, and on simulated returns."""

from itertools import product

import msgspec
import numpy as np
import pytest
import vartests
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genesis.analytics.backtest import Backtest, independence_pvalue, kupiec_pvalue
from tests.cases import every_case

NAN = float("nan")
NEAR_1 = 1e-5
"""The p-value of a statistic near 0 goes with its root: a rounding of 1e-12 in the statistic, of which both sides have one."""


def counted(forecasts: list[float | None], returns: list[float]) -> Backtest:
    backtest = Backtest()
    for forecast, value in zip(forecasts, returns, strict=True):
        backtest.observe(forecast, value)
    return backtest


def test_kupiec_is_that_of_vartests() -> None:
    exceeded = {250: (0, 1, 12, 13, 250), 1: (0, 1), 100_000: (5_000, 5_500), 255: (249,)}
    with every_case() as case:
        for forecasts, confidence in product(exceeded, (0.9, 0.95, 0.99, 0.999)):
            for times in exceeded[forecasts]:
                theirs = vartests.kupiec_test(x=times, n=forecasts, risk_conf_level=confidence)["p-value"]
                with case((forecasts, times, confidence)):
                    assert kupiec_pvalue(forecasts, times, 1 - confidence) == pytest.approx(theirs, rel=1e-9, abs=1e-300)


@given(st.integers(1, 2000), st.integers(0, 2000), st.floats(0.001, 0.4))
def test_kupiec_is_a_probability_and_1_where_the_rate_is_as_it_should_be(forecasts: int, more: int, tail: float) -> None:
    exceedances = min(forecasts, more)
    assert 0 <= kupiec_pvalue(forecasts, exceedances, tail) <= 1
    if 0 < exceedances < forecasts:
        assert kupiec_pvalue(forecasts, exceedances, exceedances / forecasts) == pytest.approx(1, abs=1e-5)


@given(st.lists(st.integers(0, 300), min_size=4, max_size=4))
def test_independence_is_the_likelihood_ratio_of_a_contingency_table(after: list[int]) -> None:
    table = np.array(after).reshape(2, 2)
    pvalue = independence_pvalue(after)
    if not table.sum(axis=1).all():
        assert pvalue is None
    elif not table.sum(axis=0).all():
        assert pvalue == pytest.approx(1, abs=NEAR_1)  # the rate is 0, or 1, whatever came before
    else:
        theirs = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
        assert pvalue == pytest.approx(theirs.pvalue, rel=1e-9, abs=NEAR_1 if theirs.pvalue > 0.99 else 1e-12)


def test_only_a_loss_beyond_the_forecast_exceeds_it() -> None:
    backtest = counted([0.1, 0.1, 0.1, -0.05], [-0.1, -0.11, 0.5, 0.04])
    assert (backtest.forecasts, backtest.exceedances) == (4, 2)
    assert backtest.after == [0, 2, 1, 0]


def test_a_step_without_forecast_or_return_is_not_counted_and_breaks_the_chain() -> None:
    backtest = counted([0.1, 0.1, None, 0.1, 0.1, 0.1], [-0.2, -0.2, -0.2, -0.2, NAN, 0.0])
    assert (backtest.forecasts, backtest.exceedances) == (4, 3)
    assert backtest.after == [0, 0, 0, 1]


def test_a_back_test_goes_on_from_what_was_kept_of_it() -> None:
    backtest = counted([0.1] * 3, [-0.2, 0.0, -0.2])
    again = msgspec.json.decode(msgspec.json.encode(backtest), type=Backtest)
    assert again == backtest
    again.observe(0.1, -0.3)
    assert again.after == [0, 1, 1, 1]


def exceeded(rng: np.random.Generator, steps: int, tail: float) -> Backtest:
    """A market whose volatility changes, and a forecast that knows it."""
    deviations = np.exp(rng.normal(0, 0.5, steps)) * 1e-3
    forecasts = -stats.norm.ppf(tail) * deviations
    return counted(forecasts.tolist(), (rng.normal(0, 1, steps) * deviations).tolist())


def test_with_the_right_model_kupiec_rejects_at_its_nominal_rate() -> None:
    rng = np.random.default_rng(95)
    strategies, steps, tail = 1500, 1000, 0.05
    tests = [exceeded(rng, steps, tail) for _ in range(strategies)]
    rejected = sum(kupiec_pvalue(one.forecasts, one.exceedances, tail) < 0.05 for one in tests)
    numbers = np.arange(steps + 1)
    size = stats.binom.pmf(numbers, steps, tail)[[kupiec_pvalue(steps, int(x), tail) < 0.05 for x in numbers]].sum()
    assert size == pytest.approx(0.05, abs=0.002)  # of so many steps; the counts are whole numbers
    assert abs(rejected - strategies * size) < 4 * np.sqrt(strategies * size * (1 - size))


def test_with_the_right_model_independence_rejects_near_its_nominal_rate() -> None:
    rng = np.random.default_rng(96)
    tests = [exceeded(rng, 4000, 0.05) for _ in range(300)]
    pvalues = [independence_pvalue(one.after) for one in tests]
    rejected = sum(pvalue is not None and pvalue < 0.05 for pvalue in pvalues)
    assert abs(rejected - 15) < 4 * np.sqrt(15)


def test_a_wrong_rate_and_clusters_are_found() -> None:
    rng = np.random.default_rng(97)
    assert kupiec_pvalue(1000, 80, 0.05) < 1e-3
    assert kupiec_pvalue(1000, 25, 0.05) < 1e-3
    calm_and_wild = np.repeat(np.where(np.arange(40) % 8 == 0, 5e-3, 5e-4), 50)
    clustered = counted([2e-3] * 2000, (rng.normal(0, 1, 2000) * calm_and_wild).tolist())
    pvalue = independence_pvalue(clustered.after)
    assert pvalue is not None
    assert pvalue < 1e-6
