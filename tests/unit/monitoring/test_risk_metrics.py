"""The figures of returns: kept up point by point, they are those of the definitions; what is undefined says why."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import empyrical
import msgspec
import numpy as np
import pytest
import vartests
from numpy.typing import NDArray
from scipy import stats

from genesis.analytics.metrics import calmar
from genesis.monitoring.risk_metrics import METHODS, ReturnState, ReturnStatistics, component_value_at_risk
from genesis.settings.statistics import StatisticsSettings
from genesis.snapshot import ReturnFigures
from tests.unit.analytics.series import account_and_index, recorded
from tests.unit.monitoring import sliding

Floats = NDArray[np.float64]
NAN = float("nan")
STEPS = 100_000
HOUR = timedelta(hours=1)
SMALL = StatisticsSettings(
    step=timedelta(days=1),
    windows=(timedelta(days=21),),
    risk_window=timedelta(days=60),
    horizon=timedelta(days=4),
    min_observations=10,
    confidence=(Decimal("0.95"),),
    risk_free_rate=Decimal("0.02"),
    benchmark="BTC",
)


def long_walk() -> tuple[Floats, Floats]:
    """Returns of every kind one after the other, a stretch of each, with gaps and one loss of everything."""
    rng = np.random.default_rng(100_000)
    values, market = np.empty(0), rng.standard_t(4, STEPS) * 1e-3
    while len(values) < STEPS:
        crumbs = rng.normal(0, 1e-5, 200)
        crumbs[rng.integers(0, 200, 2)] = rng.choice([0.5, -0.4], 2)
        steady = np.full(100, rng.choice([0.0, 1e-5, -1e-5]))
        steady[rng.integers(0, 100)] += rng.choice([0.0, 0.3])
        stretches = [
            rng.normal(1e-4, 1e-3, 300),
            crumbs,
            rng.standard_t(2, 200) * 1e-3,
            rng.integers(-2, 3, 150) * 1e-4,
            steady,
            1e-5 + rng.normal(0, 1e-9, 100),
        ]
        values = np.concatenate((values, stretches[rng.integers(len(stretches))]))
    values = np.clip(values[:STEPS], -0.9, None)
    values += np.where(rng.random(STEPS) < 0.5, 0.3, 0) * np.clip(market, -0.01, 0.01)
    values[rng.random(STEPS) < 0.02] = NAN
    values[40_000:40_100] = NAN
    values[70_000] = -1.0
    market[rng.random(STEPS) < 0.01] = NAN
    market[20_000:20_200] = 1e-4
    return values, market


def restarted(statistics: ReturnStatistics, values: Floats, market: Floats) -> ReturnStatistics:
    again = ReturnStatistics(SMALL)
    state = msgspec.json.decode(msgspec.json.encode(statistics.state()), type=ReturnState)
    again.restore(state, values, market)
    return again


def row_of(figures: ReturnFigures) -> list[float | None]:
    row: list[float | None] = [*figures.performance["3w"], *figures.performance["all"]]
    for method in METHODS:
        row += figures.tails.get((method, "0.95"), (None, None))
        row += figures.backtests[method, "0.95"][:2]
    return [*row, figures.beta, figures.beta_standard_error, figures.alpha, figures.observations, figures.total]


NEAR_0 = {"sharpe": 1.0, "sortino": 1.0, "alpha": 1.0}
"""What these may be off near 0 is measured by 1: there they are small differences."""
TAILS, TESTS = ("value_at_risk", "expected_shortfall"), ("var_kupiec_pvalue", "var_independence_pvalue")
COLUMNS = [
    *(f"{window}_{name}" for window in ("window", "all") for name in ("sharpe", "sortino", "calmar", "volatility")),
    *(f"{method}_{name}" for method in METHODS for name in ("var", "shortfall", "forecasts", "exceedances")),
    *("beta", "error", "alpha", "observations", "total"),
]


def test_at_each_of_100_000_steps_with_restarts_every_figure_is_that_of_its_definition() -> None:
    values, market = long_walk()
    rng = np.random.default_rng(5)
    restarts = set(rng.integers(0, STEPS, 100).tolist())
    statistics, told = ReturnStatistics(SMALL), np.empty((STEPS, len(COLUMNS)))
    for step, (value, benchmark) in enumerate(zip(values.tolist(), market.tolist(), strict=True)):
        statistics.observe(value, benchmark)
        if step in restarts:
            statistics = restarted(statistics, values[: step + 1], market[: step + 1])
        told[step] = row_of(statistics.figures())
    figures = dict(zip(COLUMNS, told.T, strict=True))
    for name, expected in definitions(values, market).items():
        compare(name, figures[name], expected)


def definitions(values: Floats, market: Floats) -> dict[str, Floats]:
    """Column → what it has to be after each step."""
    rate, least, year = 1.02 ** (1 / 365) - 1, SMALL.min_observations, 365.0
    rows = sliding.windows(values, 60)
    expected = {f"window_{k}": v for k, v in sliding.ratios(sliding.windows(values, 21), year, least, rate).items()}
    expected |= {f"all_{k}": v for k, v in sliding.since_start(values, year, least, rate).items()}
    for method, (loss, shortfall) in sliding.tails(rows, Fraction(95, 100), least).items():
        expected |= {f"{method}_var": 2 * loss, f"{method}_shortfall": 2 * shortfall}
        before = np.concatenate(([NAN], loss[:-1]))
        expected[f"{method}_forecasts"] = (~np.isnan(before) & ~np.isnan(values)).cumsum()
        expected[f"{method}_exceedances"] = (values < -before).cumsum()
    beta, error, alpha = sliding.betas(rows, sliding.windows(market, 60), least)
    alpha = (1 + alpha - rate * (1 - beta)) ** year - 1
    expected |= {"beta": beta, "error": error, "alpha": alpha}
    expected["observations"] = np.count_nonzero(~np.isnan(rows), axis=1)
    expected["total"] = (~np.isnan(values)).cumsum()
    return expected


def compare(name: str, told: Floats, expected: Floats) -> None:
    undefined = np.flatnonzero(np.isnan(told) != np.isnan(expected))
    assert not len(undefined), f"{name} is defined on one side only, first after step {undefined[0]}"
    floor = NEAR_0.get(name.rsplit("_", maxsplit=1)[-1], 0.0)
    off = np.abs(told - expected) - 1e-9 * np.maximum(np.abs(expected), floor)
    worst = int(np.nanargmax(off))
    assert off[worst] <= 0, f"{name} after step {worst}: {told[worst]!r}, not {expected[worst]!r}"


def statistics_of(values: Floats, market: Floats, settings: StatisticsSettings = SMALL) -> ReturnStatistics:
    made = ReturnStatistics(settings)
    for value, benchmark in zip(values.tolist(), market.tolist(), strict=True):
        made.observe(value, benchmark)
    return made


def some_returns(number: int, seed: int = 1) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    market = rng.normal(1e-4, 1e-3, number)
    return 0.5 * market + rng.standard_t(6, number) * 1e-3, market


@recorded
def test_the_figures_of_a_recorded_account_are_those_of_the_libraries() -> None:
    account, index = account_and_index()
    settings = StatisticsSettings(
        step=timedelta(days=1),
        windows=(timedelta(days=len(account)),),
        risk_window=timedelta(days=len(account)),
        benchmark="SPX",
    )
    figures = statistics_of(account, index, settings).figures()
    assert figures.undefined == {}
    expected = (
        empyrical.sharpe_ratio(account, annualization=365),
        empyrical.sortino_ratio(account, annualization=365),
        empyrical.calmar_ratio(account, annualization=365),
        empyrical.annual_volatility(account, annualization=365),
    )
    (window,) = (name for name in figures.performance if name != "all")
    assert figures.performance["all"] == pytest.approx(expected, rel=1e-9)
    assert figures.performance[window] == pytest.approx(expected, rel=1e-9)
    assert figures.beta == pytest.approx(empyrical.beta(account, index), rel=1e-9)
    assert figures.alpha == pytest.approx(empyrical.alpha(account, index, annualization=365), rel=1e-9)
    for level in (0.95, 0.99):
        tail = figures.tails["historical", str(level)]
        assert tail.value_at_risk == pytest.approx(-empyrical.value_at_risk(account, 1 - level), rel=1e-9)
        assert tail.expected_shortfall == pytest.approx(-empyrical.conditional_value_at_risk(account, 1 - level), rel=1e-9)
        z = stats.norm.ppf(1 - level)
        normal = -(account.mean() + z * account.std(ddof=1))
        assert figures.tails["parametric", str(level)].value_at_risk == pytest.approx(normal, rel=1e-9)
        s, k = stats.skew(account), stats.kurtosis(account)
        z += (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
        corrected = -(account.mean() + z * account.std(ddof=1))
        assert figures.tails["cornish_fisher", str(level)].value_at_risk == pytest.approx(corrected, rel=1e-9)
        tested = figures.backtests["historical", str(level)]
        theirs = vartests.kupiec_test(x=tested.exceedances, n=tested.forecasts, risk_conf_level=level)
        assert tested.kupiec_pvalue == pytest.approx(theirs["p-value"], rel=1e-9)
        assert tested.forecasts == len(account) - 30


def test_before_there_are_enough_returns_everything_warms_up() -> None:
    figures = statistics_of(*some_returns(9)).figures()
    assert set(figures.undefined.values()) == {"warming_up"}
    assert set(figures.undefined) == {
        *("sharpe_ratio", "sortino_ratio", "calmar_ratio", "volatility_ratio", "value_at_risk", "expected_shortfall"),
        *("beta", "beta_standard_error", "alpha_ratio", "var_kupiec_pvalue", "var_independence_pvalue"),
    }
    assert figures.tails == {}
    assert (figures.observations, figures.total) == (9, 9)
    assert figures.backtests["historical", "0.95"] == (0, 0, None, None)


def test_a_window_may_lack_what_the_start_has() -> None:
    values, market = some_returns(400)
    values[-15:] = NAN
    undefined = statistics_of(values, market).figures().undefined
    assert {figure: reason for figure, reason in undefined.items() if "ratio" in figure} == {
        f"{figure}_3w": "warming_up" for figure in ("sharpe_ratio", "sortino_ratio", "calmar_ratio", "volatility_ratio")
    }


def test_a_strategy_that_stands_still_has_a_quantile_and_no_ratio() -> None:
    figures = statistics_of(np.zeros(80), np.zeros(80), SMALL.model_copy(update={"risk_free_rate": Decimal(0)})).figures()
    assert figures.undefined == {
        "sharpe_ratio": "zero_variance",
        "sortino_ratio": "no_downside",
        "calmar_ratio": "no_drawdown",
        **dict.fromkeys(("beta", "beta_standard_error", "alpha_ratio"), "zero_variance"),
        **{f"{figure}_{method}_0.95": "zero_variance" for figure in TAILS for method in METHODS[1:]},
        **{f"{test}_{method}_0.95": "warming_up" for test in TESTS for method in METHODS[1:]},
        "var_independence_pvalue_historical_0.95": "no_exceedances",
    }
    assert figures.tails == {("historical", "0.95"): (0.0, 0.0)}
    assert figures.performance["all"] == (None, None, None, 0.0)


def test_losses_only_and_a_loss_of_everything_have_their_reasons() -> None:
    figures = statistics_of(np.array([-0.1] * 20 + [-1.0] + [0.1] * 10), np.zeros(31)).figures()
    assert figures.undefined["calmar_ratio"] == "equity_lost"
    every = StatisticsSettings(step=HOUR, windows=(60 * HOUR,), risk_window=60 * HOUR)
    gains = statistics_of(np.array([0.5, -0.01] * 20), np.zeros(40), every).figures()
    assert gains.undefined["calmar_ratio"] == "out_of_range"
    assert gains.undefined["beta"] == "no_benchmark"


def test_returns_too_small_for_their_powers_have_no_models_and_no_error() -> None:
    values = some_returns(60)[0] * 1e-120
    figures = statistics_of(values, np.zeros(60)).figures()
    assert figures.undefined["value_at_risk_cornish_fisher_0.95"] == "zero_variance"
    assert figures.tails["historical", "0.95"].value_at_risk > 0


def test_a_calmar_ratio_that_no_float_holds_is_out_of_range() -> None:
    returns = np.array([5.9, -1e-6] * 20)
    assert calmar(returns, 730.0) is None
    settings = SMALL.model_copy(update={"step": timedelta(hours=12), "windows": (timedelta(days=20),)})
    settings = settings.model_copy(update={"risk_window": timedelta(days=20), "horizon": timedelta(days=1)})
    assert statistics_of(returns, np.zeros(40), settings).figures().undefined["calmar_ratio"] == "out_of_range"


def test_an_alpha_that_no_float_holds_is_out_of_range() -> None:
    every = SMALL.model_copy(update={"step": HOUR, "windows": (60 * HOUR,), "risk_window": 60 * HOUR})
    values, market = some_returns(60)
    figures = statistics_of(values + 0.1, market, every).figures()
    assert figures.beta is not None
    assert figures.undefined["alpha_ratio"] == "out_of_range"


@pytest.mark.parametrize(("points", "known"), [(23, False), (24, True)])
def test_less_than_a_day_is_not_compounded_to_a_year(points: int, known: bool) -> None:
    every = SMALL.model_copy(update={"step": HOUR, "windows": (60 * HOUR,), "risk_window": 60 * HOUR, "min_observations": 3})
    values, market = some_returns(points)
    figures = statistics_of(values, market, every).figures()
    assert (figures.performance["all"].calmar is not None) is known
    assert (figures.alpha is not None) is known
    assert figures.performance["all"].sharpe is not None
    reasons = {figure: figures.undefined.get(figure) for figure in ("calmar_ratio", "alpha_ratio")}
    assert reasons == dict.fromkeys(reasons, None if known else "window_too_short")


def test_exceedances_one_after_the_other_have_no_independence() -> None:
    values = np.concatenate((some_returns(10)[0], -np.geomspace(0.01, 1e6, 30)))
    figures = statistics_of(values, np.zeros(40)).figures()
    tested = figures.backtests["historical", "0.95"]
    assert tested.forecasts == tested.exceedances == 30
    assert figures.undefined["var_independence_pvalue_historical_0.95"] == "only_exceedances"
    assert tested.kupiec_pvalue == pytest.approx(0, abs=1e-30)


def test_what_is_not_finite_is_no_observation() -> None:
    values, market = some_returns(100)
    odd, odd_market = values.copy(), market.copy()
    values[[20, 90]] = NAN
    odd[[20, 90]] = [np.inf, -np.inf]
    market[50] = NAN
    odd_market[50] = np.inf
    assert statistics_of(odd, odd_market).figures() == statistics_of(values, market).figures()
    restored = ReturnStatistics(SMALL)
    restored.restore(statistics_of(values, market).state(), odd, odd_market)
    assert restored.figures().observations == 59


def test_figures_are_worked_out_once_a_point() -> None:
    statistics = statistics_of(*some_returns(50))
    assert statistics.figures() is statistics.figures()
    before = statistics.figures()
    statistics.observe(NAN, NAN)
    assert statistics.figures() is not before


def test_a_level_that_is_new_starts_its_back_test_and_a_dropped_one_ends() -> None:
    values, market = some_returns(100)
    changed = SMALL.model_copy(update={"confidence": (Decimal("0.9"), Decimal("0.950"))})
    restored = ReturnStatistics(changed)
    restored.restore(statistics_of(values, market).state(), values, market)
    assert restored.figures().backtests["historical", "0.95"].forecasts == 90
    assert restored.figures().backtests["historical", "0.9"].forecasts == 0


def test_windows_of_the_same_length_tell_the_same() -> None:
    settings = SMALL.model_copy(update={"risk_window": timedelta(days=21)})
    values, market = some_returns(100)
    assert (
        statistics_of(values, market, settings).figures().performance["3w"]
        == (statistics_of(values, market).figures().performance["3w"])
    )


def test_components_add_up_to_the_accounts_value_at_risk() -> None:
    parts = np.random.default_rng(8).standard_t(4, (60, 5)) * 1e-3
    totals = parts.sum(axis=1)
    account = statistics_of(totals, np.zeros(60)).figures()
    split = component_value_at_risk(list("abcde"), parts, totals, SMALL)
    assert split.undefined == {}
    assert split.horizon == account.horizon == "4d"
    for method in METHODS[:2]:
        assert list(split.parts[method, "0.95"]) == list("abcde")
        added = sum(split.parts[method, "0.95"].values())
        assert added == pytest.approx(account.tails[method, "0.95"].value_at_risk, rel=1e-12)


def test_components_that_are_undefined_say_why() -> None:
    few = component_value_at_risk(["a"], np.zeros((9, 1)), np.zeros(9), SMALL)
    assert (few.parts, few.undefined) == ({}, {"component_value_at_risk": "warming_up"})
    flat = component_value_at_risk(["a"], np.zeros((10, 1)), np.zeros(10), SMALL)
    assert flat.parts == {("historical", "0.95"): {"a": 0.0}}
    assert flat.undefined == {"component_value_at_risk_parametric_0.95": "zero_variance"}
