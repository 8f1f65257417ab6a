"""Running sums of all returns since the start, saved with the books."""

from __future__ import annotations

from math import expm1, log1p

import msgspec

from genesis.analytics.moments import Moments
from genesis.analytics.sums import CentralSums, Path


class SinceStart(msgspec.Struct):
    """Running sums of returns, NaN left out. Instances are mutable, and owned by one strategy."""

    moments: Moments = msgspec.field(default_factory=Moments)
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

    def append(self, value: float, target: float) -> None:
        """Take in a return; below `target` it is downside."""
        self.moments.add(value)
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

    def sums(self) -> CentralSums:
        """Of all returns."""
        kept = self.moments
        return CentralSums(kept.count, kept.mean, kept.m2, kept.m3, kept.m4)

    def path(self) -> Path:
        """Downside, growth and drawdown."""
        return Path(self.downside, None if self.lost else self.growth, -expm1(-self.fall))
