"""How far the strategies are the same bet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from genesis.metrics.declaration import Group, Labels, Rows, itself
from genesis.metrics.families.folded import FoldedSnapshot
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from genesis.analytics.correlation import CorrelationFigures, CorrelationPair


def _figures(folded: FoldedSnapshot) -> Iterator[tuple[Labels, CorrelationFigures]]:
    if folded.snapshot.correlation is not None:
        yield (), folded.snapshot.correlation


def _pairs(folded: FoldedSnapshot) -> Iterator[tuple[Labels, CorrelationPair]]:
    for _, figures in _figures(folded):
        for pair in figures.pairs:
            if _is_named(pair, folded):
                yield (pair.strategy, pair.other, pair.estimator), pair


def _omitted(folded: FoldedSnapshot) -> Iterator[tuple[Labels, int]]:
    """Pairs with a folded strategy included, each counted once whatever the number of estimators."""
    for _, figures in _figures(folded):
        folded_pairs = {(pair.strategy, pair.other) for pair in figures.pairs if not _is_named(pair, folded)}
        yield (), figures.omitted_pairs + len(folded_pairs)


def _is_named(pair: CorrelationPair, folded: FoldedSnapshot) -> bool:
    return pair.strategy in folded.named and pair.other in folded.named


def _undefined(figures: CorrelationFigures) -> Iterator[tuple[Labels, int]]:
    for reason, count in figures.undefined_pairs.items():
        yield (reason,), count


_ACCOUNT = Rows(Group.CORRELATION, "", _figures)

STRATEGY_CORRELATION = Rows(Group.CORRELATION, "strategy other estimator", _pairs).gauge(
    "strategy_correlation",
    Unit.NUMBER,
    "Correlation of two strategies' returns in the risk window (estimator pearson, ledoit_wolf); each pair once.",
    lambda pair: pair.value,
)
PORTFOLIO_MEAN_CORRELATION = _ACCOUNT.gauge(
    "portfolio_mean_correlation",
    Unit.NUMBER,
    "Mean Pearson correlation of all pairs of strategies that have one, exported or not.",
    lambda figures: figures.mean_correlation,
)
PORTFOLIO_DIVERSIFICATION_RATIO = _ACCOUNT.gauge(
    "portfolio_diversification_ratio",
    Unit.RATIO,
    "Equity-weighted mean volatility of the strategies over their joint volatility; 1: all are one bet.",
    lambda figures: figures.diversification_ratio,
)
PORTFOLIO_CORRELATION_SHRINKAGE_RATIO = _ACCOUNT.gauge(
    "portfolio_correlation_shrinkage_ratio",
    Unit.RATIO,
    "How far Ledoit-Wolf shrinks the covariances of the strategies, 0 to 1.",
    lambda figures: figures.shrinkage,
)
PORTFOLIO_CORRELATION_PAIRS_OMITTED = Rows(Group.CORRELATION, "", _omitted).gauge(
    "portfolio_correlation_pairs_omitted",
    Unit.COUNT,
    "Pairs of strategies whose correlation is not exported: only the strongest are.",
    itself,
)
PORTFOLIO_CORRELATION_PAIRS_UNDEFINED = _ACCOUNT.by("reason", _undefined).gauge(
    "portfolio_correlation_pairs_undefined",
    Unit.COUNT,
    "Pairs of strategies without a correlation, by reason.",
    itself,
)
