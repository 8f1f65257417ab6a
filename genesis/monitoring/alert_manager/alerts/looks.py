"""What several runbooks look at."""

from __future__ import annotations

from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.runbook import Look

CAUSES = Look("What does the P&L come from?", catalog.STRATEGY_CAUSE_PNL.name)
TRIPS = Look("How many round trips stand behind it?", catalog.STRATEGY_WINDOW_TRADES.name)
SLIPPAGE = Look("What do fills cost against their signals?", catalog.STRATEGY_MEAN_SLIPPAGE_RATIO.name)
EXPOSURE = Look("Who still holds how much?", f"sum by (strategy) (abs({catalog.STRATEGY_POSITION_VALUE.name}))")
DIVERSIFICATION = Look("How diversified is the account (1: not at all)?", catalog.PORTFOLIO_DIVERSIFICATION_RATIO.name)
