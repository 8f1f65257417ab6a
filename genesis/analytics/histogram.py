"""A histogram that counts into fixed buckets."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import inf
from typing import NamedTuple

import msgspec


class HistogramCounts(NamedTuple):
    """A histogram at one moment: `counts[i]` observations at or below `bounds[i]`; the last counts all."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    sum: float

    def plus(self, other: HistogramCounts) -> HistogramCounts:
        """Both as one; they have the same bounds."""
        counts = tuple(mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True))
        return HistogramCounts(self.bounds, counts, self.sum + other.sum)


class Histogram(msgspec.Struct):
    """Counts of observations, none below 0, by upper bound. Instances are mutable, and owned by one counter."""

    bounds: tuple[float, ...]
    buckets: list[int]
    sum: float = 0.0

    @classmethod
    def of(cls, bounds: Sequence[float]) -> Histogram:
        """`bounds`: rising upper bounds; one bucket above the last is added."""
        return cls(tuple(bounds), [0] * (len(bounds) + 1))

    def observe(self, value: float) -> None:
        self.buckets[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def counts(self) -> HistogramCounts:
        """The cumulative counts, as Prometheus expects them."""
        return HistogramCounts((*self.bounds, inf), tuple(accumulate(self.buckets)), self.sum)
