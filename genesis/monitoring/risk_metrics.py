"""The returns of one strategy, or of the account, on the grid: value at risk, beta and annualised ratios."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, nan, sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

from genesis.analytics.backtest import Backtest
from genesis.analytics.metrics import compounded, risk_free_step
from genesis.analytics.ordered import OrderedReturns
from genesis.analytics.risk import (
    LEAST_SQUARE,
    ConfidenceLevel,
    Regression,
    Tail,
    component_historical,
    component_parametric,
    cornish_fisher,
    parametric,
    quantile_loss,
    regression_of,
    shape_of,
)
from genesis.analytics.rolling import RollingReturns
from genesis.analytics.since_start import SinceStart
from genesis.analytics.sums import CentralSums
from genesis.monitoring.return_figures import (
    ALL,
    TOO_SHORT,
    Reasons,
    Year,
    backtest_figures,
    performance,
)
from genesis.settings.statistics import StatisticsSettings
from genesis.snapshot import BacktestFigures, ComponentFigures, Key, Performance, ReturnFigures

Floats = NDArray[np.float64]

HISTORICAL, PARAMETRIC, CORNISH_FISHER = METHODS = ("historical", "parametric", "cornish_fisher")


class ReturnState(msgspec.Struct):
    """What a restart needs besides the returns themselves."""

    since_start: SinceStart
    backtests: dict[str, Backtest]
    """By method and confidence, separated by a space."""


class ReturnStatistics:
    """Takes one observation per grid point; gives figures on request."""

    def __init__(self, settings: StatisticsSettings) -> None:
        steps = settings.steps_per_year
        self._year = Year(steps, risk_free_step(float(settings.risk_free_rate), steps), settings.min_observations)
        self._horizon = settings.horizon_name
        self._scale = sqrt(settings.horizon_steps)
        self._levels = tuple(ConfidenceLevel(confidence) for confidence in settings.confidence)
        self._benchmark = settings.benchmark
        self._risk = self._window(settings.risk_points, benchmark=settings.benchmark is not None)
        self._ordered = OrderedReturns(settings.risk_points)
        self._windows = {
            name: self._risk if size == self._risk.size else self._window(size) for name, size in settings.window_points.items()
        }
        self._others = tuple({id(window): window for window in self._windows.values() if window is not self._risk}.values())
        self._all = SinceStart()
        self._backtests = {(method, level.name): Backtest() for method in METHODS for level in self._levels}
        self._variants = {*self._windows, ALL}, {"_".join(key) for key in self._backtests}
        self._losses: list[float | None] | None = None
        self._figures: ReturnFigures | None = None

    def _window(self, size: int, *, benchmark: bool = False) -> RollingReturns:
        return RollingReturns(size, target=self._year.risk_free, benchmark=benchmark)

    def observe(self, value: float, benchmark: float) -> None:
        """Take in the returns of one grid step. One that is not finite takes its place, but is not an observation."""
        if not isfinite(value):
            value = nan
        if not isfinite(benchmark):
            benchmark = nan
        for backtest, loss in zip(self._backtests.values(), self._value_at_risk(), strict=True):
            backtest.observe(loss, value)
        self._ordered.replace(self._risk.append(value, benchmark), value)
        for window in self._others:
            window.append(value)
        if isfinite(value):
            self._all.append(value, self._year.risk_free)
        self._losses = self._figures = None

    def skip(self, points: int) -> None:
        """Take in `points` grid points without a return; the same as that many calls of `observe` with NaN."""
        for backtest in self._backtests.values():
            backtest.observe(None, nan)
        for window in (self._risk, *self._others):
            window.skip(points)
        self._ordered.restore(self._risk.in_order())
        self._losses = self._figures = None

    def state(self) -> ReturnState:
        """It shares its parts with these statistics: encode it before the next observation."""
        return ReturnState(self._all, {" ".join(key): backtest for key, backtest in self._backtests.items()})

    def restore(self, state: ReturnState, values: Floats, benchmarks: Floats) -> None:
        """Go on from a state and the returns before it, oldest first, one a grid point. A new level starts empty."""
        values = np.where(np.isfinite(values), values, nan)
        benchmarks = np.where(np.isfinite(benchmarks), benchmarks, nan)
        for window in (self._risk, *self._others):
            window.restore(values, benchmarks)
        self._ordered.restore(values[-self._risk.size :])
        self._all = state.since_start
        self._backtests = {key: state.backtests.get(" ".join(key)) or Backtest() for key in self._backtests}
        self._losses = self._figures = None

    def figures(self) -> ReturnFigures:
        """The current figures; the same object until the next observation."""
        if self._figures is None:
            self._figures = self._compute(Reasons())
        return self._figures

    def _compute(self, reasons: Reasons) -> ReturnFigures:
        regression = self._regression(reasons)
        return ReturnFigures(
            observations=self._risk.count,
            total=self._all.moments.count,
            benchmark=self._benchmark,
            performance=self._performance(reasons),
            tails=self._tails(reasons),
            horizon=self._horizon,
            beta=regression.beta if regression is not None else None,
            beta_standard_error=regression.standard_error if regression is not None else None,
            alpha=self._alpha(regression, reasons) if regression is not None else None,
            backtests=self._backtest_figures(reasons),
            undefined=reasons.collapsed(*self._variants),
        )

    def _performance(self, reasons: Reasons) -> dict[str, Performance]:
        ratios = {
            name: performance(window.sums(), window.path(), self._year, name, reasons) for name, window in self._windows.items()
        }
        ratios[ALL] = performance(self._all.sums(), self._all.path(), self._year, ALL, reasons)
        return ratios

    # Value at risk, by method and level in the order of the back-tests.

    def _value_at_risk(self) -> list[float | None]:
        """Value at risk of the next step."""
        if self._losses is None:
            moments = self._risk.sums()
            if moments.number < self._year.least:
                self._losses = [None] * len(self._backtests)
            else:
                losses: list[float | None] = [self._quantile(level) for level in self._levels]
                self._losses = losses + [tail and tail.value_at_risk for tail in self._modelled(moments)]
        return self._losses

    def _quantile(self, level: ConfidenceLevel) -> float:
        ordered = self._ordered
        rank, part = level.rank(ordered.count)
        below = ordered.values[rank]
        return quantile_loss(below, ordered.values[rank + 1] if part else below, part)

    def _modelled(self, moments: CentralSums) -> list[Tail | None]:
        """Parametric and Cornish-Fisher."""
        if moments.square <= LEAST_SQUARE:
            return [None] * (2 * len(self._levels))
        sample = shape_of(moments)
        tails: list[Tail | None] = [parametric(sample.mean, sample.deviation, level) for level in self._levels]
        return tails + [cornish_fisher(sample, level) for level in self._levels]

    def _tails(self, reasons: Reasons) -> dict[Key, Tail]:
        moments = self._risk.sums()
        if moments.number < self._year.least:
            found: list[Tail | None] = [None] * len(self._backtests)
        else:
            found = [Tail(self._quantile(level), self._shortfall(level)) for level in self._levels]
            found += self._modelled(moments)
        tails = {}
        for (method, level), tail in zip(self._backtests, found, strict=True):
            if tail is not None:
                tails[method, level] = Tail(tail.value_at_risk * self._scale, tail.expected_shortfall * self._scale)
                continue
            for figure in ("value_at_risk", "expected_shortfall"):
                reasons.note(figure, self._no_tail(moments), f"{method}_{level}")
        return tails

    def _shortfall(self, level: ConfidenceLevel) -> float:
        rank, _ = level.rank(self._ordered.count)
        return 0.0 - self._ordered.mean_of_smallest(rank + 1)

    def _no_tail(self, moments: CentralSums) -> str:
        if moments.number < self._year.least:
            return "warming_up"
        return "cornish_fisher_invalid" if moments.square > LEAST_SQUARE else "zero_variance"

    def _backtest_figures(self, reasons: Reasons) -> dict[Key, BacktestFigures]:
        levels = {level.name: level for level in self._levels}
        return {
            (method, name): backtest_figures(backtest, levels[name], self._year.least, f"{method}_{name}", reasons)
            for (method, name), backtest in self._backtests.items()
        }

    # Beta.

    def _regression(self, reasons: Reasons) -> Regression | None:
        pairs, reason = self._risk.pairs(), None
        if self._benchmark is None:
            reason = "no_benchmark"
        elif pairs.number < self._year.least:
            reason = "warming_up"
        elif not pairs.benchmark_square:
            reason = "zero_variance"
        if reason is None:
            return regression_of(pairs, self._year.risk_free)
        for figure in ("beta", "beta_standard_error", "alpha_ratio"):
            reasons.note(figure, reason)
        return None

    def _alpha(self, regression: Regression, reasons: Reasons) -> float | None:
        if not self._year.compounds(self._risk.pairs().number):
            reasons.note("alpha_ratio", TOO_SHORT)
            return None
        alpha = compounded(regression.alpha, self._year.steps)
        if alpha is None:
            reasons.note("alpha_ratio", "out_of_range")
        return alpha


def component_value_at_risk(
    strategies: Sequence[str], contributions: Floats, totals: Floats, settings: StatisticsSettings
) -> ComponentFigures:
    """The account's value at risk of the risk window, split by strategy; Cornish-Fisher has no split.

    `totals`: the account's returns, shape (points,). `contributions`: the P&L of each strategy's step over the account's equity
    before it, shape (points, strategies), each row adds up to its total. No NaN.
    """
    levels, scale, reasons, parts = (
        [ConfidenceLevel(c) for c in settings.confidence],
        sqrt(settings.horizon_steps),
        Reasons(),
        {},
    )
    for method in (HISTORICAL, PARAMETRIC):
        for level in levels:
            split, reason = _split(method, totals, contributions, level, settings.min_observations)
            if reason is not None:
                reasons.note("component_value_at_risk", reason, f"{method}_{level.name}")
            if split is not None:
                parts[method, level.name] = dict(zip(strategies, (split * scale).tolist(), strict=True))
    every = {f"{method}_{level.name}" for method in (HISTORICAL, PARAMETRIC) for level in levels}
    return ComponentFigures(parts, settings.horizon_name, reasons.collapsed(every))


def _split(
    method: str, totals: Floats, contributions: Floats, level: ConfidenceLevel, least: int
) -> tuple[Floats | None, str | None]:
    """The parts for one step, or why there are none."""
    if len(totals) < least:
        return None, "warming_up"
    if method == HISTORICAL:
        return component_historical(totals, contributions, level), None
    split = component_parametric(totals, contributions, level)
    return split, "zero_variance" if split is None else None
