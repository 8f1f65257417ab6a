"""The worst drawdowns of each strategy and of the whole account. They do not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Rows, Twins
from genesis.metrics.families.folded import FoldedSnapshot, named_strategies, whole_account
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.ledger.drawdown import Episode
    from genesis.snapshot import AccountSnapshot

OPEN = "open"
"""The rank of the episode that is not over."""


def _ranked(account: AccountSnapshot) -> Iterator[tuple[Labels, Episode]]:
    for rank, episode in enumerate(account.worst_episodes, start=1):
        yield (str(rank),), episode
    if account.open_episode is not None:
        yield (OPEN,), account.open_episode


def _strategies(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Episode]]:
    for labels, strategy in named_strategies(folded):
        for rank, episode in _ranked(strategy.account):
            yield labels + rank, episode


def _account(folded: FoldedSnapshot) -> Iterator[tuple[Labels, Episode]]:
    for _, portfolio in whole_account(folded):
        yield from _ranked(portfolio.account)


_EPISODES = Twins(
    Rows(Group.DRAWDOWNS, "strategy rank", _strategies),
    Rows(Group.DRAWDOWNS, "rank", _account, last=True),
)

STRATEGY_DRAWDOWN_EPISODE_RATIO, PORTFOLIO_DRAWDOWN_EPISODE_RATIO = _EPISODES.gauge(
    "drawdown_episode_ratio",
    Unit.RATIO,
    "Depth of the worst drawdowns that are over (rank 1 is the deepest), and of the open one (rank open).",
    lambda episode: episode.ratio,
    account="Depth of the account's worst drawdowns that are over (rank 1 is the deepest), and of the open one (rank open).",
)
STRATEGY_DRAWDOWN_EPISODE_RECOVERY_SECONDS, PORTFOLIO_DRAWDOWN_EPISODE_RECOVERY_SECONDS = _EPISODES.gauge(
    "drawdown_episode_recovery_seconds",
    Unit.SECONDS,
    "Event time from the episode's trough to its recovery.",
    lambda episode: episode.recovery_seconds,
)
STRATEGY_DRAWDOWN_EPISODE_START_TIMESTAMP_SECONDS, PORTFOLIO_DRAWDOWN_EPISODE_START_TIMESTAMP_SECONDS = _EPISODES.gauge(
    "drawdown_episode_start_timestamp_seconds",
    Unit.TIMESTAMP,
    "Event time of the peak before the episode.",
    lambda episode: episode.peak_time.timestamp(),
)
