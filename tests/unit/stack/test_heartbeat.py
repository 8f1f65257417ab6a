"""The dead man's switch tells once when the heartbeat stops, and once when it is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from genesis.core.clock import SystemClock
from genesis.stack.heartbeat import MISSED, WATCHDOG, Heartbeat, Pulse
from genesis.stack.sink import Notification, NotifiedAlert, Status
from tests.integration.waiting import SOON

INTERVAL = 0.03
LIMIT = MISSED * INTERVAL


def note(name: str = WATCHDOG, status: Status = "firing") -> Notification:
    return Notification(datetime.now(UTC), "heartbeat", status, (NotifiedAlert(status, {"alertname": name}),))


@asynccontextmanager
async def watched(heartbeat: Heartbeat) -> AsyncIterator[None]:
    watching = asyncio.create_task(heartbeat.watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not condition():  # noqa: ASYNC110 - what is waited for is that nothing comes
            await asyncio.sleep(INTERVAL / 10)


async def test_a_heartbeat_that_stops_is_told_once_and_so_is_its_return() -> None:
    told: list[Pulse] = []
    heartbeat = Heartbeat(timedelta(seconds=INTERVAL), SystemClock(), told.append)
    async with watched(heartbeat):
        heartbeat.hear(note())
        await until(lambda: bool(told))
        await asyncio.sleep(2 * LIMIT)
        assert [pulse.alive for pulse in told] == [False]
        assert told[0].silence.total_seconds() >= LIMIT
        assert not heartbeat.alive
        heartbeat.hear(note())
        await until(lambda: heartbeat.alive)
        assert [pulse.alive for pulse in told[:2]] == [False, True]
        assert told[1].silence.total_seconds() >= 3 * LIMIT
        await until(lambda: not heartbeat.alive)


async def test_a_heartbeat_that_never_came_is_missed_too() -> None:
    told: list[Pulse] = []
    async with watched(Heartbeat(timedelta(seconds=INTERVAL), SystemClock(), told.append)):
        await until(lambda: bool(told))
    assert not told[0].alive


async def test_another_alert_or_a_resolved_watchdog_is_no_heartbeat() -> None:
    heartbeat = Heartbeat(timedelta(seconds=INTERVAL), SystemClock())
    async with watched(heartbeat):
        async with asyncio.timeout(SOON):
            while heartbeat.alive:
                heartbeat.hear(note(status="resolved"))
                heartbeat.hear(note("MonitorDown"))
                await asyncio.sleep(INTERVAL / 10)


async def test_a_heartbeat_that_comes_in_time_is_not_worth_a_word() -> None:
    told: list[Pulse] = []
    heartbeat = Heartbeat(timedelta(seconds=1), SystemClock(), told.append)
    async with watched(heartbeat):
        for _ in range(5):
            heartbeat.hear(note())
            await asyncio.sleep(INTERVAL)
    assert told == []


def test_what_is_said_names_the_silence_and_what_it_means() -> None:
    lost = Pulse(alive=False, silence=timedelta(seconds=180.4))
    assert str(lost) == "no heartbeat for 3m: Prometheus or Alertmanager is broken, and no alert would arrive"
    assert str(Pulse(alive=True, silence=timedelta(seconds=250))) == "the heartbeat is back after 4m10s"
