"""Moments, paths and back-tests of returns → the ratios and p-values of a snapshot, with the reasons for what is missing."""

from __future__ import annotations

from collections.abc import Set
from typing import NamedTuple

from genesis.analytics.backtest import Backtest, independence_pvalue, kupiec_pvalue
from genesis.analytics.metrics import calmar_of, sharpe_of, sortino_of, volatility_of
from genesis.analytics.risk import ConfidenceLevel
from genesis.analytics.sums import CentralSums, Path
from genesis.snapshot import BacktestFigures, Performance

ALL = "all"
"""The window since the start."""
TOO_SHORT = "window_too_short"
"""Less than a day: compounding the return of a minute over a year says nothing."""


class Reasons:
    """Why figures are not defined, gathered by figure and variant (a window, or a method and level)."""

    def __init__(self) -> None:
        self._reasons: dict[str, dict[str, str]] = {}

    def note(self, figure: str, reason: str, variant: str = "") -> None:
        """Record that a variant of a figure is undefined."""
        self._reasons.setdefault(figure, {})[variant] = reason

    def collapsed(self, *whole: Set[str]) -> dict[str, str]:
        """figure → reason if all its variants share one, else figure_variant → reason. `whole`: the full sets of variants."""
        undefined = {}
        for figure, known in self._reasons.items():
            reasons = set(known.values())
            if len(reasons) == 1 and known.keys() in ({""}, *whole):
                undefined[figure] = reasons.pop()
            else:
                undefined |= {f"{figure}_{variant}": reason for variant, reason in known.items()}
        return undefined


class Year(NamedTuple):
    """Annualisation: from the figures of a step to those of a year."""

    steps: float
    risk_free: float
    """Of one step."""
    least: int
    """The fewest returns that a figure needs."""

    def compounds(self, count: int) -> bool:
        """Whether `count` returns cover a day, and so are enough to compound them to a year of 365 days."""
        return count * 365 >= self.steps


def performance(moments: CentralSums, path: Path, year: Year, window: str, reasons: Reasons) -> Performance:
    """The ratios of a window; why one is None is noted in `reasons`."""
    count = moments.number
    if count < year.least:
        for figure in ("sharpe_ratio", "sortino_ratio", "calmar_ratio", "volatility_ratio"):
            reasons.note(figure, "warming_up", window)
        return Performance(None, None, None, None)
    sharpe = sharpe_of(moments, year.steps, year.risk_free)
    if sharpe is None:
        reasons.note("sharpe_ratio", "zero_variance", window)
    sortino = sortino_of(moments, path.downside, year.steps, year.risk_free)
    if sortino is None:
        reasons.note("sortino_ratio", "no_downside", window)
    calmar = _calmar(path, count, year, window, reasons)
    return Performance(sharpe, sortino, calmar, volatility_of(moments, year.steps))


def _calmar(path: Path, count: int, year: Year, window: str, reasons: Reasons) -> float | None:
    if path.growth is None:
        reasons.note("calmar_ratio", "equity_lost", window)
    elif not path.drawdown:
        reasons.note("calmar_ratio", "no_drawdown", window)
    elif not year.compounds(count):
        reasons.note("calmar_ratio", TOO_SHORT, window)
    else:
        calmar = calmar_of(path.growth / count, path.drawdown, year.steps)
        if calmar is not None:
            return calmar
        reasons.note("calmar_ratio", "out_of_range", window)
    return None


def backtest_figures(backtest: Backtest, level: ConfidenceLevel, least: int, variant: str, reasons: Reasons) -> BacktestFigures:
    """The counts of a back-test, and the p-values once there are enough; why one is None is noted in `reasons`."""
    forecasts, exceedances = backtest.forecasts, backtest.exceedances
    if forecasts < least:
        reasons.note("var_kupiec_pvalue", "warming_up", variant)
        reasons.note("var_independence_pvalue", "warming_up", variant)
        return BacktestFigures(forecasts, exceedances, None, None)
    independence = independence_pvalue(backtest.after)
    if independence is None:
        reasons.note("var_independence_pvalue", _no_independence(backtest), variant)
    return BacktestFigures(forecasts, exceedances, kupiec_pvalue(forecasts, exceedances, float(level.tail)), independence)


def _no_independence(backtest: Backtest) -> str:
    """The reason: no pair of forecasts begins with an exceedance, or all do."""
    return "no_exceedances" if not backtest.after[2] + backtest.after[3] else "only_exceedances"
