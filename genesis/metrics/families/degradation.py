"""Each strategy against its back-test."""

from __future__ import annotations

from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot


def degradation(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    cusum, limit = Table(catalog.STRATEGY_DEGRADATION_CUSUM), Table(catalog.STRATEGY_DEGRADATION_CUSUM_LIMIT)
    probability = Table(catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO)
    length, needed = Table(catalog.STRATEGY_TRACK_RECORD_SECONDS), Table(catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS)
    for strategy in snapshot.strategies:
        figures = strategy.degradation
        if figures is None or strategy.name not in folded.named:
            continue
        cusum.add(figures.cusum, strategy.name)
        limit.add(figures.cusum_limit, strategy.name)
        probability.add(figures.probabilistic_sharpe, strategy.name)
        length.add(figures.track_record_seconds, strategy.name)
        needed.add(figures.min_track_record_seconds, strategy.name)
    return [cusum, limit, probability, length, needed]
