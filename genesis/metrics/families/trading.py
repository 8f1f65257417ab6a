"""Positions, fills and round trips of each strategy."""

from __future__ import annotations

from decimal import Decimal

from genesis.core.money import ZERO
from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot, StrategySnapshot

_FIGURES = {
    "win_rate": catalog.STRATEGY_WIN_RATE_RATIO,
    "profit_factor": catalog.STRATEGY_PROFIT_FACTOR_RATIO,
    "expectancy": catalog.STRATEGY_EXPECTANCY,
    "average_win": catalog.STRATEGY_AVERAGE_WIN,
    "average_loss": catalog.STRATEGY_AVERAGE_LOSS,
    "holding_seconds": catalog.STRATEGY_HOLDING_SECONDS,
    "winner_holding_seconds": catalog.STRATEGY_WINNER_HOLDING_SECONDS,
    "loser_holding_seconds": catalog.STRATEGY_LOSER_HOLDING_SECONDS,
}
"""Figure of a window → its metric."""


def positions(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    quantity, value = Table(catalog.STRATEGY_POSITION_QUANTITY), Table(catalog.STRATEGY_POSITION_VALUE)
    exposure = Table(catalog.STRATEGY_EXPOSURE)
    for strategy in snapshot.strategies:
        name = folded.strategy(strategy.name)
        for holding in strategy.holdings:
            labels = (name, folded.symbol(holding.symbol))
            if strategy.name in folded.named and folded.known_symbol(holding.symbol):
                quantity.put(holding.quantity, labels)
            value.put(holding.value, labels)
        if all(holding.value is not None for holding in strategy.holdings):
            sides = _exposure(strategy)
            exposure.add(sides[0], name, "long")
            exposure.add(sides[1], name, "short")
    return [quantity, value, exposure]


def trades(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    fills, volume, trades = Table(catalog.STRATEGY_FILLS), Table(catalog.STRATEGY_VOLUME), Table(catalog.STRATEGY_TRADES)
    voided = Table(catalog.STRATEGY_VOIDED_FILLS)
    for strategy in snapshot.strategies:
        name = folded.strategy(strategy.name)
        for holding in strategy.holdings:
            symbol = folded.symbol(holding.symbol)
            for (side, liquidity), turnover in holding.turnover.items():
                labels = (name, symbol, side._value_, liquidity._value_)  # `.value` is a slow property
                fills.put(turnover.fills, labels)
                volume.put(turnover.value, labels)
        voided.add(strategy.voided_fills, name)
        trades.add(strategy.trades.counted.wins, name, "win")
        trades.add(strategy.trades.counted.losses, name, "loss")
        trades.add(strategy.trades.counted.evens, name, "even")
        trades.add(strategy.trades.counted.unvalued, name, "unvalued")
    return [fills, voided, volume, trades]


def round_trips(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    tables = {figure: Table(metric) for figure, metric in _FIGURES.items()}
    behind = Table(catalog.STRATEGY_WINDOW_TRADES)
    now, longest = Table(catalog.STRATEGY_STREAK), Table(catalog.STRATEGY_LONGEST_STREAK)
    for strategy in snapshot.strategies:
        name = strategy.name
        if name not in folded.named:
            continue
        for window, figures in strategy.trades.windows.items():
            if figures is not None:
                behind.add(figures.wins + figures.losses + figures.evens, name, window)
                for figure, table in tables.items():
                    table.add(getattr(figures, figure), name, window)
        streaks = strategy.trades.streaks
        now.add(streaks.wins, name, "win")
        now.add(streaks.losses, name, "loss")
        longest.add(streaks.longest_wins, name, "win")
        longest.add(streaks.longest_losses, name, "loss")
    return [behind, *tables.values(), now, longest]


def _exposure(strategy: StrategySnapshot) -> tuple[Decimal, Decimal]:
    values = [holding.value or ZERO for holding in strategy.holdings]
    return sum((v for v in values if v > 0), ZERO), -sum((v for v in values if v < 0), ZERO)
