"""Sums over chunks of a ring of returns, and the compounded curve of them, computed for many points at once."""

from __future__ import annotations

from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Columns of the sums: the powers of return − shift, the squared downside, ln(1 + return); then, of the points with a benchmark
# return, both distances from their shifts, their squares and their product.
SUMS = 11
GROWTH = 5
# The row of a chunk has, after its sums, the highest and the lowest point, and the deepest fall, of its curve in logarithms.
HIGH, LOW, FALL = 11, 12, 13
NOTHING: Floats = np.zeros(FALL + 1)
# A row of the head has, after its sums, the deepest fall of the curve, and how far its end is below its highest point.
DEEPEST, BELOW = 11, 12
HEAD = 13


class Shifts(NamedTuple):
    """What distances are taken from, and the target below which a return is downside."""

    target: float
    value: float = 0.0
    benchmark: float = 0.0


def terms(values: Floats, benchmarks: Floats | None, shifts: Shifts) -> Floats:
    """What each point adds to each sum, shape (points, SUMS)."""
    made = np.zeros((len(values), SUMS))
    known = ~np.isnan(values)
    distances = np.where(known, values - shifts.value, 0.0)
    made[:, 0] = distances
    made[:, 1] = squares = distances * distances
    made[:, 2] = squares * distances
    made[:, 3] = squares * squares
    made[:, 4] = np.where(values < shifts.target, values - shifts.target, 0.0) ** 2
    made[:, GROWTH] = np.log1p(np.where(values > -1.0, values, 0.0))
    if benchmarks is not None:
        _add_pairs(made, known & ~np.isnan(benchmarks), benchmarks - shifts.benchmark)
    return made


def _add_pairs(made: Floats, paired: NDArray[np.bool_], others: Floats) -> None:
    distances, others = np.where(paired, made[:, 0], 0.0), np.where(paired, others, 0.0)
    made[:, 6] = distances
    made[:, 7] = distances * distances
    made[:, 8] = others
    made[:, 9] = others * others
    made[:, 10] = distances * others


def row(made: Floats) -> Floats:
    """The terms of a chunk in one row, shape (FALL + 1)."""
    levels = _levels(made)
    peaks = np.maximum.accumulate(levels)
    return np.array([*made.sum(axis=0), peaks[-1], levels.min(), (peaks - levels).max()])


def head(made: Floats, whole: Floats) -> Floats:
    """For each point of the oldest chunk, and for its end: the sums of the points from there on, shape (points + 1, HEAD).

    `made`: its terms. `whole`: the rows of the chunks behind it, oldest first.
    """
    rows = np.zeros((len(made) + 1, HEAD))
    rows[:-1, :SUMS] = made[::-1].cumsum(axis=0)[::-1]
    rows[:, :SUMS] += whole[:, :SUMS].sum(axis=0)
    levels = _levels(made)
    lowest_after = np.minimum.accumulate(levels[::-1])[::-1]
    deepest = np.maximum.accumulate((levels - lowest_after)[::-1])[::-1]
    below = np.maximum.accumulate(levels[::-1])[::-1] - levels[-1]
    growth, high, low, fall = _joined(whole)
    rows[:, DEEPEST] = np.maximum(np.maximum(deepest, below - low), fall)
    rows[:, BELOW] = np.maximum(below, high) - growth
    return rows


def _joined(whole: Floats) -> tuple[float, float, float, float]:
    """Growth, highest and lowest point and deepest fall of the chunks' curves, one behind the other."""
    if not len(whole):
        return 0.0, 0.0, 0.0, 0.0
    ends = whole[:, GROWTH].cumsum()
    starts = ends - whole[:, GROWTH]
    highs, lows = np.maximum.accumulate(starts + whole[:, HIGH]), starts + whole[:, LOW]
    across = (highs[:-1] - lows[1:]).max(initial=0.0)
    return float(ends[-1]), float(highs[-1]), float(lows.min()), float(max(across, whole[:, FALL].max()))


def _levels(made: Floats) -> Floats:
    """The compounded curve in logarithms, from 0 before the first point."""
    return np.concatenate(([0.0], made[:, GROWTH].cumsum()))


def last_run(points: Floats) -> tuple[float, int]:
    """The last point, and how many at the end are equal to it."""
    if not len(points):
        return nan, 0
    others = np.flatnonzero(points != points[-1])
    return float(points[-1]), len(points) - (int(others[-1]) + 1 if len(others) else 0)
