"""CUSUM, its limit, and the probabilistic Sharpe ratio."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal, localcontext
from itertools import product
from statistics import NormalDist

import jsharpe
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from genesis.analytics.degradation import (
    CUSUM_FIGURES,
    SHARPE_FIGURES,
    CusumReference,
    DegradationState,
    DegradationTracker,
    alarm_limit,
    scaled,
)
from genesis.analytics.moments import Moments
from genesis.settings.statistics import DegradationSettings, StatisticsSettings
from genesis.settings.strategies import BaselineSettings
from tests.cases import every_case

Floats = NDArray[np.float64]
DAY = BaselineSettings(step=timedelta(days=1), observations=1000, mean=0.002, volatility=0.01)


def settings(**degradation: object) -> StatisticsSettings:
    """A grid of one day."""
    return StatisticsSettings(
        step=timedelta(days=1),
        windows=(timedelta(days=60),),
        risk_window=timedelta(days=60),
        degradation=DegradationSettings(**{"false_alarm_interval": timedelta(days=300), **degradation}),
    )


def tracked(returns: Floats, given: StatisticsSettings | None = None, baseline: BaselineSettings = DAY) -> DegradationTracker:
    tracker = DegradationTracker(baseline, given or settings())
    for value in returns.tolist():
        tracker.observe(value)
    return tracker


def standard(rng: np.random.Generator, shape: int, tails: float | None) -> Floats:
    """Returns of mean 0 and deviation 1: normal, or Student's."""
    if tails is None:
        return rng.standard_normal(shape)
    made: Floats = rng.standard_t(tails, shape) * math.sqrt((tails - 2) / tails)
    return made


def alarms(
    terms: CusumReference, limit: float, steps: int, *, sharpe: float, tails: float | None = None
) -> tuple[float, Floats]:
    """A thousand strategies, each of which begins at 0 again after an alarm.

    Returns:
        The mean number of steps from one alarm to the next, and each strategy's steps to its first.
    """
    rng = np.random.default_rng(11)
    cusum, first, count = np.zeros(1000), np.full(1000, np.inf), 0
    for step in range(1, steps + 1):
        returns = terms.volatility * (standard(rng, 1000, tails) + sharpe)
        cusum = np.maximum(0.0, cusum + (terms.mean - returns) / terms.volatility - terms.allowance)
        alarm = cusum > limit
        first[alarm] = np.minimum(first[alarm], step)
        cusum[alarm] = 0.0
        count += int(alarm.sum())
    return steps * 1000 / count, first


def exact_run_length(limit: float, allowance: float, states: int = 300) -> float:
    """The mean number of steps to an alarm for normal returns, by a Markov chain (Brook and Evans, 1972)."""
    width = 2 * limit / (2 * states - 1)
    edges = (np.arange(states) + 0.5) * width
    reached = stats.norm.cdf(edges[None, :] - (np.arange(states) * width)[:, None] + allowance)
    stays = np.diff(reached, axis=1, prepend=0.0)
    return float(np.linalg.solve(np.eye(states) - stays, np.ones(states))[0])


def test_the_limit_gives_the_wanted_interval_by_the_exact_markov_chain() -> None:
    with every_case() as case:
        for allowance, interval in product((0.001, 0.02, 0.1, 0.25, 0.5), (10, 50, 300, 3000)):
            with case((allowance, interval)):
                assert exact_run_length(alarm_limit(allowance, interval), allowance) == pytest.approx(interval, rel=0.03)


def test_the_limit_is_finite_for_every_allowance_and_grows_with_the_interval() -> None:
    for allowance in np.geomspace(1e-170, 1e12, 100):
        limits = [alarm_limit(float(allowance), interval) for interval in (1e-3, 1, 10, 1e4, 3e10)]
        assert limits == sorted(limits)
        assert 0 <= limits[0] <= limits[-1] <= math.sqrt(3e10)


@pytest.mark.parametrize("allowance", [1e-6, 1e-5, 1e-4, 1e-3, 0.1, 2.0])
def test_the_limit_solves_siegmunds_equation_to_the_last_digits(allowance: float) -> None:
    interval = 10_000
    u = Decimal(2 * allowance) * (Decimal(alarm_limit(allowance, interval)) + Decimal("1.166"))
    with localcontext(prec=60):
        found = (u.exp() - u - 1) / (2 * Decimal(allowance) ** 2)
    assert float(found) == pytest.approx(interval, rel=1e-12)


@pytest.mark.parametrize(("tails", "within"), [(None, 0.03), (4.0, 0.10)])
def test_false_alarms_of_a_thousand_strategies_without_change_are_as_far_apart_as_wanted(
    tails: float | None, within: float
) -> None:
    given = settings(false_alarm_interval=timedelta(days=250))
    terms = scaled(DAY, given)
    limit = DegradationTracker(DAY, given).figures().cusum_limit
    assert limit is not None
    interval, _ = alarms(terms, limit, 8000, sharpe=terms.sharpe, tails=tails)
    assert interval == pytest.approx(250, rel=within)


def test_a_halved_sharpe_is_found_sooner_than_a_false_alarm() -> None:
    given = settings(false_alarm_interval=timedelta(days=366))
    terms = scaled(DAY, given)
    limit = alarm_limit(terms.allowance, 366)
    _, delays = alarms(terms, limit, 2000, sharpe=terms.sharpe / 2)
    _, false = alarms(terms, limit, 2000, sharpe=terms.sharpe)
    assert 1.5 * np.median(delays) < np.median(false)


def test_the_cusum_is_pages_recursion_and_a_hole_changes_nothing() -> None:
    returns = np.array([0.002, -0.03, math.nan, 0.05, -0.02, math.inf, -0.02, 0.001])
    allowance = 0.5 * (1 - 0.25) * 0.2
    expected = 0.0
    for value in returns[np.isfinite(returns)]:
        expected = max(0.0, expected + (0.002 - value) / 0.01 - allowance)
    figures = tracked(returns, settings(kept_sharpe=Decimal("0.25"))).figures()
    assert figures.cusum == pytest.approx(expected, abs=1e-12)
    assert figures.cusum_limit == pytest.approx(alarm_limit(allowance, 300))


def test_the_baseline_is_scaled_to_the_grid() -> None:
    minutes = StatisticsSettings()
    terms = scaled(DAY, minutes)
    assert terms.mean == pytest.approx(0.002 / 1440)
    assert terms.volatility == pytest.approx(0.01 / math.sqrt(1440))
    assert terms.allowance == pytest.approx(0.25 * 0.2 / math.sqrt(1440))


def test_the_risk_free_rate_is_no_edge() -> None:
    rate = Decimal("0.5")
    given = settings().model_copy(update={"risk_free_rate": rate})
    free = 1.5 ** (1 / 365) - 1
    terms = scaled(DAY, given)
    assert terms.sharpe == pytest.approx((0.002 - free) / 0.01)
    assert terms.allowance == pytest.approx(0.25 * terms.sharpe)
    returns = np.random.default_rng(1).standard_normal(200) * 0.01 + 0.001
    figures = tracked(returns, given).figures()
    assert figures.probabilistic_sharpe == pytest.approx(_oracle(returns - free, terms.sharpe), abs=1e-9)


def _oracle(returns: Floats, benchmark: float) -> float:
    sharpe = returns.mean() / returns.std(ddof=1)
    shape = {"gamma3": stats.skew(returns), "gamma4": stats.kurtosis(returns, fisher=False)}
    variance = jsharpe.sharpe_ratio_variance(sharpe, len(returns) - 1, **shape)
    return float(jsharpe.probabilistic_sharpe_ratio(sharpe, benchmark, variance=variance))


@pytest.mark.parametrize("tails", [None, 3.0, 5.0])
@pytest.mark.parametrize("drift", [-0.001, 0.0, 0.0019, 0.004])
def test_the_probabilistic_sharpe_and_the_track_record_are_those_of_jsharpe(tails: float | None, drift: float) -> None:
    returns = 0.01 * standard(np.random.default_rng(2), 400, tails) + drift
    returns[::2] = np.abs(returns[::2])  # skewed
    figures = tracked(returns).figures()
    assert figures.probabilistic_sharpe == pytest.approx(_oracle(returns, 0.2), abs=1e-9)
    sharpe = returns.mean() / returns.std(ddof=1)
    shape = {"gamma3": stats.skew(returns), "gamma4": stats.kurtosis(returns, fisher=False)}
    length = 1 + jsharpe.sharpe_ratio_variance(sharpe, 1, **shape) * (NormalDist().inv_cdf(0.95) / (sharpe - 0.2)) ** 2
    assert figures.min_track_record_seconds == pytest.approx(length * 86_400, rel=1e-9)
    assert figures.track_record_seconds == 400 * 86_400
    assert figures.undefined == {}


def test_at_the_minimum_length_the_probability_is_the_confidence() -> None:
    tracker = tracked(0.01 * np.random.default_rng(2).standard_normal(500) + 0.004, settings(confidence=Decimal("0.9")))
    figures = tracker.figures()
    state = tracker.state()
    assert figures.min_track_record_seconds is not None
    sharpe = state.moments.mean / (state.moments.deviation or math.nan)
    moved = (sharpe - 0.2) * math.sqrt(figures.min_track_record_seconds / 86_400 - 1)
    skew, kurtosis = state.moments.skewness or 0, (state.moments.excess_kurtosis or 0) + 3
    spread = math.sqrt(1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2)
    assert NormalDist().cdf(moved / spread) == pytest.approx(0.9)


def test_without_a_baseline_everything_is_undefined() -> None:
    tracker = DegradationTracker(None, settings())
    tracker.observe(0.1)
    figures = tracker.figures()
    assert figures.undefined == dict.fromkeys((*CUSUM_FIGURES, *SHARPE_FIGURES), "no_baseline")
    assert (figures.cusum, figures.cusum_limit, figures.probabilistic_sharpe, figures.min_track_record_seconds) == (None,) * 4


@pytest.mark.parametrize("mean", [0.0, -0.001])
def test_a_baseline_without_an_edge_has_no_cusum_but_a_sharpe_to_compare_with(mean: float) -> None:
    baseline = DAY.model_copy(update={"mean": mean})
    returns = np.random.default_rng(4).standard_normal(100) * 0.01
    figures = tracked(returns, baseline=baseline).figures()
    assert (figures.cusum, figures.cusum_limit) == (None, None)
    assert figures.undefined == dict.fromkeys(CUSUM_FIGURES, "no_edge")
    assert figures.probabilistic_sharpe == pytest.approx(_oracle(returns, mean / 0.01), abs=1e-9)


@pytest.mark.parametrize(
    ("returns", "reason"), [(np.linspace(-0.01, 0.01, 29), "warming_up"), (np.full(50, 0.001), "zero_variance")]
)
def test_the_sharpe_figures_wait_for_enough_returns_that_move(returns: Floats, reason: str) -> None:
    figures = tracked(returns).figures()
    assert figures.undefined == dict.fromkeys(SHARPE_FIGURES, reason)
    assert figures.cusum is not None


def test_a_strategy_exactly_as_its_baseline_has_no_minimum_track_record() -> None:
    tracker = tracked(np.zeros(0), baseline=DAY.model_copy(update={"mean": 0.0}))
    tracker.state().moments = Moments(count=40, mean=0.0, m2=2.5, m3=0.0, m4=0.2)
    figures = tracker.figures()
    assert figures.undefined["min_track_record_seconds"] == "as_baseline"
    assert figures.min_track_record_seconds is None
    assert figures.probabilistic_sharpe == 0.5


def test_it_goes_on_where_it_was_saved_at_every_step() -> None:
    returns = np.random.default_rng(8).standard_normal(120) * 0.01
    whole, parts = DegradationTracker(DAY, settings()), DegradationTracker(DAY, settings())
    for value in returns.tolist():
        whole.observe(value)
        parts.observe(value)
        saved = msgspec.json.encode(parts.state())
        parts = DegradationTracker(DAY, settings())
        parts.restore(msgspec.json.decode(saved, type=DegradationState))
        assert parts.figures() == whole.figures()


def test_a_changed_baseline_begins_a_new_cusum_and_keeps_the_record() -> None:
    returns = np.full(40, -0.01) + np.tile([0.001, -0.001], 20)
    changed = DegradationTracker(DAY.model_copy(update={"mean": 0.003}), settings())
    assert changed.figures().track_record_seconds == 0.0
    changed.restore(tracked(returns).state())
    assert changed.figures().cusum == 0.0
    assert changed.figures().probabilistic_sharpe is not None


def test_another_step_of_the_grid_begins_everything_anew() -> None:
    hours = StatisticsSettings(step=timedelta(hours=1), windows=(timedelta(days=2),), risk_window=timedelta(days=2))
    changed = DegradationTracker(DAY, hours)
    changed.restore(tracked(np.full(40, -0.01)).state())
    assert changed.figures().cusum == 0.0
    assert changed.state().moments.count == 0
