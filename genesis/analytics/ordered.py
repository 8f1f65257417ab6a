"""The returns of a sliding window in the order of their size."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from math import isnan

import numpy as np
from numpy.typing import NDArray

_FEW = 64  # up to this many numbers a plain sum is faster


class OrderedReturns:
    """At most `size` returns, smallest first. NaN is not a return and is left out."""

    __slots__ = ("_bytes", "_view", "count", "values")

    def __init__(self, size: int) -> None:
        self.values = array("d", bytes(8 * size))
        """The first `count` are the returns; the values after them are unused."""
        self._bytes = memoryview(self.values)
        self._view = np.frombuffer(self.values)
        self.count = 0

    def restore(self, points: NDArray[np.float64]) -> None:
        """Hold these and nothing else; NaN among them is left out."""
        known = np.sort(points[~np.isnan(points)])
        self.count = len(known)
        self._view[: self.count] = known

    def replace(self, left: float, entered: float) -> None:
        """Remove `left`, which must be present, and insert `entered`; NaN for none."""
        values, moved = self.values, self._bytes
        count = self.count
        if not (isnan(left) or isnan(entered)):
            gone = bisect_left(values, left, 0, count)
            place = bisect_left(values, entered, 0, count)
            if place > gone:
                place -= 1
                moved[gone:place] = moved[gone + 1 : place + 1]
            else:
                moved[place + 1 : gone + 1] = moved[place:gone]
            values[place] = entered
        elif not isnan(left):
            gone = bisect_left(values, left, 0, count)
            moved[gone : count - 1] = moved[gone + 1 : count]
            self.count = count - 1
        elif not isnan(entered):
            place = bisect_left(values, entered, 0, count)
            moved[place + 1 : count + 1] = moved[place:count]
            values[place] = entered
            self.count = count + 1

    def mean_of_smallest(self, number: int) -> float:
        """Mean of the `number` smallest returns, of which there must be as many."""
        if number <= _FEW:
            return sum(self.values[:number]) / number
        return float(np.add.reduce(self._view[:number])) / number
