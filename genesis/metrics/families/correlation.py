"""How much the strategies are one and the same bet."""

from __future__ import annotations

from genesis.analytics.correlation import PEARSON
from genesis.metrics import catalog
from genesis.metrics.families.folded import Folded
from genesis.metrics.table import Table
from genesis.snapshot import MonitorSnapshot


def correlation(snapshot: MonitorSnapshot, folded: Folded) -> list[Table]:
    """A pair with a strategy that is not told by name is omitted."""
    figures = snapshot.correlation
    if figures is None:
        return []
    pairs, mean = Table(catalog.STRATEGY_CORRELATION), Table(catalog.PORTFOLIO_MEAN_CORRELATION)
    diversification = Table(catalog.PORTFOLIO_DIVERSIFICATION_RATIO)
    shrinkage = Table(catalog.PORTFOLIO_CORRELATION_SHRINKAGE_RATIO)
    omitted, undefined = (
        Table(catalog.PORTFOLIO_CORRELATION_PAIRS_OMITTED),
        Table(catalog.PORTFOLIO_CORRELATION_PAIRS_UNDEFINED),
    )
    left_out = figures.omitted_pairs
    for pair in figures.pairs:
        if pair.strategy in folded.named and pair.other in folded.named:
            pairs.add(pair.value, pair.strategy, pair.other, pair.estimator)
        elif pair.estimator == PEARSON:
            left_out += 1
    mean.add(figures.mean_correlation)
    diversification.add(figures.diversification_ratio)
    shrinkage.add(figures.shrinkage)
    omitted.add(left_out)
    for reason, count in figures.undefined_pairs.items():
        undefined.add(count, reason)
    return [pairs, mean, diversification, shrinkage, omitted, undefined]
