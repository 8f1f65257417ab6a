"""Gaps in the numbered events of a source: which numbers arrived, and which are missing.

A source may number its account events in sequence. Everything here is computed from the journal's events in their order, so a
replay after a restart gives the same result. The memory is bounded for any numbers and names.
"""

from __future__ import annotations

import enum
from bisect import bisect_right

import msgspec

MAX_SOURCES = 100
MAX_GAPS = 1000


class NumberOrder(enum.Enum):
    """How an event's number compares with the earlier ones of its source."""

    NEXT = "next"
    """The first of its source, or one more than the highest."""
    AHEAD = "ahead"
    """Higher than the next one: the numbers between are now missing."""
    FILLER = "filler"
    """A number that was missing."""
    REPEATED = "repeated"
    """Not above the highest, and not missing: the source restarted its numbers, or used one twice."""


class Gap(msgspec.Struct, array_like=True):
    """Missing numbers, from `first` to `last`, both included."""

    first: int
    last: int


class SourceSequence(msgspec.Struct, kw_only=True):
    """The numbers of one source. The first number seen is the start: lower ones do not count as missing."""

    highest: int
    gaps: list[Gap] = msgspec.field(default_factory=list)
    """The newest gaps, at most `MAX_GAPS`, ascending."""
    given_up: int = 0
    """How many numbers were missing in older gaps that were dropped. If one of them still arrives, it counts as repeated."""
    counts: dict[NumberOrder, int] = msgspec.field(default_factory=lambda: dict.fromkeys(NumberOrder, 0))

    @property
    def missing(self) -> int:
        """How many numbers below the highest are missing."""
        return self.given_up + sum(gap.last - gap.first + 1 for gap in self.gaps)

    def observe(self, seq: int) -> NumberOrder:
        """Count the number of the next event in the journal; returns how it compares with earlier ones."""
        order = self._place(seq)
        self.counts[order] += 1
        if len(self.gaps) > MAX_GAPS:
            oldest = self.gaps.pop(0)
            self.given_up += oldest.last - oldest.first + 1
        return order

    def _place(self, seq: int) -> NumberOrder:
        if seq > self.highest:
            before, self.highest = self.highest, seq
            if seq == before + 1:
                return NumberOrder.NEXT
            self.gaps.append(Gap(before + 1, seq - 1))
            return NumberOrder.AHEAD
        index = bisect_right(self.gaps, seq, key=lambda gap: gap.first) - 1
        if index < 0 or seq > self.gaps[index].last:
            return NumberOrder.REPEATED
        gap = self.gaps[index]
        parts = [Gap(gap.first, seq - 1), Gap(seq + 1, gap.last)]
        self.gaps[index : index + 1] = [part for part in parts if part.first <= part.last]
        return NumberOrder.FILLER


class Sequences(msgspec.Struct, kw_only=True):
    """The sources that number their events; the one with the oldest last event comes first."""

    sources: dict[str, SourceSequence] = msgspec.field(default_factory=dict)
    forgotten: int = 0
    """How many sources were dropped to make room for new ones. One that comes back starts again, without gaps."""

    def observe(self, source: str, seq: int) -> NumberOrder:
        """Count the number of the next event in the journal; returns how it compares with earlier ones."""
        known = self.sources.pop(source, None)
        if known is None:
            self._make_room()
            known = SourceSequence(highest=seq - 1)
        self.sources[source] = known
        return known.observe(seq)

    def _make_room(self) -> None:
        """At `MAX_SOURCES`, drop the source silent for longest: one without missing numbers if there is one, else any."""
        if len(self.sources) < MAX_SOURCES:
            return
        complete = (name for name, sequence in self.sources.items() if not sequence.missing)
        del self.sources[next(complete, next(iter(self.sources)))]
        self.forgotten += 1
