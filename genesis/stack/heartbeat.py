"""A dead man's switch: the Watchdog's notifications are the heartbeat; it reports when they stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

import structlog

from genesis.core.clock import Clock
from genesis.core.duration import duration_text
from genesis.stack.sink import Notification

_log = structlog.get_logger(__name__)

WATCHDOG = "Watchdog"
MISSED = 3
"""How many heartbeats must be missing: one may be late when a program is restarted."""


class Pulse(NamedTuple):
    """The heartbeat stopped or came back. `silence`: time since the last heartbeat, or since the start."""

    alive: bool
    silence: timedelta

    def __str__(self) -> str:
        seconds = duration_text(timedelta(seconds=round(self.silence.total_seconds())))
        if self.alive:
            return f"the heartbeat is back after {seconds}"
        return f"no heartbeat for {seconds}: Prometheus or Alertmanager is broken, and no alert would arrive"


class Heartbeat:
    """Receives every notification in `hear`; `watch` reports when heartbeats stop and when they come back.

    `interval` is the Watchdog's repeat_interval. Until the first heartbeat, silence counts from the start of `watch`.
    """

    def __init__(self, interval: timedelta, clock: Clock, on_change: Callable[[Pulse], None] = lambda _: None) -> None:
        self._limit = MISSED * interval.total_seconds()
        self._clock = clock
        self._on_change = on_change
        self._beat = asyncio.Event()
        self._alive = True

    @property
    def alive(self) -> bool:
        """Whether the last heartbeat is recent."""
        return self._alive

    def hear(self, notification: Notification) -> None:
        """Receive a notification. A resolved Watchdog is not a heartbeat: it means that Prometheus has stopped."""
        if any(alert.name == WATCHDOG and alert.status == "firing" for alert in notification.alerts):
            self._beat.set()

    async def watch(self) -> None:
        """Report every change, until cancelled."""
        last = self._clock.monotonic()
        while True:
            try:
                async with asyncio.timeout(self._limit):
                    await self._beat.wait()
            except TimeoutError:
                self._report(alive=False, last=last)
                await self._beat.wait()
            self._beat.clear()
            if not self._alive:
                self._report(alive=True, last=last)
            last = self._clock.monotonic()

    def _report(self, *, alive: bool, last: float) -> None:
        self._alive = alive
        pulse = Pulse(alive, timedelta(seconds=self._clock.monotonic() - last))
        if alive:
            _log.info("heartbeat back", silence=duration_text(pulse.silence))
        else:
            _log.error("heartbeat lost", silence=duration_text(pulse.silence))
        self._on_change(pulse)
