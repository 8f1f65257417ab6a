"""Each strategy against its back-test. The figures do not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Rows
from genesis.metrics.families.folded import FoldedSnapshot, named_strategies
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.analytics.degradation import DegradationFigures


def _strategies(folded: FoldedSnapshot) -> Iterator[tuple[Labels, DegradationFigures]]:
    for labels, strategy in named_strategies(folded):
        if strategy.degradation is not None:
            yield labels, strategy.degradation


_STRATEGY = Rows(Group.DEGRADATION, "strategy", _strategies)

STRATEGY_DEGRADATION_CUSUM = _STRATEGY.gauge(
    "strategy_degradation_cusum",
    Unit.DEVIATIONS,
    "Cumulative shortfall of the returns below the baseline, in its standard deviations of a step; an alarm above the limit.",
    lambda figures: figures.cusum,
)
STRATEGY_DEGRADATION_CUSUM_LIMIT = _STRATEGY.gauge(
    "strategy_degradation_cusum_limit",
    Unit.DEVIATIONS,
    "The CUSUM above which the strategy is worse than its baseline, from the configured mean time between false alarms.",
    lambda figures: figures.cusum_limit,
)
STRATEGY_PROBABILISTIC_SHARPE_RATIO = _STRATEGY.gauge(
    "strategy_probabilistic_sharpe_ratio",
    Unit.PROBABILITY,
    "Probability that the true Sharpe ratio is above the baseline's.",
    lambda figures: figures.probabilistic_sharpe,
)
STRATEGY_TRACK_RECORD_SECONDS = _STRATEGY.gauge(
    "strategy_track_record_seconds",
    Unit.SECONDS,
    "Event time of the returns behind the probabilistic Sharpe ratio.",
    lambda figures: figures.track_record_seconds,
)
STRATEGY_MIN_TRACK_RECORD_SECONDS = _STRATEGY.gauge(
    "strategy_min_track_record_seconds",
    Unit.SECONDS,
    "Event time needed to distinguish the observed Sharpe ratio from the baseline's (degradation.confidence).",
    lambda figures: figures.min_track_record_seconds,
)
