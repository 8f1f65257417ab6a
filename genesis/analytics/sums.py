"""The sums of a set of returns, from which their figures are computed."""

from __future__ import annotations

from typing import NamedTuple


class CentralSums(NamedTuple):
    """Returns about their mean."""

    number: int
    mean: float
    square: float
    """Σ(r − mean)²; exactly 0 where all returns are equal."""
    cube: float
    """Σ(r − mean)³."""
    fourth: float
    """Σ(r − mean)⁴."""


class Path(NamedTuple):
    """Returns one after the other, and those below a target."""

    downside: float
    """Σ min(r − target, 0)²."""
    growth: float | None
    """Σ ln(1 + r); None where a return of −1 or less has lost everything."""
    drawdown: float
    """The deepest 1 − value / peak of the compounded returns, of which the first starts at a peak; 0 or above."""


class Pairs(NamedTuple):
    """Returns that have a benchmark return at the same point, both about their means."""

    number: int
    mean: float
    benchmark_mean: float
    square: float
    benchmark_square: float
    """Exactly 0 where all benchmark returns are equal."""
    product: float


NO_SUMS = CentralSums(0, 0.0, 0.0, 0.0, 0.0)
NO_PAIRS = Pairs(0, 0.0, 0.0, 0.0, 0.0, 0.0)
