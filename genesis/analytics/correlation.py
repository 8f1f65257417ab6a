"""Correlation of strategies: Pearson, Ledoit-Wolf shrunk, and the portfolio figures that follow from them.

Everything here is computed from a table of returns, one row per grid point and one column per strategy; NaN is an undefined
return. `genesis.analytics.correlation_window` keeps the same figures up to date row by row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.intp]

PEARSON, LEDOIT_WOLF = "pearson", "ledoit_wolf"
INSUFFICIENT_OVERLAP, ZERO_VARIANCE, WARMING_UP = "insufficient_overlap", "zero_variance", "warming_up"
COMPLETE_SHARE = 0.5
"""Least share of the window's points for the complete part: a new strategy must not shorten the sample of all others."""

_BLOCK = 64
_NO_RISK = 1e-12
"""A portfolio with less than this share of its parts' risk is a perfect hedge; the rest is rounding."""


class CorrelationPair(NamedTuple):
    """The correlation of two strategies by one estimator, from −1 to 1."""

    strategy: str
    other: str
    estimator: str
    value: float


@dataclass(frozen=True, slots=True)
class CorrelationFigures:
    """The reported correlations between strategies."""

    pairs: tuple[CorrelationPair, ...] = ()
    """Each pair once, in the strategies' order; with many strategies only the strongest."""
    omitted_pairs: int = 0
    """Pairs that have a correlation and are not in `pairs`."""
    undefined_pairs: Mapping[str, int] = field(default_factory=dict)
    """Reason → how many pairs have no correlation for it: `insufficient_overlap`, `zero_variance`."""
    mean_correlation: float | None = None
    """Of all pairs that have a Pearson correlation, reported in `pairs` or omitted."""
    diversification_ratio: float | None = None
    """Σ wσ / √(wᵀΣw); 1: all is one bet; √n: n independent bets of the same size."""
    shrinkage: float | None = None
    """How far Ledoit-Wolf moves the covariances, from 0 (not at all) to 1 (all covariances become 0)."""
    undefined: Mapping[str, str] = field(default_factory=dict)
    """Figure of the portfolio → reason why it is None."""
    undefined_strategies: Mapping[str, str] = field(default_factory=dict)
    """Strategy → reason why it has no correlation with any other strategy."""


class Complete(NamedTuple):
    """The part of a table that has no holes."""

    columns: Indices
    rows: Flags
    """One flag a row of the table."""

    def of(self, table: Floats) -> Floats:
        """The part, (t, n); a copy unless it is the whole table."""
        if len(self.columns) == table.shape[1] and bool(self.rows.all()):
            return table
        return table[np.ix_(self.rows, self.columns)]


class Shrunk(NamedTuple):
    """A Ledoit-Wolf estimate: (1 − shrinkage) × sample covariance + shrinkage × mean variance on the diagonal."""

    shrinkage: float
    mean_variance: float


def pearson(rows: Floats, min_overlap: int) -> Floats:
    """Pearson's correlation of each two columns on the rows that both have.

    Args:
        rows: (t, n) returns; NaN is undefined.
        min_overlap: two columns with fewer rows in common have no correlation.

    Returns:
        (n, n), symmetric, from −1 to 1; 1 on the diagonal. NaN where the overlap is too small, or where one of the two is
        constant on the common rows.
    """
    valid = np.isfinite(rows)
    groups = _same_gaps(valid)
    found = np.full((rows.shape[1], rows.shape[1]), np.nan)
    for i, mine in enumerate(groups):
        for theirs in groups[: i + 1]:
            common = valid[:, mine[0]] & valid[:, theirs[0]]
            if int(common.sum()) < max(min_overlap, 2):
                continue
            block = _unit(rows[np.ix_(common, mine)]).T @ _unit(rows[np.ix_(common, theirs)])
            found[np.ix_(mine, theirs)] = block
            found[np.ix_(theirs, mine)] = block.T
    np.clip(found, -1.0, 1.0, out=found)
    diagonal = np.diagonal(found)
    np.fill_diagonal(found, np.where(np.isnan(diagonal), np.nan, 1.0))
    return found


def mean_correlation(matrix: Floats) -> float | None:
    """The mean of the defined correlations above the diagonal of (n, n); None without any."""
    above = matrix[np.triu_indices(len(matrix), 1)]
    defined = above[~np.isnan(above)]
    return float(defined.mean()) if defined.size else None


def complete_part(rows: Floats, min_overlap: int) -> Complete | None:
    """The columns with enough points, and the rows that all of them have; None if that is too little.

    A column belongs to it with `min_overlap` points and half of the rows, if it is not constant on the common rows. There are
    `min_overlap` rows and one column at least.
    """
    valid = np.isfinite(rows)
    columns = np.flatnonzero(valid.sum(axis=0) >= max(min_overlap, COMPLETE_SHARE * len(rows)))
    common: Flags = np.all(valid[:, columns], axis=1)
    if int(common.sum()) < max(min_overlap, 2):
        return None
    part = Complete(columns, common)
    returns = part.of(rows)
    moving = returns.max(axis=0, initial=-np.inf) > returns.min(axis=0, initial=np.inf)
    return Complete(columns[moving], common) if bool(moving.any()) else None


class Spread(NamedTuple):
    """How far complete returns, (t, n), lie from their means."""

    means: Floats
    deviations: Floats
    """(n,), divided by t."""
    norms: Floats
    """(t,) the squares of the lengths of the centred rows."""


def spread(returns: Floats) -> Spread:
    """The means, deviations and norms of complete returns, (t, n)."""
    means = returns.mean(axis=0)
    norms, squares = np.empty(len(returns)), np.zeros(returns.shape[1])
    for start in range(0, len(returns), _BLOCK):
        part = returns[start : start + _BLOCK] - means
        part *= part
        norms[start : start + _BLOCK] = part.sum(axis=1)
        squares += part.sum(axis=0)
    return Spread(means, np.sqrt(squares / len(returns)), norms)


def ledoit_wolf(returns: Floats) -> Shrunk:
    """How far the sample covariance is to be shrunk, as scikit-learn's `LedoitWolf` does it.

    Args:
        returns: (t, n), complete.

    Source: Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", 2004.
    """
    found = spread(returns)
    centred = returns - found.means
    squares = 0.0
    for start in range(0, centred.shape[1], _BLOCK):
        block = centred[:, start : start + _BLOCK].T @ centred[:, start:] / len(centred)
        squares += 2.0 * float((block**2).sum()) - float((block[:, : len(block)] ** 2).sum())
    return shrink(squares, found.norms, centred.shape[1])


def shrink(squares: float, norms: Floats, count: int) -> Shrunk:
    """Ledoit and Wolf's shrinkage of `count` strategies from two sums.

    Args:
        squares: the sum of the squares of all their covariances.
        norms: (t,) the squares of the lengths of the centred rows.
        count: how many strategies there are.
    """
    trace = float(norms.mean())
    mean = trace / count
    if count == 1:
        return Shrunk(0.0, mean)  # one variance is its own mean
    distance = (squares - mean * trace) / count
    noise = (float((norms**2).mean()) - squares) / (count * len(norms))
    noise = max(0.0, min(noise, distance))
    return Shrunk(noise / distance if noise else 0.0, mean)


def shrunk_correlation(covariance: Floats, mine: Floats, theirs: Floats, shrunk: Shrunk) -> Floats:
    """The correlations that belong to shrunk covariances; `mine`, `theirs`: the sample variances of the two of each pair."""
    keep, level = 1.0 - shrunk.shrinkage, shrunk.shrinkage * shrunk.mean_variance
    found: Floats = keep * covariance / (np.sqrt(keep * mine + level) * np.sqrt(keep * theirs + level))
    return found.clip(-1.0, 1.0)


def diversification_ratio(returns: Floats, deviations: Floats, weights: Floats) -> float | None:
    """The weighted mean volatility over the volatility of the weighted whole (Choueifaty and Coignard, 2008).

    Args:
        returns: (t, n), complete.
        deviations: (n,) their standard deviations, divided by t.
        weights: (n,) shares of the equity; one that is not above 0 has no weight. Their scale does not matter.

    Returns:
        1 or more; None if nothing has weight, or if the whole has no risk.
    """
    shares = np.where(weights > 0, weights, 0.0)
    parts = float(shares @ deviations)
    whole = float((returns @ shares).std())
    return parts / whole if whole > _NO_RISK * parts else None


def _same_gaps(valid: Flags) -> list[Indices]:
    """The columns of (t, n) flags, those that are the same together."""
    groups: dict[bytes, list[int]] = {}
    for column, pattern in enumerate(np.packbits(valid, axis=0).T):
        groups.setdefault(pattern.tobytes(), []).append(column)
    return [np.array(columns, dtype=np.intp) for columns in groups.values()]


def _unit(returns: Floats) -> Floats:
    """The columns, centred, at length 1; a constant one is NaN."""
    centred = returns - returns.mean(axis=0)
    length = np.sqrt(np.einsum("ij,ij->j", centred, centred))
    moves = (returns.max(axis=0) > returns.min(axis=0)) & (length > 0)
    unit: Floats = centred / np.where(moves, length, np.nan)
    return unit
