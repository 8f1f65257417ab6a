"""Value at risk, expected shortfall and beta: pure functions of returns, or of their sums.

Value at risk and expected shortfall are ratios of one step; a loss is a positive number. σ² is divided by n − 1; skewness and
excess kurtosis are those of the population of the n returns (m3 / m2^1.5 and m4 / m2² − 3).
"""

from __future__ import annotations

from decimal import Decimal
from math import exp, pi, sqrt
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genesis.analytics.sums import CentralSums, Pairs

Floats = NDArray[np.float64]

MONOTONE_WITHIN = 3.5
"""The Cornish-Fisher expansion must rise over this many standard deviations on both sides; otherwise it is not a quantile."""

LEAST_SQUARE = 1e-100
"""Returns whose Σ(r − mean)² is below this count as equal: the powers of their deviation leave the range of floats."""

_FEWEST_FOR_VARIANCE = 2
_FEWEST_FOR_ERROR = 3


class ConfidenceLevel:
    """A confidence level, as an exact decimal: in floats 1 − 0.95 is not 0.05, which could change the rank of the quantile."""

    __slots__ = ("_rank", "confidence", "name", "quantile", "shortfall", "tail", "z", "z_tail")

    def __init__(self, confidence: Decimal) -> None:
        self.confidence = confidence
        self.name = f"{confidence.normalize():f}"
        self.tail = 1 - confidence
        """The probability of a loss beyond the value at risk."""
        self.z = NormalDist().inv_cdf(float(self.tail))
        """The quantile of the standard normal distribution; below 0."""
        z, square = self.z, self.z * self.z
        self.z_tail = exp(-square / 2) / sqrt(2 * pi) / float(self.tail)
        """The mean of the standard normal distribution below `z`, as a positive number: φ(z) / (1 − c)."""
        self.quantile = (square - 1) / 6, z * (square - 3) / 24, -z * (2 * square - 5) / 36
        """What S, K and S² add to `z` in the Cornish-Fisher expansion."""
        self.shortfall = z / 6, (square - 1) / 24, -(2 * square - 1) / 36
        """What S, K and S² add to 1 as the factor of `z_tail` in its expected shortfall."""
        self._rank = (0, 0, 0.0)

    def rank(self, count: int) -> tuple[int, float]:
        """Where the quantile of `count` returns in order lies: k = ⌊(n − 1)(1 − c)⌋, and how far on to k + 1."""
        known, whole, part = self._rank
        if known != count:
            place = (count - 1) * self.tail
            whole = int(place)
            part = float(place - whole)
            self._rank = (count, whole, part)
        return whole, part


class Tail(NamedTuple):
    """Value at risk, and the mean loss beyond it."""

    value_at_risk: float
    expected_shortfall: float


class Shape(NamedTuple):
    """The first four moments of a sample."""

    mean: float
    deviation: float
    skewness: float
    excess_kurtosis: float


def shape(returns: Floats) -> Shape | None:
    """Of the returns that are not NaN; None with fewer than two, or without variance."""
    known = returns[~np.isnan(returns)]
    if len(known) < _FEWEST_FOR_VARIANCE or known.min() == known.max():
        return None
    mean = float(known.mean())
    square, cube, fourth = (float(((known - mean) ** power).sum()) for power in (2, 3, 4))
    return shape_of(CentralSums(len(known), mean, square, cube, fourth)) if square > LEAST_SQUARE else None


def shape_of(moments: CentralSums) -> Shape:
    """Of returns whose `square` is above LEAST_SQUARE."""
    count, mean, square, cube, fourth = moments
    variance = square / count
    skewness = cube / count / (variance * sqrt(variance))
    return Shape(mean, sqrt(square / (count - 1)), skewness, fourth / count / (variance * variance) - 3)


def historical(returns: Floats, level: ConfidenceLevel) -> Tail | None:
    """−q of the returns that are not NaN, interpolated linearly, and −mean of the k + 1 smallest; None without any."""
    ordered = np.sort(returns[~np.isnan(returns)])
    if not len(ordered):
        return None
    rank, part = level.rank(len(ordered))
    after = ordered[rank + 1] if part else ordered[rank]
    return Tail(quantile_loss(float(ordered[rank]), float(after), part), 0.0 - float(ordered[: rank + 1].mean()))


def quantile_loss(below: float, above: float, part: float) -> float:
    """−(the value `part` of the way from `below` to `above`); never −0."""
    return 0.0 - (below + (above - below) * part)


def parametric(mean: float, deviation: float, level: ConfidenceLevel) -> Tail:
    """Of the normal distribution: −(μ + z σ), and −μ + σ φ(z) / (1 − c)."""
    return Tail(-(mean + level.z * deviation), -mean + deviation * level.z_tail)


def cornish_fisher(sample: Shape, level: ConfidenceLevel) -> Tail | None:
    """Of the normal distribution corrected for skewness and kurtosis; None where the corrected quantile does not rise.

    The quantile is μ + σ w(z), w(z) = z + (z² − 1)S/6 + (z³ − 3z)K/24 − (2z³ − 5z)S²/36 (Cornish & Fisher 1938). The expected
    shortfall is the mean of that quantile over the tail, −μ − σ/(1 − c) ∫ w(u) φ(u) du from −∞ to z, which has a closed form as
    w is a sum of Hermite polynomials (Maillard 2012). It is not the Edgeworth one of Boudt, Peterson & Croux (2008).
    """
    mean, deviation, skewness, kurtosis = sample
    if not _rises(skewness, kurtosis, max(MONOTONE_WITHIN, -level.z)):
        return None
    skewed = skewness * skewness
    by_s, by_k, by_s2 = level.quantile
    w = level.z + by_s * skewness + by_k * kurtosis + by_s2 * skewed
    by_s, by_k, by_s2 = level.shortfall
    factor = 1 + by_s * skewness + by_k * kurtosis + by_s2 * skewed
    return Tail(-(mean + w * deviation), -mean + deviation * level.z_tail * factor)


def _rises(skewness: float, kurtosis: float, within: float) -> bool:
    """Whether w'(z) = a z² + b z + c is above 0 from −within to within."""
    squared = skewness * skewness
    a, b, c = kurtosis / 8 - squared / 6, skewness / 3, 1 - kurtosis / 8 + 5 * squared / 36
    if a * within * within - abs(b) * within + c <= 0:
        return False
    lowest_inside = a > 0 and abs(b) < 2 * a * within
    return not lowest_inside or c - b * b / (4 * a) > 0


class Regression(NamedTuple):
    """Returns against those of a benchmark."""

    beta: float
    standard_error: float
    alpha: float
    """Mean return less beta times the benchmark's, both above the risk-free rate, of one step."""


def regression(returns: Floats, benchmarks: Floats, risk_free: float = 0.0) -> Regression | None:
    """By least squares, over the points where neither is NaN; None with fewer than three, or where the benchmark is constant.

    `risk_free` is the rate of one step.
    """
    both = ~(np.isnan(returns) | np.isnan(benchmarks))
    values, others = returns[both], benchmarks[both]
    if len(values) < _FEWEST_FOR_ERROR or others.min() == others.max():
        return None
    mean, other_mean = float(values.mean()), float(others.mean())
    distances, other_distances = values - mean, others - other_mean
    squares = float(distances @ distances), float(other_distances @ other_distances)
    return regression_of(Pairs(len(values), mean, other_mean, *squares, float(distances @ other_distances)), risk_free)


def regression_of(pairs: Pairs, risk_free: float = 0.0) -> Regression:
    """Of at least three pairs whose `benchmark_square` is above 0."""
    count, mean, benchmark_mean, square, benchmark_square, product = pairs
    beta = product / benchmark_square
    rest = max(0.0, square - beta * product)
    alpha = mean - risk_free - beta * (benchmark_mean - risk_free)
    return Regression(beta, sqrt(rest / (count - 2) / benchmark_square), alpha)


def component_historical(totals: Floats, contributions: Floats, level: ConfidenceLevel) -> Floats:
    """The historical value at risk of a sum, split by what adds up to it; the parts add up to `historical` of the sum.

    `totals`: shape (returns,), at least one; `contributions`: shape (returns, parts), each row adds up to its total; no NaN.
    A part is its own loss in the return at which the quantile lies; between two returns it is interpolated as the quantile is,
    and over returns that are equal it is their mean, so that the order of the rows does not matter.
    """
    ordered = np.sort(totals)
    rank, part = level.rank(len(totals))
    below = _mean_where(contributions, totals == ordered[rank])
    above = _mean_where(contributions, totals == ordered[rank + 1]) if part else below
    return 0.0 - (below + (above - below) * part)


def component_parametric(totals: Floats, contributions: Floats, level: ConfidenceLevel) -> Floats | None:
    """The parametric value at risk of a sum, split by what adds up to it: −(μ_i + z cov(c_i, Σc) / σ), Euler's split.

    As in `component_historical`; None with fewer than two returns, or where the sum has no variance.
    """
    if len(totals) < _FEWEST_FOR_VARIANCE or totals.min() == totals.max():
        return None
    means = contributions.mean(axis=0)
    distances = totals - totals.mean()
    covariances = distances @ (contributions - means) / (len(totals) - 1)
    deviation = sqrt(float(distances @ distances) / (len(totals) - 1))
    split: Floats = -(means + level.z * covariances / deviation)
    return split


def _mean_where(rows: Floats, chosen: NDArray[np.bool_]) -> Floats:
    mean: Floats = rows[chosen].mean(axis=0)
    return mean
