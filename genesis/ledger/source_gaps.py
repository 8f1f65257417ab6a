"""Which of a source's numbered events have come, and which have not.

A source may number its account events one after the other. Everything here follows from the journal's events in their order,
so that a restart gives it back. The memory is bounded, whatever numbers and names come.
"""

from __future__ import annotations

import enum
from bisect import bisect_right

import msgspec

MAX_SOURCES = 100
MAX_GAPS = 1000


class NumberOrder(enum.Enum):
    """How an event's number stands to those of its source that came before."""

    NEXT = "next"
    """The first of its source, or one more than the highest."""
    AHEAD = "ahead"
    """Further on: those between are missing from now on."""
    FILLER = "filler"
    """One that was missing."""
    REPEATED = "repeated"
    """Not above the highest, and not missing: the source counts anew, or twice."""


class Gap(msgspec.Struct, array_like=True):
    """Numbers that have not come, `first` and `last` among them."""

    first: int
    last: int


class SourceSequence(msgspec.Struct, kw_only=True):
    """The numbers of one source. The first number seen is where it begins: what was before is not missed."""

    highest: int
    gaps: list[Gap] = msgspec.field(default_factory=list)
    """Ascending; at most `MAX_GAPS`, the newest."""
    given_up: int = 0
    """Missing numbers of older gaps, which are no longer known one by one: their fillers count as repeated."""
    counts: dict[NumberOrder, int] = msgspec.field(default_factory=lambda: dict.fromkeys(NumberOrder, 0))

    @property
    def missing(self) -> int:
        """How many numbers below the highest have not come."""
        return self.given_up + sum(gap.last - gap.first + 1 for gap in self.gaps)

    def observe(self, seq: int) -> NumberOrder:
        """Take in the number of the next event of the journal."""
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
    """The sources that number their events, those heard longest ago first."""

    sources: dict[str, SourceSequence] = msgspec.field(default_factory=dict)
    forgotten: int = 0
    """Sources that were dropped to make room for new ones; should one come back, it begins anew."""

    def observe(self, source: str, seq: int) -> NumberOrder:
        """Take in the number of the next event of the journal."""
        known = self.sources.pop(source, None)
        if known is None:
            self._make_room()
            known = SourceSequence(highest=seq - 1)
        self.sources[source] = known
        return known.observe(seq)

    def _make_room(self) -> None:
        """Drop a source whose events all came, and if there is none, one that misses some; the longest unheard first."""
        if len(self.sources) < MAX_SOURCES:
            return
        complete = (name for name, sequence in self.sources.items() if not sequence.missing)
        del self.sources[next(complete, next(iter(self.sources)))]
        self.forgotten += 1
