"""What all returns since the start come to, in a few numbers that are kept with the books."""

from __future__ import annotations

from math import expm1, log1p, nan

import msgspec

from genesis.analytics.sums import Moments, Path


class SinceStart(msgspec.Struct):
    """Running sums of returns, NaN left out. Instances are mutable, and owned by one strategy."""

    count: int = 0
    mean: float = 0.0
    square: float = 0.0
    """Σ(r − mean)² (Welford 1962); exactly 0 as long as all returns are equal."""
    downside: float = 0.0
    """Σ min(r − target, 0)²."""
    growth: float = 0.0
    """Σ ln(1 + r)."""
    high: float = 0.0
    """The highest point of `growth`."""
    fall: float = 0.0
    """The deepest fall of `growth` from its highest point before."""
    lost: bool = False
    """Whether a return was −1 or less: nothing is left that could compound."""
    first: float | None = None
    constant: bool = True
    """Whether all returns are equal to the first."""

    def append(self, value: float, target: float) -> None:
        """Take in a return; below `target` it is downside."""
        if self.first is None:
            self.first = value
        self.constant = self.constant and value == self.first
        self.count += 1
        distance = value - self.mean
        self.mean += distance / self.count
        if not self.constant:
            self.square += distance * (value - self.mean)
        if value < target:
            self.downside += (value - target) ** 2
        if value > -1.0:
            self._grow(log1p(value))
        else:
            self.lost = True

    def _grow(self, log: float) -> None:
        self.growth += log
        self.high = max(self.high, self.growth)
        self.fall = max(self.fall, self.high - self.growth)

    def moments(self) -> Moments:
        """Of them the third and fourth are not kept."""
        return Moments(self.count, self.mean, self.square, nan, nan)

    def path(self) -> Path:
        """Downside, growth and drawdown."""
        return Path(self.downside, None if self.lost else self.growth, -expm1(-self.fall))
