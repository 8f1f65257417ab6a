"""Holds events back until they are due on the wall clock."""

from __future__ import annotations

import asyncio
import math
from datetime import datetime

from genesis.core.clock import Clock

SHORTEST_SLEEP_SECONDS = 0.002
"""A shorter wait is skipped, and the event comes that much early."""
LONGEST_WORK_SECONDS = 0.01
"""An engine that is behind yields to other tasks at least this often."""


class Pacer:
    """Waits until an event is due: its distance from the first, divided by the speed.

    Deadlines are absolute, so that lateness does not accumulate. `speed`: event seconds per wall second, `inf` for no pacing;
    `duration`: wall seconds, None for no end.
    """

    def __init__(self, clock: Clock, speed: float, duration: float | None) -> None:
        if not speed > 0:
            raise ValueError(f"speed: {speed!r} is not above 0")
        if duration is not None and not duration > 0:
            raise ValueError(f"duration: {duration!r} is not above 0 seconds")
        self._clock = clock
        self._speed = speed
        self._duration = math.inf if duration is None else duration
        self._first: datetime | None = None
        self._began = 0.0
        self._yielded = 0.0

    def start(self, first: datetime) -> None:
        """Start: an event of time `first` is due now."""
        self._first = first
        self._began = self._yielded = self._clock.monotonic()

    async def reach(self, time: datetime) -> bool:
        """Wait until an event of `time` is due, but not beyond the duration; False once the duration is over."""
        if self._first is None:
            self.start(time)
            return True
        due = (time - self._first).total_seconds() / self._speed
        now = self._clock.monotonic()
        wait = min(due, self._duration) - (now - self._began)
        if wait > SHORTEST_SLEEP_SECONDS:
            await asyncio.sleep(wait)
            self._yielded = self._clock.monotonic()
        elif now - self._yielded > LONGEST_WORK_SECONDS:
            await asyncio.sleep(0)
            self._yielded = self._clock.monotonic()
        return due < self._duration and self._clock.monotonic() - self._began < self._duration
