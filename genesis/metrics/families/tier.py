"""How much of the limits of the account's tier is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot, named_strategies, whole_account
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.snapshot import PortfolioSnapshot, StrategySnapshot


def _used(portfolio: PortfolioSnapshot) -> Iterator[tuple[Labels, Number]]:
    yield ("max_daily_loss",), portfolio.daily_loss_used_ratio
    yield ("max_positions",), portfolio.positions_used_ratio


def _strategies(folded: FoldedSnapshot) -> Iterator[tuple[Labels, StrategySnapshot]]:
    """No row while a strategy is failed: the account and its tier are then unknown."""
    if not folded.snapshot.failed:
        yield from named_strategies(folded)


_ACCOUNT = Rows(Group.TIER, "", whole_account)

PORTFOLIO_OPEN_POSITIONS = _ACCOUNT.gauge(
    "portfolio_open_positions",
    Unit.COUNT,
    "Open positions of all strategies; two strategies in one symbol have two.",
    lambda portfolio: portfolio.open_positions,
)
TIER_USED_RATIO = _ACCOUNT.by("limit", _used).gauge(
    "tier_used_ratio",
    Unit.RATIO,
    "Today's loss (max_daily_loss) and the open positions (max_positions) over the tier's limit.",
    itself,
)
STRATEGY_TIER_ALLOWED = Rows(Group.TIER, "strategy", _strategies).gauge(
    "strategy_tier_allowed",
    Unit.FLAG,
    "1 if the account's tier lets the strategy trade, 0 if it does not.",
    lambda strategy: strategy.tier_allowed,
)
