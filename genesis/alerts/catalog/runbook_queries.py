"""What several runbooks look at."""

from __future__ import annotations

from genesis.alerts.runbook import RunbookQuery
from genesis.metrics import catalog

CAUSES = RunbookQuery("What does the P&L come from?", catalog.STRATEGY_CAUSE_PNL.name)
TRIPS = RunbookQuery("How many round trips stand behind it?", catalog.STRATEGY_WINDOW_TRADES.name)
SLIPPAGE = RunbookQuery("What do fills cost against their signals?", catalog.STRATEGY_MEAN_SLIPPAGE_RATIO.name)
EXPOSURE = RunbookQuery("Who still holds how much?", f"sum by (strategy) (abs({catalog.STRATEGY_POSITION_VALUE.name}))")
DIVERSIFICATION = RunbookQuery("How diversified is the account (1: not at all)?", catalog.PORTFOLIO_DIVERSIFICATION_RATIO.name)
