"""One new grid point → the figures of a strategy's returns: the sliding window against empyrical-reloaded and quantstats.

All sides take the same returns in turn, in one process; only the ratio of one round's times says anything on a machine whose
clock moves. The libraries are given what they like best, an array (empyrical) or a series (quantstats) of the window as it is:
they do not pay for keeping the window, we do. Times are CPU times, so that what else runs on the machine says less.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything that may import numpy

import platform
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from decimal import Decimal
from math import nan
from typing import Any

import empyrical
import numpy as np
import pandas as pd
import quantstats
from numpy.typing import NDArray
from scipy import stats

from genesis.analytics.metrics import compounded
from genesis.analytics.ordered import OrderedReturns
from genesis.analytics.risk import Level, quantile_loss, regression_of, shape_of
from genesis.analytics.rolling import RollingReturns
from genesis.core.statistics_config import StatisticsSettings
from genesis.monitoring.return_figures import Reasons, Year, performance
from genesis.monitoring.risk_metrics import ReturnStatistics

Floats = NDArray[np.float64]

ROUNDS = 9
POINTS = 2_000
YEAR = 365.0
LEVELS = (Level(Decimal("0.95")), Level(Decimal("0.99")))


class Window:
    """The figures that empyrical knows, too, of one window."""

    def __init__(self, size: int) -> None:
        self._returns = RollingReturns(size, benchmark=True)
        self._ordered = OrderedReturns(size)
        self._year = Year(YEAR, 0.0, 30)

    def restore(self, values: Floats, benchmarks: Floats) -> None:
        self._returns.restore(values, benchmarks)
        self._ordered.restore(values[-self._returns.size :])

    def next(self, value: float, benchmark: float) -> list[float]:
        """A new point, and all figures after it."""
        self._ordered.replace(self._returns.append(value, benchmark), value)
        return self.told()

    def told(self) -> list[float]:
        """In the order of `with_empyrical`; NaN for none."""
        moments, path = self._returns.moments(), self._returns.path()
        shape = shape_of(moments)
        told = performance(moments, path, self._year, "", Reasons())
        found: list[float | None] = [*told, path.drawdown, shape.skewness, shape.excess_kurtosis]
        for level in LEVELS:
            rank, part = level.rank(self._ordered.count)
            values = self._ordered.values
            found += (quantile_loss(values[rank], values[rank + 1], part), -self._ordered.mean_of_smallest(rank + 1))
        regression = regression_of(self._returns.pairs())
        found += (regression.beta, compounded(regression.alpha, YEAR))
        return [nan if figure is None else figure for figure in found]


def with_empyrical(values: Floats, benchmarks: Floats) -> list[float]:
    beta = empyrical.beta_aligned(values, benchmarks)
    return [
        empyrical.sharpe_ratio(values, annualization=YEAR),
        empyrical.sortino_ratio(values, annualization=YEAR),
        empyrical.calmar_ratio(values, annualization=YEAR),
        empyrical.annual_volatility(values, annualization=YEAR),
        -empyrical.max_drawdown(values),
        stats.skew(values),
        stats.kurtosis(values),
        *(
            -tail(values, float(level.tail))
            for level in LEVELS
            for tail in (empyrical.value_at_risk, empyrical.conditional_value_at_risk)
        ),
        beta,
        empyrical.alpha_aligned(values, benchmarks, annualization=YEAR, _beta=beta),
    ]


def with_quantstats(values: pd.Series, benchmarks: pd.Series) -> list[float]:
    """quantstats has other definitions of some; what counts here is the time."""
    told: Any = quantstats.stats
    return [
        told.sharpe(values, periods=YEAR),
        told.sortino(values, periods=YEAR),
        told.calmar(values, periods=YEAR),
        told.volatility(values, periods=YEAR),
        told.max_drawdown(values),
        told.skew(values),
        told.kurtosis(values),
        *(tail(values, confidence=float(level.confidence)) for level in LEVELS for tail in (told.value_at_risk, told.cvar)),
        *told.greeks(values, benchmarks, periods=YEAR),
    ]


def timed(work: Callable[..., object], calls: Sequence[tuple[object, ...]]) -> float:
    """Microseconds a call."""
    started = time.process_time()
    for arguments in calls:
        work(*arguments)
    return (time.process_time() - started) / len(calls) * 1e6


def returns(number: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(number)
    market = rng.standard_t(4, number) * 1e-3
    return 0.4 * market + rng.standard_t(4, number) * 1e-3, market


def compare(size: int) -> None:
    """One window: the time a new point takes with each, and the ratio of each round's pair."""
    values, market = returns(size + (ROUNDS + 1) * POINTS)
    window = Window(size)
    window.restore(values[:size], market[:size])
    ours: list[float] = []
    theirs: dict[str, list[float]] = {"empyrical-reloaded": [], "quantstats": []}
    for start in range(size, len(values), POINTS):
        new = list(zip(values[start : start + POINTS].tolist(), market[start : start + POINTS].tolist(), strict=True))
        ours.append(timed(window.next, new))
        arrays = values[start + POINTS - size : start + POINTS], market[start + POINTS - size : start + POINTS]
        theirs["empyrical-reloaded"].append(timed(with_empyrical, [arrays] * 30))
        days = pd.date_range("2000-01-01", periods=len(arrays[0]))
        series = tuple(pd.Series(array, index=days) for array in arrays)
        theirs["quantstats"].append(timed(with_quantstats, [series] * 5))
    last = with_empyrical(values[-size - 1 : -1], market[-size - 1 : -1])
    check(window, last, values[-size - 1 :], market[-size - 1 :])
    told = ", ".join(f"{name} {statistics.median(times):7.0f} µs, {spread(ours, times)}" for name, times in theirs.items())
    print(f"window {size:6d}: a new point {statistics.median(ours[1:]):5.1f} µs; {told}")


def spread(ours: list[float], theirs: list[float]) -> str:
    """The ratio of each round's pair; the first round warms up."""
    ratios = [their / our for our, their in zip(ours[1:], theirs[1:], strict=True)]
    return f"ratio {statistics.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})"


def check(window: Window, last: list[float], values: Floats, market: Floats) -> None:
    """A fast wrong answer is worth nothing: both must know the same, of the last point but one and of the last."""
    assert np.allclose(window.told(), with_empyrical(values[1:], market[1:]), rtol=1e-9, atol=1e-12)
    assert not np.allclose(window.told(), last, rtol=1e-9, atol=1e-12)


def everything() -> None:
    """All that the monitor tells of a strategy by default, against the libraries for what they have of it."""
    settings = StatisticsSettings(benchmark="BTC")
    values, market = returns(2_000 + (ROUNDS + 1) * 500)
    ours: list[float] = []
    quiet: list[float] = []
    theirs: list[float] = []
    told = ReturnStatistics(settings)
    for value, benchmark in zip(values[:2_000].tolist(), market[:2_000].tolist(), strict=True):
        told.observe(value, benchmark)

    def next_point(value: float, benchmark: float) -> object:
        told.observe(value, benchmark)
        return told.figures()

    for start in range(2_000, len(values), 500):
        new = list(zip(values[start : start + 500].tolist(), market[start : start + 500].tolist(), strict=True))
        quiet.append(timed(told.observe, new[:250]))
        ours.append(timed(next_point, new[250:]))
        windows = [(values[:start], market[:start])] + [
            (values[start - size : start], market[start - size : start]) for size in settings.window_points.values()
        ]
        theirs.append(sum(timed(with_empyrical, [arrays] * 20) for arrays in windows))
    print(
        f"everything by default: a new point {statistics.median(quiet[1:]):.0f} µs, with all figures asked for "
        f"{statistics.median(ours[1:]):.0f} µs; empyrical-reloaded on the same three windows, without models and back-test, "
        f"{statistics.median(theirs[1:]):.0f} µs, {spread(ours, theirs)}"
    )


def pause(size: int) -> None:
    """The slowest of all points of a window and a half."""
    values, market = returns(size)
    window = Window(size)
    window.restore(values, market)
    slowest = 0.0
    for value, benchmark in zip(values[: size // 2].tolist(), market[: size // 2].tolist(), strict=True):
        started = time.process_time()
        window.next(value, benchmark)
        slowest = max(slowest, time.process_time() - started)
    print(f"window {size:6d}: the slowest of {size // 2} points, figures included: {slowest * 1e3:.2f} ms")


def main() -> None:
    print(f"figures of returns · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    warnings.simplefilter("ignore")  # of the libraries
    for size in (1_000, 10_000):
        compare(size)
    everything()
    pause(86_400)


if __name__ == "__main__":
    main()
