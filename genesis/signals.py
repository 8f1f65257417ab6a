"""Signals as events: Ctrl-C and SIGTERM end a process in order and only once, SIGHUP lets a service read its files again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_event(say: Callable[[str], None], hangup: asyncio.Event | None = None) -> Iterator[asyncio.Event]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets; a further one only says that the shutdown is under way.

    With `hangup`, a SIGHUP sets that event instead, and never `stop`: a service reads its configuration again (`at_each`).
    Without, the process belongs to its terminal, and ends in order when that is closed.

    After a stop the signals are ignored until the process ends. A handler is not enough: while the
    interpreter shuts down, it restores the default action of every signal with a handler.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_loop(number: int) -> None:
        if number == signal.SIGHUP and hangup is not None:
            hangup.set()
            return
        text = "already stopping, a moment ..." if stop.is_set() else "stopping ..."
        stop.set()
        with suppress(OSError):  # the terminal is closed, which is what SIGHUP says
            say(text)

    def on_signal(number: int, _: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: the process is about to end
            loop.call_soon_threadsafe(on_loop, number)

    before = {number: signal.signal(number, on_signal) for number in _STOPPING}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stop.is_set() else handler)


async def at_each(event: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
    """Do `work` each time that `event` is set; once more afterwards if it is set meanwhile. Ends when it is cancelled."""
    while True:
        await event.wait()
        event.clear()
        await work()


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, _Result]) -> _Result | None:
    """The result of `work`; or None when `stop` is set first: then `work` is cancelled, and has ended."""
    working = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        for task in (working, stopping):
            task.cancel()
        await asyncio.gather(working, stopping, return_exceptions=True)
