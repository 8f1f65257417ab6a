"""The last rows of a table of returns, oldest first."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_SPARE = 4
"""The spare room is the capacity divided by this, so that rows rarely move to the front."""


class RowRing:
    """Rows of float64, one column a name; columns are added as names come, and a name that a row lacks is NaN in it."""

    def __init__(self, capacity: int) -> None:
        """`capacity`: how many rows are kept."""
        self.columns: dict[str, int] = {}
        self._capacity = capacity
        self._rows = np.full((capacity + max(capacity // _SPARE, 16), 4), np.nan)
        self._start = self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    def append(self, row: Mapping[str, float]) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Add a row, given by name; (the new row, the row that left or None), of all columns, valid until the next call."""
        for name in row:
            if name not in self.columns:
                self._add_column(name)
        if self._end == len(self._rows):
            kept = self._rows[self._start : self._end].copy()
            self._rows[: len(kept)] = kept
            self._start, self._end = 0, len(kept)
        width = len(self.columns)
        entering = self._rows[self._end]
        entering[:] = np.nan
        for name, value in row.items():
            entering[self.columns[name]] = value
        self._end += 1
        leaving = None
        if len(self) > self._capacity:
            leaving = self._rows[self._start, :width]
            self._start += 1
        return entering[:width], leaving

    def rows(self) -> NDArray[np.float64]:
        """All rows, oldest first, (rows, columns); a view, valid until the next `append`."""
        return self._rows[self._start : self._end, : len(self.columns)]

    def _add_column(self, name: str) -> None:
        column = self.columns[name] = len(self.columns)
        if column == self._rows.shape[1]:
            wider = np.full((len(self._rows), 2 * column), np.nan)
            wider[:, :column] = self._rows
            self._rows = wider
        self._rows[:, column] = np.nan
