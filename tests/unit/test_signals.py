"""SIGHUP: a service reads its files again, everything else ends with its terminal."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager

import pytest

from genesis.signals import at_each, stop_event, unless_stopped


async def soon(what: Awaitable[object]) -> None:
    """Only a failure takes so long."""
    async with asyncio.timeout(10):
        await what


@contextmanager
def handlers_kept() -> Iterator[None]:
    """After a stop, `stop_event` leaves the signals ignored: this process goes on with those that it had."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def test_with_a_hangup_event_a_hangup_sets_that_and_stops_nothing() -> None:
    hangup = asyncio.Event()
    with stop_event(pytest.fail, hangup) as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        await soon(hangup.wait())
        assert not stop.is_set()


async def test_without_a_hangup_event_a_hangup_stops() -> None:
    said: list[str] = []
    with handlers_kept(), stop_event(said.append) as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        await soon(stop.wait())
    assert said == ["stopping ..."]


async def test_work_is_done_at_each_event_and_once_more_if_it_comes_meanwhile() -> None:
    event, stop = asyncio.Event(), asyncio.Event()
    done = 0

    async def work() -> None:
        nonlocal done
        done += 1
        if done == 1:
            event.set()
            event.set()
            await asyncio.sleep(0)
        else:
            stop.set()

    event.set()
    await soon(unless_stopped(stop, at_each(event, work)))
    assert done == 2


async def test_a_closed_terminal_keeps_no_process_from_stopping() -> None:
    def say(_: str) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with handlers_kept(), stop_event(say) as stop:
        os.kill(os.getpid(), signal.SIGHUP)
        await soon(stop.wait())
