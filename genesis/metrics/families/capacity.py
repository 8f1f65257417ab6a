"""How much capital each strategy can take, and what limits it."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot


def capacity(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    most, used = Table(catalog.STRATEGY_CAPACITY), Table(catalog.STRATEGY_CAPACITY_USED_RATIO)
    limits, binding = Table(catalog.STRATEGY_CAPACITY_LIMIT), Table(catalog.STRATEGY_CAPACITY_BINDING_INFO)
    for strategy in snapshot.strategies:
        figures = strategy.capacity
        if figures is None or strategy.name not in folded.named:
            continue
        most.add(figures.capacity, strategy.name)
        used.add(figures.used_ratio, strategy.name)
        for limit, capital in figures.limits.items():
            limits.add(capital, strategy.name, limit.value)
        if figures.binding_limit is not None and figures.binding_symbol is not None:
            binding.add(1, strategy.name, folded.symbol(figures.binding_symbol), figures.binding_limit.value)
    return [most, used, limits, binding]
