"""What is used of the limits of the account's tier."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot


def tier(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    """Nothing while a strategy failed: then the account is not known, and so is its tier."""
    positions, used = Table(catalog.PORTFOLIO_OPEN_POSITIONS), Table(catalog.TIER_USED_RATIO)
    allowed = Table(catalog.STRATEGY_TIER_ALLOWED)
    tables = [positions, used, allowed]
    if snapshot.failed:
        return tables
    portfolio = snapshot.portfolio
    positions.add(portfolio.open_positions)
    used.add(portfolio.daily_loss_used_ratio, "max_daily_loss")
    used.add(portfolio.positions_used_ratio, "max_positions")
    for strategy in snapshot.strategies:
        if strategy.name in folded.named:
            allowed.add(strategy.tier_allowed, strategy.name)
    return tables
