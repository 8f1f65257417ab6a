"""The ratios of each strategy's returns, and of the account's, by window."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels
from genesis.metrics.families.returns import Returns, returns
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.snapshot import Performance


def _windows(row: Returns) -> Iterator[tuple[Labels, Performance]]:
    for window, performance in row.figures.performance.items():
        yield (window,), performance


_RETURNS = returns(Group.PERFORMANCE)
_WINDOW = _RETURNS.by("window", _windows)

STRATEGY_INFO = _RETURNS.strategies.by("benchmark", lambda row: [((row.figures.benchmark or "",), row)]).info(
    "strategy_info", "The benchmark of the strategy's beta and alpha; empty for none."
)
STRATEGY_OBSERVATIONS, PORTFOLIO_OBSERVATIONS = _RETURNS.gauge(
    "observations",
    Unit.COUNT,
    "Returns in the risk window; figures from fewer than min_observations are left out.",
    lambda row: row.figures.observations,
)
STRATEGY_SHARPE_RATIO, PORTFOLIO_SHARPE_RATIO = _WINDOW.gauge(
    "sharpe_ratio",
    Unit.RATIO,
    "Annualised Sharpe ratio over the window (all: since start), above the risk-free rate.",
    lambda performance: performance.sharpe,
)
STRATEGY_SORTINO_RATIO, PORTFOLIO_SORTINO_RATIO = _WINDOW.gauge(
    "sortino_ratio",
    Unit.RATIO,
    "Annualised Sortino ratio over the window (all: since start), against the risk-free rate.",
    lambda performance: performance.sortino,
)
STRATEGY_CALMAR_RATIO, PORTFOLIO_CALMAR_RATIO = _WINDOW.gauge(
    "calmar_ratio",
    Unit.RATIO,
    "Annualised compounded return over the deepest drawdown, from the grid's returns in the window.",
    lambda performance: performance.calmar,
)
STRATEGY_VOLATILITY_RATIO, PORTFOLIO_VOLATILITY_RATIO = _WINDOW.gauge(
    "volatility_ratio",
    Unit.RATIO,
    "Annualised standard deviation of the returns in the window.",
    lambda performance: performance.volatility,
)
