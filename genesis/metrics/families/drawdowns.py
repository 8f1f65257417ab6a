"""The worst drawdowns of each strategy and of the whole account."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.catalog import Metric
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import AccountSnapshot, MonitorSnapshot

OPEN = "open"
"""The rank of the episode that is not over."""


def drawdowns(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    strategies = _Episodes(
        catalog.STRATEGY_DRAWDOWN_EPISODE_RATIO,
        catalog.STRATEGY_DRAWDOWN_EPISODE_RECOVERY_SECONDS,
        catalog.STRATEGY_DRAWDOWN_EPISODE_START_TIMESTAMP_SECONDS,
    )
    portfolio = _Episodes(
        catalog.PORTFOLIO_DRAWDOWN_EPISODE_RATIO,
        catalog.PORTFOLIO_DRAWDOWN_EPISODE_RECOVERY_SECONDS,
        catalog.PORTFOLIO_DRAWDOWN_EPISODE_START_TIMESTAMP_SECONDS,
    )
    for strategy in snapshot.strategies:
        if strategy.name in folded.named:
            strategies.add(strategy.account, strategy.name)
    if not snapshot.failed:
        portfolio.add(snapshot.portfolio.account)
    return [*strategies.tables, *portfolio.tables]


class _Episodes:
    """The figures of an account's worst episodes; they do not add up."""

    def __init__(self, *metrics: Metric) -> None:
        """`metrics`: depth, recovery, start."""
        self.tables = [Table(metric) for metric in metrics]

    def add(self, account: AccountSnapshot, *labels: str) -> None:
        ranked = [(str(rank), episode) for rank, episode in enumerate(account.worst_episodes, start=1)]
        if account.open_episode is not None:
            ranked.append((OPEN, account.open_episode))
        for rank, episode in ranked:
            figures = (episode.ratio, episode.recovery_seconds, episode.peak_time.timestamp())
            for table, figure in zip(self.tables, figures, strict=True):
                table.add(figure, *labels, rank)
