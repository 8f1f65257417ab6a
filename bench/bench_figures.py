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
from typing import Any

import empyrical
import numpy as np
import pandas as pd
import quantstats
from numpy.typing import NDArray
from scipy import stats

from genesis.analytics.metrics import compounded
from genesis.analytics.ordered import OrderedReturns
from genesis.analytics.risk import ConfidenceLevel, quantile_loss, regression_of, shape_of
from genesis.analytics.rolling import RollingReturns
from genesis.monitoring.return_figures import Reasons, Year, performance
from genesis.monitoring.risk_metrics import ReturnStatistics
from genesis.settings.statistics import StatisticsSettings

Floats = NDArray[np.float64]

ROUNDS = 9
POINTS = 2_000
YEAR = 365.0
LEVELS = (ConfidenceLevel(Decimal("0.95")), ConfidenceLevel(Decimal("0.99")))


class Window:
    """The figures that empyrical knows, too, of one window."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._returns = RollingReturns(size, benchmark=True)
        self._ordered = OrderedReturns(size)
        self._year = Year(YEAR, 0.0, 30)

    def restore(self, values: Floats, benchmarks: Floats) -> None:
        self._returns.restore(values, benchmarks)
        self._ordered.restore(values[-self._returns.size :])

    def next(self, value: float, benchmark: float) -> tuple[float | None, ...]:
        """A new point, and all figures after it."""
        self._ordered.replace(self._returns.append(value, benchmark), value)
        return self.told()

    def told(self) -> tuple[float | None, ...]:
        """In the order of `with_empyrical`."""
        moments, path = self._returns.sums(), self._returns.path()
        _, _, skewness, kurtosis = shape_of(moments)
        ratios = performance(moments, path, self._year, "", Reasons())
        beta, _, alpha = regression_of(self._returns.pairs())
        (loss, beyond), (larger, far_beyond) = self._tail(LEVELS[0]), self._tail(LEVELS[1])
        other = (path.drawdown, skewness, kurtosis, loss, beyond, larger, far_beyond, beta, compounded(alpha, YEAR))
        return (*ratios, *other)

    def _tail(self, level: ConfidenceLevel) -> tuple[float, float]:
        values = self._ordered.values
        rank, part = level.rank(self._ordered.count)
        return quantile_loss(values[rank], values[rank + 1], part), -self._ordered.mean_of_smallest(rank + 1)

    def next_few(self, value: float, benchmark: float) -> tuple[object, ...]:
        """A new point, and the six figures that cost the libraries least."""
        ordered, level = self._ordered, LEVELS[0]
        ordered.replace(self._returns.append(value, benchmark), value)
        path = self._returns.path()
        told = performance(self._returns.sums(), path, self._year, "", Reasons())
        rank, part = level.rank(ordered.count)
        loss = quantile_loss(ordered.values[rank], ordered.values[rank + 1], part)
        return told, path.drawdown, loss, ordered.mean_of_smallest(rank + 1), regression_of(self._returns.pairs()).beta


def few_with_empyrical(values: Floats, benchmarks: Floats) -> tuple[object, ...]:
    sharpe, sortino = empyrical.sharpe_ratio(values, annualization=YEAR), empyrical.sortino_ratio(values, annualization=YEAR)
    tail = empyrical.value_at_risk(values), empyrical.conditional_value_at_risk(values)
    return sharpe, sortino, empyrical.max_drawdown(values), tail, empyrical.beta_aligned(values, benchmarks)


def few_with_quantstats(values: pd.Series, benchmarks: pd.Series) -> tuple[object, ...]:
    told: Any = quantstats.stats
    sharpe, sortino = told.sharpe(values, periods=YEAR), told.sortino(values, periods=YEAR)
    return (
        sharpe,
        sortino,
        told.max_drawdown(values),
        told.value_at_risk(values),
        told.cvar(values),
        told.greeks(values, benchmarks),
    )


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
    """One window, all figures: what a new point takes with each, and the ratio of each round's pair."""
    values, market = returns(size + (ROUNDS + 1) * POINTS)
    window = Window(size)
    measure(f"window {size:6d}", window, window.next, (with_empyrical, with_quantstats))
    last = with_empyrical(values[-size - 1 : -1], market[-size - 1 : -1])
    check(window, last, values[-size - 1 :], market[-size - 1 :])
    few = Window(size)
    measure("  six of them only", few, few.next_few, (few_with_empyrical, few_with_quantstats))


def measure(
    title: str,
    window: Window,
    next_point: Callable[..., object],
    libraries: tuple[Callable[..., object], Callable[..., object]],
) -> None:
    size = window.size
    values, market = returns(size + (ROUNDS + 1) * POINTS)
    window.restore(values[:size], market[:size])
    ours: list[float] = []
    empyricals: list[float] = []
    quantstats_: list[float] = []
    for start in range(size, len(values), POINTS):
        new = list(zip(values[start : start + POINTS].tolist(), market[start : start + POINTS].tolist(), strict=True))
        ours.append(timed(next_point, new))
        arrays = values[start + POINTS - size : start + POINTS], market[start + POINTS - size : start + POINTS]
        empyricals.append(timed(libraries[0], [arrays] * 30))
        days = pd.date_range("2000-01-01", periods=size)
        quantstats_.append(timed(libraries[1], [tuple(pd.Series(array, index=days) for array in arrays)] * 5))
    print(
        f"{title}: a new point {statistics.median(ours[1:]):5.1f} µs; "
        f"empyrical-reloaded {statistics.median(empyricals[1:]):6.0f} µs, {spread(ours, empyricals)}; "
        f"quantstats {statistics.median(quantstats_[1:]):6.0f} µs, {spread(ours, quantstats_)}"
    )


def spread(ours: list[float], theirs: list[float]) -> str:
    """The ratio of each round's pair; the first round warms up."""
    ratios = [their / our for our, their in zip(ours[1:], theirs[1:], strict=True)]
    return f"ratio {statistics.median(ratios):.0f} ({min(ratios):.0f} to {max(ratios):.0f})"


def check(window: Window, last: list[float], values: Floats, market: Floats) -> None:
    """A fast wrong answer is worth nothing: both must know the same, of the last point but one and of the last."""
    told = np.array(window.told(), dtype=float)
    assert np.allclose(told, with_empyrical(values[1:], market[1:]), rtol=1e-9, atol=1e-12)
    assert not np.allclose(told, last, rtol=1e-9, atol=1e-12)


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
