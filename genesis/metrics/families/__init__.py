"""The groups of metric families that a snapshot is told in, each a function of its own."""

from __future__ import annotations

from collections.abc import Callable

from genesis.metrics.families.accounts import accounts, portfolio
from genesis.metrics.families.attribution import attribution
from genesis.metrics.families.capacity import capacity
from genesis.metrics.families.correlation import correlation
from genesis.metrics.families.degradation import degradation
from genesis.metrics.families.drawdowns import drawdowns
from genesis.metrics.families.execution import execution, shortfall
from genesis.metrics.families.feeds import marks, reconciliation, sources
from genesis.metrics.families.folded import Folded
from genesis.metrics.families.performance import performance
from genesis.metrics.families.risk import regression, risk
from genesis.metrics.families.tier import tier
from genesis.metrics.families.trading import positions, round_trips, trades
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot

__all__ = ["GROUPS", "Folded", "Group"]

Group = Callable[[MonitorSnapshot, Folded], list[Table]]
GROUPS: dict[str, Group] = {
    "accounts": accounts,
    "positions": positions,
    "trades": trades,
    "round_trips": round_trips,
    "execution": execution,
    "shortfall": shortfall,
    "attribution": attribution,
    "portfolio": portfolio,
    "drawdowns": drawdowns,
    "performance": performance,
    "risk": risk,
    "regression": regression,
    "tier": tier,
    "capacity": capacity,
    "correlation": correlation,
    "degradation": degradation,
    "marks": marks,
    "sources": sources,
    "reconciliation": reconciliation,
}
