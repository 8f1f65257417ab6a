"""The first four moments of a series, one value at a time."""

from __future__ import annotations

import math

import msgspec


class Moments(msgspec.Struct):
    """Running mean and central sums of the finite values seen so far. Instances are mutable, and owned by one tracker.

    Updated by the one-pass formulas of Pébay (Sandia report SAND2008-6212, 2008): stable for any offset of the values, and
    exact for a constant series, whose central sums stay 0.
    """

    count: int = 0
    mean: float = 0.0
    m2: float = 0.0
    """Σ(x − mean)²; `m3` and `m4` are the sums of the third and fourth powers."""
    m3: float = 0.0
    m4: float = 0.0

    def add(self, value: float) -> None:
        """Take in one more value, which must be finite."""
        before = self.count
        self.count = count = before + 1
        delta = value - self.mean
        step = delta / count
        square = step * step
        term = delta * step * before
        self.mean += step
        self.m4 += term * square * (count * count - 3 * count + 3) + 6.0 * square * self.m2 - 4.0 * step * self.m3
        self.m3 += term * step * (count - 2) - 3.0 * step * self.m2
        self.m2 += term

    @property
    def variance(self) -> float | None:
        """Sample variance (ddof 1), in the square of the values' unit; None below two values."""
        return self.m2 / (self.count - 1) if self.count > 1 else None

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation (ddof 1), in the values' unit; None below two values."""
        variance = self.variance
        return None if variance is None else math.sqrt(variance)

    @property
    def skewness(self) -> float | None:
        """m₃ / m₂^1.5 with mₖ = Σ(x − mean)ᵏ / n, as `scipy.stats.skew` (bias=True); None without variance."""
        scale = self.m2**1.5
        return math.sqrt(self.count) * self.m3 / scale if scale else None

    @property
    def excess_kurtosis(self) -> float | None:
        """m₄ / m₂² − 3, as `scipy.stats.kurtosis` (fisher=True, bias=True): 0 for a normal one; None without variance."""
        scale = self.m2 * self.m2
        return self.count * self.m4 / scale - 3.0 if scale else None
