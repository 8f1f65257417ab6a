"""Slippage, delay and shortfall of each strategy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot, every_strategy, named_strategies
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.analytics.histogram import HistogramCounts
    from genesis.analytics.shortfall import ExecutionFigures, SymbolExecution
    from genesis.snapshot import StrategySnapshot

SLIPPAGE_BOUNDS = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2)
"""Bounds of the slippage histogram's buckets; the boards show them in basis points."""


# Slippage and delay. Means do not add up, histograms do.


def _directions(strategy: StrategySnapshot) -> Iterator[tuple[Labels, HistogramCounts]]:
    yield ("adverse",), strategy.slippage_adverse
    yield ("favourable",), strategy.slippage_favourable


def _symbols(folded: FoldedSnapshot) -> Iterator[tuple[Labels, SymbolExecution]]:
    for labels, strategy in named_strategies(folded):
        for execution in strategy.execution.symbols:
            if folded.known_symbol(execution.symbol):
                yield (*labels, execution.symbol), execution


_EVERY = Rows(Group.EXECUTION, "strategy", every_strategy)
_NAMED = Rows(Group.EXECUTION, "strategy", named_strategies)

STRATEGY_SLIPPAGE_RATIO = _EVERY.by("direction", _directions).histogram(
    "strategy_slippage_ratio",
    Unit.RATIO,
    "Size of each fill's distance from its signal's price, as a ratio; direction adverse cost money, favourable did not.",
    lambda sizes: sizes,
)
STRATEGY_MEAN_SLIPPAGE_RATIO = _NAMED.gauge(
    "strategy_mean_slippage_ratio",
    Unit.RATIO,
    "Mean slippage of the fills since start, weighted by value; above 0 it cost money. Voided fills are not in it.",
    lambda strategy: strategy.execution.mean_slippage_ratio,
)
STRATEGY_SYMBOL_SLIPPAGE_RATIO = Rows(Group.EXECUTION, "strategy symbol", _symbols).gauge(
    "strategy_symbol_slippage_ratio",
    Unit.RATIO,
    "Mean slippage of the fills in the symbol since start, weighted by value; above 0 it cost money.",
    lambda execution: execution.mean_slippage_ratio,
)
STRATEGY_EXPECTED_SLIPPAGE_RATIO = _NAMED.gauge(
    "strategy_expected_slippage_ratio",
    Unit.RATIO,
    "The slippage that strategies.yaml expects of the strategy's fills.",
    lambda strategy: strategy.execution.expected_slippage_ratio,
)
STRATEGY_FILL_DELAY_SECONDS = _EVERY.histogram(
    "strategy_fill_delay_seconds",
    Unit.SECONDS,
    "Event time from a signal to its fill.",
    lambda strategy: strategy.fill_delay,
)


# Implementation shortfall.


def _figures(folded: FoldedSnapshot) -> Iterator[tuple[Labels, ExecutionFigures]]:
    for labels, strategy in every_strategy(folded):
        yield labels, strategy.execution


def _parts(figures: ExecutionFigures) -> Iterator[tuple[Labels, Number]]:
    for part, amount in figures.shortfall.items():
        yield (part,), amount


def _fills(figures: ExecutionFigures) -> Iterator[tuple[Labels, Number]]:
    yield ("yes",), figures.measured_fills
    yield ("no",), figures.unmeasured_fills


def _signals(figures: ExecutionFigures) -> Iterator[tuple[Labels, Number]]:
    yield ("yes",), figures.measured_signals
    yield ("no",), figures.unmeasured_signals


_SHORTFALL = Rows(Group.SHORTFALL, "strategy", _figures)

STRATEGY_SHORTFALL = _SHORTFALL.by("part", _parts).gauge(
    "strategy_shortfall",
    Unit.MONEY,
    "Implementation shortfall since start by part (delay, spread, impact, fees, opportunity); above 0 it cost money.",
    itself,
)
STRATEGY_SHORTFALL_FILLS = _SHORTFALL.by("measured", _fills).counter(
    "strategy_shortfall_fills_total",
    Unit.COUNT,
    "Fills by whether they are in the shortfall: those with decision price, arrival price and arrival spread are.",
    itself,
)
STRATEGY_SHORTFALL_SIGNALS = _SHORTFALL.by("measured", _signals).counter(
    "strategy_shortfall_signals_total",
    Unit.COUNT,
    "Signals that ended with an unfilled rest, by whether the rest is in the shortfall: it is if there was a mark.",
    itself,
)
