"""The ratios of each strategy's returns, and of the account's, by window."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.catalog import Metric
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot, ReturnFigures


def performance(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    info = Table(catalog.STRATEGY_INFO)
    strategies = _Ratios(
        catalog.STRATEGY_OBSERVATIONS,
        catalog.STRATEGY_SHARPE_RATIO,
        catalog.STRATEGY_SORTINO_RATIO,
        catalog.STRATEGY_CALMAR_RATIO,
        catalog.STRATEGY_VOLATILITY_RATIO,
    )
    portfolio = _Ratios(
        catalog.PORTFOLIO_OBSERVATIONS,
        catalog.PORTFOLIO_SHARPE_RATIO,
        catalog.PORTFOLIO_SORTINO_RATIO,
        catalog.PORTFOLIO_CALMAR_RATIO,
        catalog.PORTFOLIO_VOLATILITY_RATIO,
    )
    for strategy in snapshot.strategies:
        if strategy.statistics is not None and strategy.name in folded.named:
            info.add(1, strategy.name, strategy.statistics.benchmark or "")
            strategies.add(strategy.statistics, strategy.name)
    if snapshot.portfolio.statistics is not None and not snapshot.failed:
        portfolio.add(snapshot.portfolio.statistics)
    return [info, *strategies.tables, *portfolio.tables]


class _Ratios:
    """The ratios of an account by window; they do not add up."""

    def __init__(self, observations: Metric, *ratios: Metric) -> None:
        """`ratios`: Sharpe, Sortino, Calmar, volatility."""
        self._observations = Table(observations)
        self._ratios = [Table(metric) for metric in ratios]
        self.tables = [self._observations, *self._ratios]

    def add(self, figures: ReturnFigures, *labels: str) -> None:
        self._observations.add(figures.observations, *labels)
        for window, performance in figures.performance.items():
            for table, ratio in zip(self._ratios, performance, strict=True):
                table.add(ratio, *labels, window)
