"""A sliding window of returns whose sums, and whose drawdown, are kept up point by point.

Nothing is ever subtracted: the window is cut into chunks, and a sum over it is that of what is left of the oldest chunk, of the
whole chunks behind it, and of the points since. So a return of 0.5 among returns of 0.00001 leaves no rounding behind when it
leaves, and the drawdown, which cannot be subtracted at all, is kept in the same way. A chunk has about √size points, and what is
done once a chunk costs O(√size): no point pauses longer than that.
"""

from __future__ import annotations

from array import array
from math import expm1, isnan, isqrt, log1p, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# What is summed: the powers of return − shift, the squared downside, ln(1 + return); then, of the points with a benchmark return,
# both distances from their shifts, their squares and their product.
_SUMS = 11
_GROWTH = 5
# A chunk has beside its sums the highest and lowest point and the deepest fall of its compounded curve, in logarithms.
_HIGH, _LOW, _FALL = 11, 12, 13
# A row of the head has beside its sums the deepest fall of the curve, and how far its end is below its highest point.
_DEEPEST, _BELOW = 11, 12


class Moments(NamedTuple):
    """Of the returns in the window."""

    number: int
    mean: float
    square: float
    """Σ(r − mean)²; exactly 0 where all returns are equal."""
    cube: float
    """Σ(r − mean)³."""
    fourth: float
    """Σ(r − mean)⁴."""


class Path(NamedTuple):
    """Of the returns in the window: what they come to one after the other, and those below the target."""

    downside: float
    """Σ min(r − target, 0)²."""
    growth: float | None
    """Σ ln(1 + r); None where a return of −1 or less has lost everything."""
    drawdown: float
    """The deepest 1 − value / peak of the compounded returns, of which the first starts at a peak; 0 or above."""


class Pairs(NamedTuple):
    """Of the points in the window that have both returns; sums about the means."""

    number: int
    mean: float
    benchmark_mean: float
    square: float
    benchmark_square: float
    """Exactly 0 where all benchmark returns are equal."""
    product: float


class RollingReturns:
    """The last `size` points. A point whose return is NaN takes a place, and is no observation."""

    __slots__ = (
        *(
            "_benchmark_run",
            "_benchmark_shift",
            "_benchmarks",
            "_chunk",
            "_chunks",
            "_deepest",
            "_downside",
            "_growth",
            "_head",
        ),
        *("_high", "_last", "_last_benchmark", "_low", "_place", "_run", "_since_loss", "_start", "_stop", "_sum_1", "_sum_2"),
        *("_sum_3", "_sum_4", "_sum_b", "_sum_bb", "_sum_r", "_sum_rb", "_sum_rr", "_shift", "_target", "_values"),
        *("count", "pairs_count", "size"),
    )

    _last: float
    _run: int
    _last_benchmark: float
    _benchmark_run: int
    _growth: float
    _high: float
    _low: float
    _deepest: float
    _sum_r: float
    _sum_rr: float
    _sum_b: float
    _sum_bb: float
    _sum_rb: float

    def __init__(self, size: int, *, target: float = 0.0, benchmark: bool = False) -> None:
        """`target`: the return of a step below which a return is downside. `benchmark`: benchmark returns are kept, too."""
        self.size = size
        self._target = target
        self._chunk = min(size, max(16, isqrt(6 * size)))
        self._values = array("d", [nan]) * size
        self._benchmarks = array("d", [nan]) * size if benchmark else None
        self._shift = self._benchmark_shift = 0.0
        self._place = 0
        self._recount()
        self._resum()

    def restore(self, values: Floats, benchmarks: Floats) -> None:
        """Start again with these points, oldest first; of more than `size` the last count."""
        kept = min(self.size, len(values))
        for ring, points in ((self._values, values), (self._benchmarks, benchmarks)):
            if ring is not None:
                view = np.frombuffer(ring)
                view[kept:] = nan
                view[:kept] = points[len(points) - kept :]
        self._place = kept % self.size
        self._recount()
        self._resum()

    def append(self, value: float, benchmark: float = nan) -> float:
        """Take in a point; the return that leaves for it (NaN if there is none)."""
        place = self._place
        values = self._values
        left = values[place]
        values[place] = value
        if not isnan(left):
            self.count -= 1
        benchmarks = self._benchmarks
        if benchmarks is not None:
            if not (isnan(left) or isnan(benchmarks[place])):
                self.pairs_count -= 1
            benchmarks[place] = benchmark
        if not isnan(value):
            self._add(value)
            if benchmarks is not None and not isnan(benchmark):
                self._add_pair(value, benchmark)
        self._since_loss += 1
        place += 1
        if place < self._stop:
            self._place = place
        else:
            self._place = place if place < self.size else 0
            self._turn()
        return left

    def _add(self, value: float) -> None:
        self.count += 1
        if value == self._last:
            self._run += 1
        else:
            self._last, self._run = value, 1
        distance = value - self._shift
        square = distance * distance
        self._sum_1 += distance
        self._sum_2 += square
        self._sum_3 += square * distance
        self._sum_4 += square * square
        below = value - self._target
        if below < 0.0:
            self._downside += below * below
        if value > -1.0:
            self._grow(log1p(value))
        else:
            self._since_loss = -1

    def _grow(self, log: float) -> None:
        self._growth = level = self._growth + log
        if level >= self._high:
            self._high = level
            return
        if level < self._low:
            self._low = level
        if self._high - level > self._deepest:
            self._deepest = self._high - level

    def _add_pair(self, value: float, benchmark: float) -> None:
        self.pairs_count += 1
        if benchmark == self._last_benchmark:
            self._benchmark_run += 1
        else:
            self._last_benchmark, self._benchmark_run = benchmark, 1
        distance, other = value - self._shift, benchmark - self._benchmark_shift
        self._sum_r += distance
        self._sum_rr += distance * distance
        self._sum_b += other
        self._sum_bb += other * other
        self._sum_rb += distance * other

    # What the window comes to.

    def moments(self) -> Moments:
        """The count and central moments; with no observation all are 0."""
        count = self.count
        if count == 0:
            return Moments(0, 0.0, 0.0, 0.0, 0.0)
        if self._run >= count:
            return Moments(count, self._last, 0.0, 0.0, 0.0)
        first, second, third, fourth, *_ = self._head[self._place - self._start].tolist()
        first += self._sum_1
        second += self._sum_2
        third += self._sum_3
        fourth += self._sum_4
        off = first / count
        square = second - first * off
        if self._shifts(count, off, square):
            return self.moments()
        cube = third - off * (3 * second - 2 * first * off)
        fourth -= off * (4 * third - off * (6 * second - 3 * first * off))
        return Moments(count, self._shift + off, square, cube, fourth)

    def path(self) -> Path:
        """Downside, growth and drawdown; with no observation all are 0."""
        _, _, _, _, downside, growth, *_, deepest, below = self._head[self._place - self._start].tolist()
        deepest = max(deepest, self._deepest, below - self._low)
        lost = self._since_loss < self.size
        return Path(downside + self._downside, None if lost else growth + self._growth, -expm1(-deepest))

    def pairs(self) -> Pairs:
        """What beta comes from; with no pair all are 0."""
        count = self.pairs_count
        if count == 0:
            return Pairs(0, 0.0, 0.0, 0.0, 0.0, 0.0)
        *_, first, square, first_b, square_b, product, _, _ = self._head[self._place - self._start].tolist()
        first += self._sum_r
        first_b += self._sum_b
        off, off_b = first / count, first_b / count
        square += self._sum_rr - first * off
        square_b += self._sum_bb - first_b * off_b
        product += self._sum_rb - first * off_b
        if self._benchmark_run >= count:
            return Pairs(count, self._shift + off, self._last_benchmark, square, 0.0, 0.0)
        if self._shifts(count, off, square, off_b, square_b):
            return self.pairs()
        return Pairs(count, self._shift + off, self._benchmark_shift + off_b, square, square_b, product)

    def _shifts(self, count: int, off: float, square: float, off_b: float = 0.0, square_b: float = 0.0) -> bool:
        """Sum up anew about the means where these are so far off that the sums about them have lost digits; whether it did."""
        shift = self._shift + off if off * off * count > 4 * square else self._shift
        shift_b = self._benchmark_shift + off_b if off_b * off_b * count > 4 * square_b else self._benchmark_shift
        if shift == self._shift and shift_b == self._benchmark_shift:
            return False
        self._shift, self._benchmark_shift = shift, shift_b
        self._resum()
        return True

    # The chunks. That of the place of the next point, from `_start` to `_stop`, is the oldest and the newest at once: from the
    # place on it has the oldest points, before it the newest. The others are whole.

    def _recount(self) -> None:
        """Counts and runs, from the points."""
        values, benchmarks = self._in_order(self._values), self._in_order(self._benchmarks)
        observed = values[~np.isnan(values)]
        paired = benchmarks[~(np.isnan(values) | np.isnan(benchmarks))]
        self.count, self.pairs_count = len(observed), len(paired)
        self._last, self._run = _run(observed)
        self._last_benchmark, self._benchmark_run = _run(paired)
        losses = np.flatnonzero(values <= -1.0)
        self._since_loss = self.size - 1 - int(losses[-1]) if len(losses) else self.size

    def _in_order(self, ring: array[float] | None) -> Floats:
        """A copy, oldest point first."""
        return np.roll(np.frombuffer(ring), -self._place) if ring is not None else np.full(self.size, nan)

    def _resum(self) -> None:
        """All sums, from the points."""
        starts = range(0, self.size, self._chunk)
        self._chunks = np.array([self._row(start, min(start + self._chunk, self.size)) for start in starts])
        self._open(self._row(self._place - self._place % self._chunk, self._place))

    def _turn(self) -> None:
        """The chunk is full of newest points: it is whole, and the next one is the oldest."""
        self._chunks[self._start // self._chunk] = (
            *(self._sum_1, self._sum_2, self._sum_3, self._sum_4, self._downside, self._growth),
            *(self._sum_r, self._sum_rr, self._sum_b, self._sum_bb, self._sum_rb, self._high, self._low, self._deepest),
        )
        self._open(_NOTHING)

    def _open(self, newest: Floats) -> None:
        """Make the chunk of the next point's place the open one; `newest`: the row of the newest points in it."""
        index = self._place // self._chunk
        self._start = index * self._chunk
        self._stop = min(self._start + self._chunk, self.size)
        self._head = _head(self._terms(self._start, self._stop), np.roll(self._chunks, -index, axis=0)[1:])
        self._sum_1, self._sum_2, self._sum_3, self._sum_4, self._downside, self._growth, *rest = newest.tolist()
        self._sum_r, self._sum_rr, self._sum_b, self._sum_bb, self._sum_rb, self._high, self._low, self._deepest = rest

    def _row(self, start: int, stop: int) -> Floats:
        """What the points of these places come to."""
        terms = self._terms(start, stop)
        levels = _levels(terms)
        peaks = np.maximum.accumulate(levels)
        return np.array([*terms.sum(axis=0), peaks[-1], levels.min(), (peaks - levels).max()])

    def _terms(self, start: int, stop: int) -> Floats:
        """What each point of these places adds to each sum, shape (points, sums)."""
        values = np.frombuffer(self._values)[start:stop]
        terms = np.zeros((stop - start, _SUMS))
        known = ~np.isnan(values)
        _fill(terms, known, values, self._shift, self._target)
        if self._benchmarks is not None:
            benchmarks = np.frombuffer(self._benchmarks)[start:stop]
            _fill_pairs(terms, known & ~np.isnan(benchmarks), values - self._shift, benchmarks - self._benchmark_shift)
        return terms


def _fill(terms: Floats, known: NDArray[np.bool_], values: Floats, shift: float, target: float) -> None:
    distances = np.where(known, values - shift, 0.0)
    terms[:, 0] = distances
    terms[:, 1] = squares = distances * distances
    terms[:, 2] = squares * distances
    terms[:, 3] = squares * squares
    terms[:, 4] = np.where(known, np.minimum(values - target, 0.0), 0.0) ** 2
    terms[:, _GROWTH] = np.log1p(np.where(values > -1.0, values, 0.0))


def _fill_pairs(terms: Floats, paired: NDArray[np.bool_], distances: Floats, others: Floats) -> None:
    distances, others = np.where(paired, distances, 0.0), np.where(paired, others, 0.0)
    terms[:, 6] = distances
    terms[:, 7] = distances * distances
    terms[:, 8] = others
    terms[:, 9] = others * others
    terms[:, 10] = distances * others


def _head(terms: Floats, whole: Floats) -> Floats:
    """For each place of the oldest chunk: what the points from it on come to, with the whole chunks behind; shape (points + 1, 13)."""
    head = np.zeros((len(terms) + 1, _BELOW + 1))
    head[:-1, :_SUMS] = terms[::-1].cumsum(axis=0)[::-1]
    head[:, :_SUMS] += whole[:, :_SUMS].sum(axis=0)
    levels = _levels(terms)
    lowest_after = np.minimum.accumulate(levels[::-1])[::-1]
    deepest = np.maximum.accumulate((levels - lowest_after)[::-1])[::-1]
    below = np.maximum.accumulate(levels[::-1])[::-1] - levels[-1]
    growth, high, low, fall = _joined(whole)
    head[:, _DEEPEST] = np.maximum(np.maximum(deepest, below - low), fall)
    head[:, _BELOW] = np.maximum(below, high) - growth
    return head


def _joined(whole: Floats) -> tuple[float, float, float, float]:
    """Growth, highest and lowest point and deepest fall of the chunks' curves, one behind the other."""
    if not len(whole):
        return 0.0, 0.0, 0.0, 0.0
    ends = whole[:, _GROWTH].cumsum()
    starts = ends - whole[:, _GROWTH]
    highs, lows = np.maximum.accumulate(starts + whole[:, _HIGH]), starts + whole[:, _LOW]
    across = (highs[:-1] - lows[1:]).max(initial=0.0)
    return float(ends[-1]), float(highs[-1]), float(lows.min()), float(max(across, whole[:, _FALL].max()))


def _levels(terms: Floats) -> Floats:
    """The compounded curve in logarithms, from 0 before the first point."""
    return np.concatenate(([0.0], terms[:, _GROWTH].cumsum()))


def _run(points: Floats) -> tuple[float, int]:
    """The last point, and how many at the end are equal to it."""
    if not len(points):
        return nan, 0
    others = np.flatnonzero(points != points[-1])
    return float(points[-1]), len(points) - (int(others[-1]) + 1 if len(others) else 0)


_NOTHING: Floats = np.zeros(_FALL + 1)
