"""A histogram that counts into fixed buckets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple


class HistogramCounts(NamedTuple):
    """A histogram at one moment: `counts[i]` observations at or below `bounds[i]`, the last one of all."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float

    def plus(self, other: HistogramCounts) -> HistogramCounts:
        """Both as one; they have the same bounds."""
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return HistogramCounts(self.bounds, counts, self.sum + other.sum)


class Histogram:
    """Counts of observations, none below 0, by upper bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        """`bounds`: rising upper bounds; one bucket above the last is added."""
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def counts(self) -> HistogramCounts:
        """The cumulative counts, as Prometheus wants them."""
        total, cumulative = 0, []
        for count in self._counts:
            total += count
            cumulative.append(total)
        return HistogramCounts((*self._bounds, float("inf")), tuple(cumulative), self._sum)
