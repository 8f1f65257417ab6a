"""Slippage, delay and shortfall of each strategy."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot


def execution(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    sizes, delay = Table(catalog.STRATEGY_SLIPPAGE_RATIO), Table(catalog.STRATEGY_FILL_DELAY_SECONDS)
    mean, by_symbol = Table(catalog.STRATEGY_MEAN_SLIPPAGE_RATIO), Table(catalog.STRATEGY_SYMBOL_SLIPPAGE_RATIO)
    expected = Table(catalog.STRATEGY_EXPECTED_SLIPPAGE_RATIO)
    for strategy in snapshot.strategies:
        name = folded.strategy(strategy.name)
        sizes.add_histogram(strategy.slippage_adverse, name, "adverse")
        sizes.add_histogram(strategy.slippage_favourable, name, "favourable")
        delay.add_histogram(strategy.fill_delay, name)
        if strategy.name not in folded.named:
            continue
        mean.add(strategy.execution.mean_slippage_ratio, name)
        expected.add(strategy.execution.expected_slippage_ratio, name)
        for one in strategy.execution.symbols:
            if folded.known_symbol(one.symbol):
                by_symbol.add(one.mean_slippage_ratio, name, one.symbol)
    return [sizes, mean, by_symbol, expected, delay]


def shortfall(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    money, fills = Table(catalog.STRATEGY_SHORTFALL), Table(catalog.STRATEGY_SHORTFALL_FILLS)
    signals = Table(catalog.STRATEGY_SHORTFALL_SIGNALS)
    for strategy in snapshot.strategies:
        name, figures = folded.strategy(strategy.name), strategy.execution
        for part, amount in figures.shortfall.items():
            money.add(amount, name, part)
        fills.add(figures.measured_fills, name, "yes")
        fills.add(figures.unmeasured_fills, name, "no")
        signals.add(figures.measured_signals, name, "yes")
        signals.add(figures.unmeasured_signals, name, "no")
    return [money, fills, signals]
