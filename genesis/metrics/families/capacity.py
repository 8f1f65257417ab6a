"""How much capital each strategy can take, and what limits it. Capacities do not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot, named_strategies
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.analytics.capacity import CapacityFigures


def _strategies(folded: FoldedSnapshot) -> Iterator[tuple[Labels, CapacityFigures]]:
    for labels, strategy in named_strategies(folded):
        if strategy.capacity is not None:
            yield labels, strategy.capacity


def _limits(figures: CapacityFigures) -> Iterator[tuple[Labels, Number]]:
    for limit, capital in figures.limits.items():
        yield (limit.value,), capital


def _binding(folded: FoldedSnapshot) -> Iterator[tuple[Labels, None]]:
    for labels, figures in _strategies(folded):
        if figures.binding_limit is not None and figures.binding_symbol is not None:
            yield (*labels, folded.symbol(figures.binding_symbol), figures.binding_limit.value), None


_STRATEGY = Rows(Group.CAPACITY, "strategy", _strategies)

STRATEGY_CAPACITY = _STRATEGY.gauge(
    "strategy_capacity",
    Unit.MONEY,
    "The most capital that the strategy can use: the smallest of the known limits.",
    lambda figures: figures.capacity,
)
STRATEGY_CAPACITY_USED_RATIO = _STRATEGY.gauge(
    "strategy_capacity_used_ratio",
    Unit.RATIO,
    "Capital over capacity; above 1 the strategy has more than it can use.",
    lambda figures: figures.used_ratio,
)
STRATEGY_CAPACITY_LIMIT = _STRATEGY.by("limit", _limits).gauge(
    "strategy_capacity_limit",
    Unit.MONEY,
    "Capital at which a limit is reached: edge (more would earn less, due to impact), participation in the volume, depth.",
    itself,
)
STRATEGY_CAPACITY_BINDING_INFO = Rows(Group.CAPACITY, "strategy symbol limit", _binding).info(
    "strategy_capacity_binding_info", "The limit that is reached first, and the symbol that sets it."
)
