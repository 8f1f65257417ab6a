"""A sliding window of returns whose sums, and whose drawdown, are kept up point by point.

Nothing is ever subtracted: the window is cut into chunks, and a sum over it is that of what is left of the oldest chunk and of
the whole chunks behind it (the head), and of the points since. So a return of 0.5 among returns of 0.00001 leaves no rounding
behind when it leaves, and the drawdown, which cannot be subtracted at all, is kept in the same way. A chunk has about √size
points, and what is done once a chunk costs O(√size): no point pauses longer than that.
"""

from __future__ import annotations

from array import array
from math import expm1, isnan, isqrt, log1p, nan

import numpy as np
from numpy.typing import NDArray

from genesis.analytics.sums import NO_PAIRS, NO_SUMS, CentralSums, Pairs, Path
from genesis.analytics.window_sums import HEAD, NOTHING, Shifts, head, last_run, row, terms

Floats = NDArray[np.float64]


class RollingReturns:
    """The last `size` points. A point whose return is NaN takes a place, and does not count as an observation."""

    # Slots and long methods: a grid point costs each strategy a call of `append` a window.
    __slots__ = (
        *("_benchmark_run", "_benchmarks", "_chunk", "_deepest", "_downside", "_growth", "_head", "_high", "_last", "_low"),
        *(
            "_last_benchmark",
            "_place",
            "_rows",
            "_run",
            "_shifts",
            "_since_loss",
            "_start",
            "_stop",
            "_sum_1",
            "_sum_2",
            "_sum_3",
        ),
        *("_sum_4", "_sum_b", "_sum_bb", "_sum_r", "_sum_rb", "_sum_rr", "_values", "count", "pairs_count", "size"),
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
        self._chunk = min(size, max(16, isqrt(6 * size)))
        self._values = array("d", [nan]) * size
        self._benchmarks = array("d", [nan]) * size if benchmark else None
        self._shifts = Shifts(target)
        self._place = 0
        self._recount()
        self._resum()

    def restore(self, values: Floats, benchmarks: Floats) -> None:
        """Start again with these points, oldest first; of more than `size`, only the latest are kept."""
        kept = min(self.size, len(values))
        for ring, points in ((self._values, values), (self._benchmarks, benchmarks)):
            if ring is not None:
                view = np.frombuffer(ring)
                view[kept:] = nan
                view[:kept] = points[len(points) - kept :]
        self._place = kept % self.size
        self._recount()
        self._resum()

    def skip(self, points: int) -> None:
        """Add this number of points without a return, all at once."""
        gone = min(points, self.size)
        nothing = np.full(gone, nan)
        values, benchmarks = (np.concatenate((self._in_order(r)[gone:], nothing)) for r in (self._values, self._benchmarks))
        self.restore(values, benchmarks)

    def in_order(self) -> Floats:
        """The returns, oldest first; NaN where there is none."""
        return self._in_order(self._values)

    def append(self, value: float, benchmark: float = nan) -> float:
        """Add a point; returns the return that leaves the window for it (NaN if there is none)."""
        place = self._place
        left = self._values[place]
        self._values[place] = value
        if not isnan(left):
            self.count -= 1
        benchmarks = self._benchmarks
        if benchmarks is not None:
            if not (isnan(left) or isnan(benchmarks[place])):
                self.pairs_count -= 1
            benchmarks[place] = benchmark
        self._since_loss += 1
        if not isnan(value):
            distance = self._add(value)
            if benchmarks is not None and not isnan(benchmark):
                self._add_pair(distance, benchmark)
        place += 1
        if place < self._stop:
            self._place = place
        else:
            self._place = place if place < self.size else 0
            self._turn()
        return left

    def _add(self, value: float) -> float:
        self.count += 1
        if value == self._last:
            self._run += 1
        else:
            self._last, self._run = value, 1
        target, shift, _ = self._shifts
        distance = value - shift
        square = distance * distance
        self._sum_1 += distance
        self._sum_2 += square
        self._sum_3 += square * distance
        self._sum_4 += square * square
        if value < target:
            self._downside += (value - target) * (value - target)
        if value > -1.0:
            self._growth = level = self._growth + log1p(value)
            if level >= self._high:
                self._high = level
            else:
                if level < self._low:  # noqa: PLR1730 - min() costs more than all the rest of this line
                    self._low = level
                if self._high - level > self._deepest:  # noqa: PLR1730
                    self._deepest = self._high - level
        else:
            self._since_loss = 0
        return distance

    def _add_pair(self, distance: float, benchmark: float) -> None:
        self.pairs_count += 1
        if benchmark == self._last_benchmark:
            self._benchmark_run += 1
        else:
            self._last_benchmark, self._benchmark_run = benchmark, 1
        other = benchmark - self._shifts.benchmark
        self._sum_r += distance
        self._sum_rr += distance * distance
        self._sum_b += other
        self._sum_bb += other * other
        self._sum_rb += distance * other

    # The figures of the window.

    def sums(self) -> CentralSums:
        """The returns about their mean."""
        count = self.count
        if count == 0:
            return NO_SUMS
        if self._run >= count:
            return CentralSums(count, self._last, 0.0, 0.0, 0.0)
        at = (self._place - self._start) * HEAD
        first, second, third, fourth = self._head[at : at + 4]
        first += self._sum_1
        second += self._sum_2
        off = first / count
        square = second - first * off
        if off * off * count > 4 * square and self._shift(off, 0.0):
            return self.sums()
        third += self._sum_3
        fourth += self._sum_4
        cube = third - off * (3 * second - 2 * first * off)
        fourth -= off * (4 * third - off * (6 * second - 3 * first * off))
        return CentralSums(count, self._shifts.value + off, square, cube, fourth)

    def path(self) -> Path:
        """The returns one after the other; with no return all is 0."""
        at = (self._place - self._start) * HEAD
        downside, growth = self._head[at + 4 : at + 6]
        deepest, below = self._head[at + HEAD - 2 : at + HEAD]
        if self._deepest > deepest:  # noqa: PLR1730
            deepest = self._deepest
        if below - self._low > deepest:  # noqa: PLR1730
            deepest = below - self._low
        lost = self._since_loss < self.size
        return Path(downside + self._downside, None if lost else growth + self._growth, -expm1(-deepest))

    def pairs(self) -> Pairs:
        """The returns and the benchmark's about their means."""
        count = self.pairs_count
        if count == 0:
            return NO_PAIRS
        at = (self._place - self._start) * HEAD
        first, square, first_b, square_b, product = self._head[at + 6 : at + 11]
        first += self._sum_r
        first_b += self._sum_b
        off, off_b = first / count, first_b / count
        square += self._sum_rr - first * off
        square_b += self._sum_bb - first_b * off_b
        product += self._sum_rb - first * off_b
        _, shift, shift_b = self._shifts
        if self._benchmark_run >= count:
            return Pairs(count, shift + off, self._last_benchmark, square, 0.0, 0.0)
        far = off if off * off * count > 4 * square else 0.0
        far_b = off_b if off_b * off_b * count > 4 * square_b else 0.0
        if (far or far_b) and self._shift(far, far_b):
            return self.pairs()
        return Pairs(count, shift + off, shift_b + off_b, square, square_b, product)

    def _shift(self, off: float, off_b: float) -> bool:
        """Take the sums again about the means: the shifts were so far off that digits were lost. True if a shift changed."""
        known = self._shifts
        self._shifts = Shifts(known.target, known.value + off, known.benchmark + off_b)
        if self._shifts == known:
            return False
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
        self._last, self._run = last_run(observed)
        self._last_benchmark, self._benchmark_run = last_run(paired)
        losses = np.flatnonzero(values <= -1.0)
        self._since_loss = self.size - 1 - int(losses[-1]) if len(losses) else self.size

    def _in_order(self, ring: array[float] | None) -> Floats:
        """A copy, oldest point first."""
        return np.roll(np.frombuffer(ring), -self._place) if ring is not None else np.full(self.size, nan)

    def _resum(self) -> None:
        """All sums, from the points."""
        starts = range(0, self.size, self._chunk)
        if self.count:
            self._rows = np.array([row(self._terms(start, start + self._chunk)) for start in starts])
        else:  # a new strategy: a chunk without a return is all 0
            self._rows = np.zeros((len(starts), len(NOTHING)))
        self._open(row(self._terms(self._place - self._place % self._chunk, self._place)))

    def _turn(self) -> None:
        """The chunk is full of newest points: it is whole, and the next one is the oldest."""
        self._rows[self._start // self._chunk] = (
            *(self._sum_1, self._sum_2, self._sum_3, self._sum_4, self._downside, self._growth),
            *(self._sum_r, self._sum_rr, self._sum_b, self._sum_bb, self._sum_rb, self._high, self._low, self._deepest),
        )
        self._open(NOTHING)

    def _open(self, newest: Floats) -> None:
        """Make the chunk of the next point's place the open one; `newest`: the row of the newest points in it."""
        index = self._place // self._chunk
        self._start = index * self._chunk
        self._stop = min(self._start + self._chunk, self.size)
        behind = np.concatenate((self._rows[index + 1 :], self._rows[:index]))
        self._head = array("d", head(self._terms(self._start, self._stop), behind).tobytes())
        self._sum_1, self._sum_2, self._sum_3, self._sum_4, self._downside, self._growth, *rest = newest.tolist()
        self._sum_r, self._sum_rr, self._sum_b, self._sum_bb, self._sum_rb, self._high, self._low, self._deepest = rest

    def _terms(self, start: int, stop: int) -> Floats:
        """Of the points of these places."""
        benchmarks = np.frombuffer(self._benchmarks)[start:stop] if self._benchmarks is not None else None
        return terms(np.frombuffer(self._values)[start:stop], benchmarks, self._shifts)
