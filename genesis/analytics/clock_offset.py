"""How far a source's clock seems to be from ours, estimated from its events alone."""

from __future__ import annotations

WINDOW_SECONDS = 60.0
MAX_SOURCES = 100


class ClockOffset:
    """The largest (event time − arrival) of the last one to two minutes, in seconds.

    The event with the shortest delay says most about the clock. Above 0, the source's clock is ahead of ours by at least
    that much; below 0, its clock is behind, or its events take that long, or both.
    """

    __slots__ = ("_best", "_previous", "_since")

    def __init__(self, offset: float, now: float) -> None:
        self._best = offset
        self._previous = offset
        self._since = now

    def record(self, offset: float, now: float) -> None:
        """Take in one event; `now` is a monotonic time, in seconds."""
        if now - self._since >= WINDOW_SECONDS:
            self._previous = self._best if self.is_recent(now) else offset
            self._best, self._since = offset, now
        elif offset > self._best:
            self._best = offset

    def is_recent(self, now: float) -> bool:
        return now - self._since < 2 * WINDOW_SECONDS

    def value(self, now: float) -> float | None:
        """The offset, in seconds; None without a recent event."""
        if not self.is_recent(now):
            return None
        return max(self._best, self._previous) if now - self._since < WINDOW_SECONDS else self._best


class ClockOffsets:
    """One offset a source, for as many sources as fit; a new one takes the place of one that fell silent."""

    def __init__(self) -> None:
        self._sources: dict[str, ClockOffset] = {}

    def record(self, source: str, offset: float, now: float) -> None:
        """Take in an event: `offset` is its time less its arrival, in seconds."""
        known = self._sources.get(source)
        if known is not None:
            known.record(offset, now)
        elif len(self._sources) < MAX_SOURCES or self._forget(now):
            self._sources[source] = ClockOffset(offset, now)

    def values(self, now: float) -> dict[str, float]:
        """Source → offset, of the sources with a recent event."""
        found = {source: known.value(now) for source, known in self._sources.items()}
        return {source: value for source, value in found.items() if value is not None}

    def _forget(self, now: float) -> bool:
        """Drop those that fell silent; whether there is room now."""
        self._sources = {source: known for source, known in self._sources.items() if known.is_recent(now)}
        return len(self._sources) < MAX_SOURCES
