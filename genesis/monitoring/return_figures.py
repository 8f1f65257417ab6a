"""The figures of the returns of one strategy, or of the account, as they are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import NamedTuple

from genesis.analytics.backtest import Backtest, independence_pvalue, kupiec_pvalue
from genesis.analytics.metrics import annual_return
from genesis.analytics.risk import Level, Tail
from genesis.analytics.sums import Moments, Path

Key = tuple[str, str]
"""Method and confidence of a value at risk, as in its labels."""


class Performance(NamedTuple):
    """The ratios of one window, of a year."""

    sharpe: float | None
    sortino: float | None
    calmar: float | None
    volatility: float | None


class BacktestFigures(NamedTuple):
    """The value at risk of one method and level against the returns of the steps behind it, since the start."""

    forecasts: int
    exceedances: int
    kupiec_pvalue: float | None
    independence_pvalue: float | None


@dataclass(frozen=True, slots=True)
class ReturnFigures:
    """Everything known of the returns of one strategy, or of the account."""

    observations: int
    """Returns in the risk window."""
    total: int
    """Returns since the start."""
    benchmark: str | None
    performance: Mapping[str, Performance]
    """By window; `all` is since the start."""
    tails: Mapping[Key, Tail]
    """Value at risk and expected shortfall at the horizon, as ratios of the equity; only what is defined."""
    horizon: str
    beta: float | None
    beta_standard_error: float | None
    alpha: float | None
    """Of a year."""
    backtests: Mapping[Key, BacktestFigures]
    undefined: Mapping[str, str]
    """Figure → reason why it is None, with its window, or its method and confidence, behind it; without, it holds for all."""


@dataclass(frozen=True, slots=True)
class ComponentFigures:
    """The account's value at risk, split by strategy."""

    parts: Mapping[Key, Mapping[str, float]]
    """Method and confidence → strategy → its part at the horizon, as a ratio of the account's equity; they add up."""
    horizon: str
    undefined: Mapping[str, str]


def at_equity(ratio: float, equity: Decimal | None) -> float | None:
    """A ratio of the equity in money; None while the equity is not known, or not above 0."""
    return ratio * float(equity) if equity is not None and equity > 0 else None


class Reasons:
    """Why figures are not defined, gathered by figure and variant (a window, a method and level, or nothing)."""

    def __init__(self) -> None:
        self._reasons: dict[str, dict[str, str | None]] = {}

    def note(self, figure: str, variant: str, reason: str | None) -> None:
        """Note a variant of a figure; None: it is defined."""
        self._reasons.setdefault(figure, {})[variant] = reason

    def collapsed(self) -> dict[str, str]:
        """By figure where all variants have the same reason, else by figure_variant."""
        undefined = {}
        for figure, variants in self._reasons.items():
            reasons = set(variants.values())
            if len(reasons) == 1:
                undefined[figure] = reasons.pop()
            else:
                undefined |= {f"{figure}_{variant}": reason for variant, reason in variants.items()}
        return {figure: reason for figure, reason in undefined.items() if reason is not None}


class Year(NamedTuple):
    """What makes the figures of a year out of those of a step."""

    steps: float
    risk_free: float
    """Of one step."""
    least: int
    """The fewest returns that a figure may stand on."""


def performance(moments: Moments, path: Path, year: Year, window: str, reasons: Reasons) -> Performance:
    """The ratios of a window; why one is None is noted in `reasons`."""
    count = moments.number
    if count < year.least:
        for figure in ("sharpe_ratio", "sortino_ratio", "calmar_ratio", "volatility_ratio"):
            reasons.note(figure, window, "warming_up")
        return Performance(None, None, None, None)
    deviation = sqrt(moments.square / (count - 1))
    scale = sqrt(year.steps)
    excess = moments.mean - year.risk_free
    sharpe = excess / deviation * scale if deviation else None
    sortino = excess / sqrt(path.downside / count) * scale if path.downside else None
    calmar, no_calmar = _calmar(path, count, year)
    reasons.note("sharpe_ratio", window, "zero_variance" if sharpe is None else None)
    reasons.note("sortino_ratio", window, "no_downside" if sortino is None else None)
    reasons.note("calmar_ratio", window, no_calmar)
    reasons.note("volatility_ratio", window, None)
    return Performance(sharpe, sortino, calmar, deviation * scale)


def _calmar(path: Path, count: int, year: Year) -> tuple[float | None, str | None]:
    """The ratio, or why there is none."""
    if path.growth is None:
        return None, "equity_lost"
    if not path.drawdown:
        return None, "no_drawdown"
    yearly = annual_return(path.growth / count, year.steps)
    return (None, "out_of_range") if yearly is None else (yearly / path.drawdown, None)


def backtest_figures(backtest: Backtest, level: Level, least: int, variant: str, reasons: Reasons) -> BacktestFigures:
    """The counts of a back-test, and the p-values once they stand on enough; why one is None is noted in `reasons`."""
    forecasts, exceedances = backtest.forecasts, backtest.exceedances
    if forecasts < least:
        reasons.note("var_kupiec_pvalue", variant, "warming_up")
        reasons.note("var_independence_pvalue", variant, "warming_up")
        return BacktestFigures(forecasts, exceedances, None, None)
    independence = independence_pvalue(backtest.after)
    reasons.note("var_kupiec_pvalue", variant, None)
    reasons.note("var_independence_pvalue", variant, _no_independence(backtest) if independence is None else None)
    return BacktestFigures(forecasts, exceedances, kupiec_pvalue(forecasts, exceedances, float(level.tail)), independence)


def _no_independence(backtest: Backtest) -> str:
    """Why: no pair of forecasts begins with an exceedance, or all do."""
    return "no_exceedances" if not backtest.after[2] + backtest.after[3] else "only_exceedances"
