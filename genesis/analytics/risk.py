"""Value at risk, expected shortfall and beta: pure functions of returns, or of what is known of them.

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

Floats = NDArray[np.float64]

MONOTONE_WITHIN = 3.5
"""The Cornish-Fisher expansion has to rise over so many standard deviations to both sides, or it is no quantile."""

_FEWEST_FOR_VARIANCE = 2
_FEWEST_FOR_ERROR = 3


class Level:
    """A confidence level, exactly: 1 − 0.95 is not 0.05 in floats, and a rank that hangs on it would be another."""

    __slots__ = ("_ranks", "confidence", "name", "tail", "z", "z_tail")

    def __init__(self, confidence: Decimal) -> None:
        self.confidence = confidence
        self.name = f"{confidence.normalize():f}"
        self.tail = 1 - confidence
        """The probability of a loss beyond the value at risk."""
        self.z = NormalDist().inv_cdf(float(self.tail))
        """The quantile of the standard normal distribution; below 0."""
        self.z_tail = exp(-self.z * self.z / 2) / sqrt(2 * pi) / float(self.tail)
        """The mean of the standard normal distribution below `z`, as a positive number: φ(z) / (1 − c)."""
        self._ranks = (0, 0, 0.0)

    def rank(self, count: int) -> tuple[int, float]:
        """Where the quantile of `count` returns in order lies: k = ⌊(n − 1)(1 − c)⌋, and how far on to k + 1."""
        known, whole, part = self._ranks
        if known != count:
            place = (count - 1) * self.tail
            whole = int(place)
            part = float(place - whole)
            self._ranks = (count, whole, part)
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
    return shape_of(len(known), mean, square, cube, fourth)


def shape_of(count: int, mean: float, square: float, cube: float, fourth: float) -> Shape:
    """From the mean and the sums of the powers of the distances from it; `square` above 0."""
    variance = square / count
    return Shape(
        mean=mean,
        deviation=sqrt(square / (count - 1)),
        skewness=cube / count / variance**1.5,
        excess_kurtosis=fourth / count / variance**2 - 3,
    )


def historical(returns: Floats, level: Level) -> Tail | None:
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


def parametric(mean: float, deviation: float, level: Level) -> Tail:
    """Of the normal distribution: −(μ + z σ), and −μ + σ φ(z) / (1 − c)."""
    return Tail(-(mean + level.z * deviation), -mean + deviation * level.z_tail)


def cornish_fisher(sample: Shape, level: Level) -> Tail | None:
    """Of the normal distribution corrected for skewness and kurtosis; None where the correction is no rising quantile.

    The quantile is μ + σ w(z), w(z) = z + (z² − 1)S/6 + (z³ − 3z)K/24 − (2z³ − 5z)S²/36 (Cornish & Fisher 1938). The expected
    shortfall is the mean of that quantile over the tail, −μ − σ/(1 − c) ∫ w(u) φ(u) du from −∞ to z, which has a closed form as
    w is a sum of Hermite polynomials (Maillard 2012). It is not the Edgeworth one of Boudt, Peterson & Croux (2008).
    """
    mean, deviation, skewness, kurtosis = sample
    if not _rises(skewness, kurtosis, max(MONOTONE_WITHIN, -level.z)):
        return None
    z = level.z
    square, skewed = z * z, skewness * skewness
    w = z + (square - 1) * skewness / 6 + z * (square - 3) * kurtosis / 24 - z * (2 * square - 5) * skewed / 36
    correction = 1 + z * skewness / 6 + (square - 1) * kurtosis / 24 - (2 * square - 1) * skewed / 36
    return Tail(-(mean + w * deviation), -mean + deviation * level.z_tail * correction)


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
    """By least squares, over the points where neither is NaN; None with fewer than three, or where the benchmark stands still.

    `risk_free` is the rate of one step.
    """
    both = ~(np.isnan(returns) | np.isnan(benchmarks))
    values, others = returns[both], benchmarks[both]
    if len(values) < _FEWEST_FOR_ERROR or others.min() == others.max():
        return None
    mean, other_mean = float(values.mean()), float(others.mean())
    distances, other_distances = values - mean, others - other_mean
    squares = float(distances @ distances), float(other_distances @ other_distances)
    return regression_of(len(values), mean, other_mean, *squares, float(distances @ other_distances), risk_free)


def regression_of(
    count: int,
    mean: float,
    benchmark_mean: float,
    square: float,
    benchmark_square: float,
    product: float,
    risk_free: float = 0.0,
) -> Regression:
    """From the means of returns and benchmark, and the sums of their squares and of their product about the means."""
    beta = product / benchmark_square
    rest = max(0.0, square - beta * product)
    alpha = mean - risk_free - beta * (benchmark_mean - risk_free)
    return Regression(beta, sqrt(rest / (count - 2) / benchmark_square), alpha)
