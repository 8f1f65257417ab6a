"""Which strategies have a return at the same points of a window."""

from __future__ import annotations

from typing import Self

import numpy as np

from genesis.analytics.correlation import Flags, Floats, Indices


class GapPatterns:
    """Strategies with the same gaps share a pattern; of each two patterns the points in common are counted.

    Without gaps there is one pattern. A strategy that misses a row which others of its pattern have is split off; patterns that
    have become the same, as the rows in which they differed have left, are put together.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.of: Indices = np.zeros(0, dtype=np.intp)
        """Strategy → its pattern."""
        self.counts: Indices = np.zeros((0, 0), dtype=np.intp)
        """(pattern, pattern) how many points both have."""

    @classmethod
    def of_rows(cls, valid: Flags) -> Self:
        """Those of a table of flags, (t, n)."""
        known: dict[bytes, int] = {}
        made = cls()
        patterns = [known.setdefault(bits.tobytes(), len(known)) for bits in np.packbits(valid, axis=0).T]
        made.rows, made.of = len(valid), np.array(patterns, dtype=np.intp)
        made.counts = np.zeros((len(known), len(known)), dtype=np.intp)
        at_pattern = made.at(valid)
        made.counts = np.rint(at_pattern.T @ at_pattern).astype(np.intp)
        return made

    def __len__(self) -> int:
        """How many patterns there are."""
        return len(self.counts)

    @property
    def size(self) -> int:
        """How many strategies there are."""
        return len(self.of)

    @property
    def points(self) -> Indices:
        """(n,) how many points each strategy has."""
        return self.counts[self.of, self.of]

    @property
    def is_complete(self) -> bool:
        """Whether no strategy has a gap."""
        return len(self) == 1 and int(self.counts[0, 0]) == self.rows

    def short_pairs(self, min_overlap: int) -> int:
        """How many pairs of strategies have fewer points in common than `min_overlap`."""
        members = np.bincount(self.of, minlength=len(self))
        short = self.counts < min_overlap
        return (int(members @ short @ members) - int(members[np.diagonal(short)].sum())) // 2

    def at(self, valid: Flags) -> Floats:
        """(t, patterns) 1 where a pattern has a point, from the strategies' flags, (t, n)."""
        found = np.zeros((len(valid), len(self)))
        found[:, self.of] = valid
        return found

    def tally(self, valid: Flags, sign: int) -> Flags:
        """Count a row in (+1) or out (−1); the patterns that have it."""
        at_pattern = np.zeros(len(self), dtype=np.bool_)
        at_pattern[self.of] = valid
        self.counts += sign * np.outer(at_pattern, at_pattern)
        self.rows += sign
        return at_pattern

    def grow(self, added: int) -> None:
        """Add strategies that have no point yet, in a pattern of their own."""
        self.of = np.concatenate([self.of, np.full(added, len(self))])
        self.counts = np.pad(self.counts, (0, 1))

    def split(self, coming: Flags) -> Indices | None:
        """Split the patterns that have a row in part.

        Returns:
            For each pattern there is now, which of those before it is, or was part of; None if nothing was split.
        """
        present, absent = np.zeros((2, len(self)), dtype=np.bool_)
        present[self.of[coming]] = True
        absent[self.of[~coming]] = True
        mixed = np.flatnonzero(present & absent)
        if not mixed.size:
            return None
        place = np.full(len(self), -1)
        place[mixed] = len(self) + np.arange(len(mixed))
        moves = ~coming & (place[self.of] >= 0)
        self.of[moves] = place[self.of[moves]]
        return self._keep(np.concatenate([np.arange(len(self)), mixed]))

    def merge(self) -> Indices | None:
        """Put patterns together that have become the same; returns as `split`."""
        own = np.diagonal(self.counts)
        same = (self.counts == own) & (self.counts == own[:, None])
        kept, place = np.unique(same.argmax(axis=0), return_inverse=True)
        if len(kept) == len(self):
            return None
        self.of = place[self.of]
        return self._keep(kept)

    def _keep(self, patterns: Indices) -> Indices:
        self.counts = self.counts[np.ix_(patterns, patterns)]
        return patterns
