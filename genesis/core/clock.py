"""Wall time, injected. Event time comes with the events; this clock is only for staleness and latency."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of wall time."""

    def now(self) -> datetime:
        """The current wall time, in UTC."""
        ...

    def timestamp(self) -> float:
        """The current wall time, in seconds since 1970."""
        ...

    def monotonic(self) -> float:
        """Seconds from a fixed, arbitrary instant; never goes back. For durations."""
        ...


class SystemClock:
    """The machine's own clock."""

    timestamp = staticmethod(time.time)
    monotonic = staticmethod(time.perf_counter)

    def now(self) -> datetime:
        return datetime.now(UTC)
