"""Where the net P&L of each strategy comes from."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot


def attribution(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    """By component and symbol, by period, by cause; and what is left over."""
    whole, by_period = Table(catalog.STRATEGY_ATTRIBUTION), Table(catalog.STRATEGY_PERIOD_ATTRIBUTION)
    causes, account = Table(catalog.STRATEGY_CAUSE_PNL), Table(catalog.PORTFOLIO_CAUSE_PNL)
    residual, overflow = Table(catalog.STRATEGY_ATTRIBUTION_RESIDUAL), Table(catalog.STRATEGY_COMPONENTS_FOLDED)
    for strategy in snapshot.strategies:
        name, figures = folded.strategy(strategy.name), strategy.attribution
        for part in figures.parts:
            labels = (name, folded.component(strategy.name, part.component), folded.symbol(part.symbol))
            whole.put(part.pnl, labels)
            for period, pnl in part.period_pnl.items():
                by_period.put(pnl, (*labels, period._value_))  # `.value` is a slow property
        for cause, pnl in figures.causes._asdict().items():
            causes.add(pnl, name, cause)
        if figures.residual is not None or strategy.name in folded.named:  # one that is not known hides no other
            residual.add(figures.residual, name)
        overflow.add(figures.folded_components, name)
    if not snapshot.failed:
        for cause, pnl in snapshot.portfolio.causes._asdict().items():
            account.add(pnl, cause)
    return [whole, by_period, causes, residual, overflow, account]
