"""What a fault on the way does to a page: it comes late, but it comes, once; and so does its end.

Each story has a stack of its own, and all of them run at the same time: waiting is most of what they do.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from aiohttp import web

from genesis import programs
from genesis.alerts.catalog.alerting import WATCHDOG
from genesis.alerts.catalog.losses import STRATEGY_DRAWDOWN
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.programs import Program
from genesis.stack.heartbeat import MISSED, Heartbeat, Pulse
from genesis.stack.native import RESEND_DELAY, Service
from genesis.stack.sink import Notification, NotificationSink, Status
from tests.integration.conftest import ROOT
from tests.integration.waiting import SOON, until
from tests.integration.whole_way import SCRAPES_FIRST, Way, open_position, quote, running

AWAY = 15.0
"""Seconds for which a program is away, or the receiver broken."""
QUICK = timedelta(seconds=2)
"""The resend delay of most stories: the stack's own would make them long."""
KEPT = 12.0
"""Seconds after which Alertmanager has on disk what it notified."""
SETTLED = 5.0
"""Seconds in which what is told twice would be told: Prometheus sends again, Alertmanager looks at its groups, both twice."""
HEARTBEATS = timedelta(seconds=2)

pytestmark = [pytest.mark.usefixtures("real_programs"), pytest.mark.real_time]


class Faulty(NotificationSink):
    """A receiver that can be broken, and listens to the heartbeat."""

    def __init__(self) -> None:
        self.broken = False
        self.pulses: list[Pulse] = []
        self.heartbeat = Heartbeat(HEARTBEATS, SystemClock(), self.pulses.append)
        super().__init__(SystemClock(), self.heartbeat.hear)

    async def _receive(self, request: web.Request) -> web.Response:
        return web.Response(status=500) if self.broken else await super()._receive(request)

    def pages(self, status: Status) -> list[Notification]:
        """The notifications of the drawdown that came to the pager."""
        return [
            note
            for note in self.notifications
            if note.receiver == "page" and any((one.name, one.status) == ("StrategyDrawdown", status) for one in note.alerts)
        ]

    async def paged(self, status: Status) -> None:
        await until(lambda: bool(self.pages(status)))


Story = Callable[[Way, Faulty], Awaitable[None]]


async def loses(way: Way) -> None:
    await way.app.monitor.handle(quote("88"))  # 12 % below the peak; critical from 10 % on


async def recovers_and_it_is_told_once(way: Way, sink: Faulty) -> None:
    await way.app.monitor.handle(quote("101"))
    await sink.paged("resolved")
    await asyncio.sleep(SETTLED)
    assert (len(sink.pages("firing")), len(sink.pages("resolved"))) == (1, 1)


async def alertmanager_is_away(way: Way, sink: Faulty) -> None:
    await stop(way, programs.ALERTMANAGER)
    await loses(way)
    await asyncio.sleep(AWAY)
    await start(way, programs.ALERTMANAGER)
    await sink.paged("firing")
    await recovers_and_it_is_told_once(way, sink)


async def receiver_is_broken(way: Way, sink: Faulty) -> None:
    sink.broken = True
    await loses(way)
    await asyncio.sleep(AWAY)
    sink.broken = False
    await sink.paged("firing")
    await recovers_and_it_is_told_once(way, sink)


async def prometheus_is_killed(way: Way, sink: Faulty) -> None:
    await loses(way)
    await sink.paged("firing")
    await kill(way, programs.PROMETHEUS)
    await start(way, programs.PROMETHEUS)
    await way.stack.scraping()
    await asyncio.sleep(SETTLED)
    assert sink.pages("resolved") == []
    await recovers_and_it_is_told_once(way, sink)


async def alertmanager_is_killed(way: Way, sink: Faulty) -> None:
    await loses(way)
    await sink.paged("firing")
    await asyncio.sleep(KEPT)
    await kill(way, programs.ALERTMANAGER)
    await start(way, programs.ALERTMANAGER)
    await asyncio.sleep(SETTLED)
    await recovers_and_it_is_told_once(way, sink)


async def recovery_while_alertmanager_is_away(way: Way, sink: Faulty) -> None:
    await loses(way)
    await sink.paged("firing")
    await stop(way, programs.ALERTMANAGER)
    await way.app.monitor.handle(quote("101"))
    await asyncio.sleep(SETTLED)
    await start(way, programs.ALERTMANAGER)
    await recovers_and_it_is_told_once(way, sink)


async def heartbeat_stops(way: Way, sink: Faulty, program: Program) -> None:
    watching = asyncio.create_task(sink.heartbeat.watch())
    await asyncio.sleep(MISSED * HEARTBEATS.total_seconds() + 1)
    assert sink.pulses == []  # as long as all runs, there is nothing to tell
    await stop(way, program)
    await until(lambda: bool(sink.pulses))
    await start(way, program)
    await until(lambda: sink.heartbeat.alive)
    assert [pulse.alive for pulse in sink.pulses] == [False, True]
    watching.cancel()


UNHURRIED = {prometheus_is_killed}
"""Stories with the stack's own resend delay: in four of them, Prometheus has to be back."""
STORIES: dict[str, Story] = {
    "Alertmanager is away": alertmanager_is_away,
    "the receiver is broken": receiver_is_broken,
    "Prometheus is killed": prometheus_is_killed,
    "Alertmanager is killed": alertmanager_is_killed,
    "a recovery while Alertmanager is away": recovery_while_alertmanager_is_away,
    "no heartbeat from Alertmanager": partial(heartbeat_stops, program=programs.ALERTMANAGER),
    "no heartbeat from Prometheus": partial(heartbeat_stops, program=programs.PROMETHEUS),
}


def service(way: Way, program: Program) -> Service:
    found = way.stack.service(program)
    assert found is not None
    return found


async def stop(way: Way, program: Program) -> None:
    await service(way, program).child.stop()


async def kill(way: Way, program: Program) -> None:
    """SIGKILL: it gets no chance to do anything."""
    child = service(way, program).child
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    await child.ended()


async def start(way: Way, program: Program) -> None:
    """Start a program again, and wait until it is ready."""
    found = service(way, program)
    await found.child.start()
    await found.child.ready(f"{found.url}/-/ready", SOON)


def impatient() -> Settings:
    """The repository's settings, with an alert that ends soon and heartbeats that come often."""
    loaded = load_settings(ROOT / "config")
    quick = loaded.alerts.alerts.changed(STRATEGY_DRAWDOWN, keep_firing_for=timedelta(seconds=1))
    changed = {"alerts": quick.changed(WATCHDOG, repeat_interval=HEARTBEATS), "group_interval": timedelta(seconds=1)}
    return loaded._replace(alerts=loaded.alerts.model_copy(update=changed))


async def told(story: Story, data: Path) -> BaseException | None:
    """Run one story; what went wrong in it."""
    sink = Faulty()
    try:
        async with running(impatient(), data, sink, RESEND_DELAY if story in UNHURRIED else QUICK) as way:
            await open_position(way.app)
            await asyncio.sleep(SCRAPES_FIRST)
            await story(way, sink)
    except BaseException as error:  # the test of this story raises it
        return error
    return None


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, BaseException | None]:
    """What went wrong in each story."""

    async def all_of_them() -> list[BaseException | None]:
        return await asyncio.gather(*(told(story, tmp_path_factory.mktemp("story")) for story in STORIES.values()))

    found = dict(zip(STORIES, asyncio.run(all_of_them()), strict=True))
    # Seven stacks at once are a lot for a busy machine: what goes wrong among them has to go wrong alone too.
    return {
        name: None if error is None else asyncio.run(told(STORIES[name], tmp_path_factory.mktemp("again")))
        for name, error in found.items()
    }


@pytest.mark.parametrize("story", STORIES)
def test_a_page_and_its_end_are_told_once_and_a_silent_heartbeat_is_noticed(
    outcomes: dict[str, BaseException | None], story: str
) -> None:
    if (error := outcomes[story]) is not None:
        raise error
