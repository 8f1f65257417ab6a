"""Beta and volatility of a symbol over a sliding window."""

from __future__ import annotations

from array import array
from math import nan

import numpy as np
from numpy.typing import NDArray

from genesis.analytics.risk import regression


class BetaWindow:
    """The last `size` points of the benchmark's return x and a symbol's return y. 16 bytes a point.

    A point with a NaN takes a place in the window and does not count as a pair. Figures are computed from the points on demand.
    """

    __slots__ = ("_beta", "_least", "_place", "_volatility", "_x", "_y")

    def __init__(self, size: int, min_observations: int) -> None:
        self._least = min_observations
        self._x = array("d", [nan]) * size
        self._y = array("d", [nan]) * size
        self._place = 0
        self._beta: tuple[float | None] | None = None
        self._volatility: tuple[float | None] | None = None

    def append(self, x: float, y: float) -> None:
        """Take in a point: the benchmark's return, and the symbol's."""
        place = self._place
        self._x[place] = x
        self._y[place] = y
        self._place = place + 1 if place + 1 < len(self._x) else 0
        self._beta = self._volatility = None

    def skip(self, points: int) -> None:
        """Add this number of points without a return, all at once."""
        gone = min(points, len(self._x))
        nothing = np.full(gone, nan)
        x, y = (np.concatenate((np.roll(np.frombuffer(r), -self._place)[gone:], nothing)) for r in (self._x, self._y))
        self.restore(x, y)

    def restore(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
        """Start again with these points, oldest first; if they do not fit, only the latest are kept."""
        kept = min(len(self._x), len(x))
        for ring, points in ((self._x, x), (self._y, y)):
            view = np.frombuffer(ring)
            view[kept:] = nan
            view[:kept] = points[len(points) - kept :]
        self._place = kept % len(self._x)
        self._beta = self._volatility = None

    @property
    def beta(self) -> float | None:
        """Of y to x, by least squares; None with too few pairs, or where x is constant."""
        if self._beta is None:
            self._beta = (self._work_out_beta(),)
        return self._beta[0]

    @property
    def volatility(self) -> float | None:
        """The standard deviation (n − 1) of y, of one step; None with too few points."""
        if self._volatility is None:
            self._volatility = (self._work_out_volatility(),)
        return self._volatility[0]

    def _work_out_beta(self) -> float | None:
        x, y = np.frombuffer(self._x), np.frombuffer(self._y)
        if np.count_nonzero(~(np.isnan(x) | np.isnan(y))) < self._least:
            return None
        found = regression(y, x)
        return found.beta if found is not None else None

    def _work_out_volatility(self) -> float | None:
        y = np.frombuffer(self._y)
        known = y[~np.isnan(y)]
        if len(known) < self._least:
            return None
        return float(known.std(ddof=1)) if known.min() < known.max() else 0.0
