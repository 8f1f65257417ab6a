"""A monitor on past events: its clock follows the events, and it is read at each step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from genesis.configuration import Settings
from genesis.core.models import AnyEvent
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.snapshot import MonitorSnapshot

_MOST_WAITING = 1000
"""Events of one step that are passed on in one batch."""
Read = Callable[[MonitorSnapshot, float], None]
"""Takes a snapshot and its time in seconds since 1970."""


class EventClock:
    """A clock that is set to the time of the events."""

    def __init__(self, at: float) -> None:
        self._at = at

    def set(self, at: float) -> None:
        """Set the time; it never goes back."""
        self._at = max(self._at, at)

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._at, UTC)

    def timestamp(self) -> float:
        return self._at

    def monotonic(self) -> float:
        return self._at


class Recorder:
    """Passes events to a monitor in their order, and reads it every `step` seconds from `start` on."""

    def __init__(self, settings: Settings, journal: Journal, read: Read, *, start: float, step: float) -> None:
        """`journal` is empty, in memory, and open."""
        self._clock = EventClock(start)
        events = settings.monitor.events.model_copy(update={"max_future_seconds": None})
        self._monitor = StrategyPerformanceMonitor(
            settings.monitor.model_copy(update={"events": events}),
            settings.rules,
            journal,
            self._clock,
            configured=settings.strategies.strategies,
        )
        self._read = read
        self._start = start
        self._step = step
        self._steps = 0
        self._waiting: list[AnyEvent] = []

    @property
    def due(self) -> float:
        """The time of the next reading, in seconds since 1970."""
        return self._start + self._steps * self._step

    async def begin(self) -> None:
        """Await this before the first event."""
        await self._monitor.restore()

    async def take(self, event: AnyEvent) -> None:
        """Read the monitor at the steps before `event`, then pass it on with the others of its step."""
        at = event.time.timestamp()
        if at > self.due:
            await self.reach(at)
        self._waiting.append(event)
        if len(self._waiting) >= _MOST_WAITING:
            await self._pass_on()

    async def reach(self, until: float) -> None:
        """Pass on the waiting events, and read the monitor at all steps before `until`."""
        await self._pass_on()
        while self.due < until:
            self._clock.set(self.due)
            self._read(self._monitor.snapshot(), self.due)
            self._steps += 1

    async def _pass_on(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            self._clock.set(max(event.time.timestamp() for event in waiting))
            await self._monitor.handle_batch(waiting)
