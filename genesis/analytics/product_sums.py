"""Pearson's correlations over a sliding window, kept up to date by one row in and one row out.

What is kept are sums of products, each strategy's returns less a centre of its own. A row is added and dropped as a product of
rank two; nothing is computed again. The sums that a pair's own overlap makes different (of a strategy's values at the points
that another one has) are kept once for all strategies with the same gaps: without gaps they are one column.

A sum from which something large is dropped keeps the rounding of what it had. A bound of that is kept for each strategy; where
it comes near to what is left, the sums of that strategy are taken again from the rows. Where even that leaves too much (a
strategy that hardly moves at the few points of another one), the pair is worked out from the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from genesis.analytics.correlation import Flags, Floats, Indices, pearson
from genesis.analytics.gap_patterns import GapPatterns

TOLERANCE = 1e-10
"""The bound of the rounding in a sum of squares, as a share of it, at which it is taken again."""

_EPSILON = float(np.finfo(np.float64).eps)
_FRESH = 8 * _EPSILON
"""The rounding in a sum that was just taken from the rows, as a share of it."""
_BLOCK = 64
_CHUNK = 512
_GROWTH = 128


class Block(NamedTuple):
    """The correlations of strategies `start` to `start` + b with those from `start` on: (b, n − start), NaN where undefined."""

    start: int
    values: Floats


class _Correction(NamedTuple):
    """Correlations of the strategies `mine` with `theirs`, (m, t), that stand in for those from the sums."""

    mine: Indices
    theirs: Indices
    values: Floats

    def apply(self, start: int, block: Floats) -> None:
        """Put them into the block of rows from `start` on, above the diagonal."""
        for these, those, values in ((self.mine, self.theirs, self.values), (self.theirs, self.mine, self.values.T)):
            inside = np.flatnonzero((these >= start) & (these < start + len(block)))
            right = np.flatnonzero(those >= start)
            block[np.ix_(these[inside] - start, those[right] - start)] = values[np.ix_(inside, right)]


class ProductSums:
    """Sums of products of the rows in a window. Strategies have fixed places; new ones are appended.

    The rows that are dropped must be those that were added, in any order. It takes 8 n² bytes, and 16 n for each pattern of
    gaps: 8 MB for 1,000 strategies without gaps, 32 MB if each of them has other gaps than all others.
    """

    def __init__(self, min_overlap: int) -> None:
        """Two strategies with fewer than `min_overlap` points in common have no correlation."""
        self.min_overlap = max(min_overlap, 2)
        self.gaps = GapPatterns()
        self._centre = np.zeros(0)
        self._products = np.zeros((0, 0))  # only the blocks on and above the diagonal are kept up to date
        self._sums = np.zeros((0, 0))  # (strategy, pattern): over the points that both have
        self._squares = np.zeros((0, 0))
        self._errors = np.zeros(0)  # bound of the rounding in a strategy's sums of squares

    @property
    def nbytes(self) -> int:
        """Memory of the sums, in bytes."""
        held = (self._products, self._sums, self._squares, self._centre, self._errors, self.gaps.of, self.gaps.counts)
        return sum(array.nbytes for array in held)

    def update(self, entering: Floats, leaving: Floats | None = None) -> None:
        """Add a row, and drop one.

        Args:
            entering: (n,) returns of one grid point, NaN where undefined. Longer than the rows before: strategies are new.
            leaving: the oldest row, which was added before; it may be shorter. None while the window fills.
        """
        self._grow(len(entering))
        coming = np.isfinite(entering)
        self._keep(self.gaps.split(coming))
        self._begin(entering, coming)
        new = np.where(coming, entering - self._centre, 0.0)
        self._tally(new, coming, 1)
        if leaving is None:
            self._add_products(np.stack((new,)), np.stack((new,)))
            return
        old_row = np.full(self.gaps.size, np.nan)
        old_row[: len(leaving)] = leaving
        going = np.isfinite(old_row)
        old = np.where(going, old_row - self._centre, 0.0)
        self._tally(old, going, -1)
        self._add_products(np.stack((new, -old)), np.stack((new, old)))
        if not going.all():
            self._keep(self.gaps.merge())

    def rebuild(self, rows: Floats) -> None:
        """Start again with a table of rows, (t, n), in any order."""
        self.gaps = GapPatterns.of_rows(np.isfinite(rows))
        size = self.gaps.size
        self._sums, self._squares = np.zeros((2, size, len(self.gaps)))
        self._centre, self._errors = np.zeros((2, size))
        self._products = np.zeros((size, size))
        self._retake(rows, np.arange(size))

    @property
    def is_unreliable(self) -> bool:
        """Whether rounding may have come near to the correlations, so that `correlations` will take sums again."""
        return bool(self._unreliable().any())

    def correlations(self, rows: Floats) -> Iterator[Block]:
        """The correlations, block by block; rounding may take them past 1 by its own size.

        Args:
            rows: the rows in the window, (t, n), in any order: for the sums in which rounding may count.

        Raises:
            ValueError: the table is not the window's.
        """
        shape = self.gaps.rows, self.gaps.size
        if rows.shape != shape:
            raise ValueError(f"rows: {rows.shape} is not the window's shape {shape}")
        self._retake(rows, np.flatnonzero(self._unreliable()))
        variances = self._variances()
        corrections = self._corrections(rows, variances)
        scales = 1.0 / np.sqrt(np.where(variances > 0, variances, np.nan))
        uniform = len(self.gaps) == 1
        for start, end in _parts(self.gaps.size):
            values = self._uniform_block(start, end, scales[:, 0]) if uniform else self._block(start, end, scales)
            for correction in corrections:
                correction.apply(start, values)
            yield Block(start, values)

    def _grow(self, size: int) -> None:
        """Make room for new strategies; none of them has a point yet."""
        before = self.gaps.size
        if size <= before:
            return
        if size > len(self._products):
            room = -(-size // _GROWTH) * _GROWTH
            products = np.zeros((room, room))
            products[:before, :before] = self._products[:before, :before]
            self._products = products
        added = size - before
        self.gaps.grow(added)
        self._sums = np.pad(self._sums, ((0, added), (0, 1)))
        self._squares = np.pad(self._squares, ((0, added), (0, 1)))
        self._centre, self._errors = np.pad(self._centre, (0, added)), np.pad(self._errors, (0, added))

    def _keep(self, patterns: Indices | None) -> None:
        if patterns is not None:
            self._sums, self._squares = self._sums[:, patterns], self._squares[:, patterns]

    def _begin(self, entering: Floats, coming: Flags) -> None:
        """A strategy's first point is its centre until its sums are taken again; the rounding of dropped points is cleared."""
        first = np.flatnonzero(coming & (self.gaps.points == 0))
        if not first.size:
            return
        self._centre[first] = entering[first]
        self._products[first, :] = 0.0
        self._products[:, first] = 0.0
        self._sums[first] = self._squares[first] = 0.0
        self._errors[first] = 0.0

    def _tally(self, values: Floats, valid: Flags, sign: int) -> None:
        """Add (+1) or drop (−1) a row in the sums of each strategy."""
        at_pattern = self.gaps.tally(valid, sign)
        squares = values * values
        self._errors += 2.0 * _EPSILON * (self._own_squares() + squares)
        self._sums[:, at_pattern] += sign * values[:, None]
        self._squares[:, at_pattern] += sign * squares[:, None]

    def _add_products(self, left: Floats, right: Floats) -> None:
        """Add leftᵀ right, both (1 or 2, n), on and above the diagonal."""
        size = self.gaps.size
        for start, end in _parts(size):
            self._products[start:end, start:size] += left[:, start:end].T @ right[:, start:]

    def _own_squares(self) -> Floats:
        """(n,) Σx² of each strategy at its own points."""
        return self._squares[np.arange(self.gaps.size), self.gaps.of]

    def _variances(self) -> Floats:
        """(n, patterns) Σ(x − mean)² of each strategy at the points of each pattern; NaN below the least overlap."""
        counts = self.gaps.counts[self.gaps.of]
        enough = np.where(counts >= self.min_overlap, counts, np.nan)
        found: Floats = self._squares - self._sums**2 / enough
        return found

    def _unreliable(self) -> Flags:
        """(n,) whose sums hold too much rounding, and would hold less if they were taken again."""
        stale = self._errors > 2.0 * _FRESH * self._own_squares()
        found: Flags = np.any(self._errors[:, None] > TOLERANCE * self._variances(), axis=1) & stale
        return found

    def _corrections(self, rows: Floats, variances: Floats) -> list[_Correction]:
        """What even fresh sums do not hold well enough, from the rows."""
        doubtful = self._errors[:, None] > TOLERANCE * variances
        found = []
        for pattern in np.flatnonzero(doubtful.any(axis=0)):
            mine, theirs = np.flatnonzero(doubtful[:, pattern]), np.flatnonzero(self.gaps.of == pattern)
            both = pearson(rows[:, np.concatenate([mine, theirs])], self.min_overlap)
            found.append(_Correction(mine, theirs, both[: len(mine), len(mine) :]))
        return found

    def _uniform_block(self, start: int, end: int, scales: Floats) -> Floats:
        """All strategies have the same points."""
        means = self._sums[:, 0] * scales / np.sqrt(max(int(self.gaps.counts[0, 0]), 1))
        values: Floats = self._products[start:end, start : self.gaps.size] * scales[start:]
        values *= scales[start:end, None]
        values -= means[start:end, None] * means[start:]
        return values

    def _block(self, start: int, end: int, scales: Floats) -> Floats:
        """Each pair at the points that it has in common."""
        mine, theirs = self.gaps.of[start:end], self.gaps.of[start:]
        values = self._sums[start:end, theirs] * self._sums[start:, mine].T
        values /= -np.maximum(self.gaps.counts[np.ix_(mine, theirs)], 1)
        values += self._products[start:end, start : self.gaps.size]
        values *= scales[start:end, theirs]
        values *= scales[start:, mine].T
        return values

    def _retake(self, rows: Floats, which: Indices) -> None:
        """Take centre and sums of the strategies `which` again from the rows."""
        if not which.size:
            return
        self._centre[which] = [_centre(column[np.isfinite(column)]) for column in rows[:, which].T]
        for first in range(0, len(which), _GROWTH):
            self._retake_some(rows, which[first : first + _GROWTH])
        self._errors[which] = _FRESH * self._own_squares()[which]

    def _retake_some(self, rows: Floats, which: Indices) -> None:
        size, patterns = self.gaps.size, len(self.gaps)
        products, sums, squares = np.zeros((size, len(which))), *np.zeros((2, len(which), patterns))
        for first in range(0, len(rows), _CHUNK):
            part = rows[first : first + _CHUNK]
            valid = np.isfinite(part)
            values = np.where(valid, part - self._centre, 0.0)
            at_pattern, chosen = self.gaps.at(valid), values[:, which]
            products += values.T @ chosen
            sums += chosen.T @ at_pattern
            squares += (chosen * chosen).T @ at_pattern
        self._products[:size, which] = products
        self._products[which, :size] = products.T
        self._sums[which], self._squares[which] = sums, squares


def _parts(size: int) -> Iterator[tuple[int, int]]:
    """Start and end of each block."""
    return ((start, min(start + _BLOCK, size)) for start in range(0, size, _BLOCK))


def _centre(values: Floats) -> float:
    """The mean; of a constant series the constant itself, so that its centred values are exactly 0."""
    if not values.size:
        return 0.0
    low, high = float(values.min()), float(values.max())
    return low if low == high else float(values.mean())
