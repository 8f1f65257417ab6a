"""The groups of metric families that a snapshot is told in, each a function of its own."""

from __future__ import annotations

from collections.abc import Callable

from genesis.monitoring.families.accounts import accounts, portfolio
from genesis.monitoring.families.attribution import attribution
from genesis.monitoring.families.capacity import capacity
from genesis.monitoring.families.correlation import correlation
from genesis.monitoring.families.degradation import degradation
from genesis.monitoring.families.drawdowns import drawdowns
from genesis.monitoring.families.execution import execution, shortfall
from genesis.monitoring.families.feeds import marks, reconciliation, sources
from genesis.monitoring.families.folded import Folded
from genesis.monitoring.families.performance import performance
from genesis.monitoring.families.risk import regression, risk
from genesis.monitoring.families.tier import tier
from genesis.monitoring.families.trading import positions, round_trips, trades
from genesis.monitoring.snapshot import MonitorSnapshot
from genesis.monitoring.table import Table

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
