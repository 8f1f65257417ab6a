"""Ctrl-C and SIGTERM as an event, so that a shutdown runs in order and only once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, TypeVar

_Result = TypeVar("_Result")

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stop_event(say: Callable[[str], None], hangup: Callable[[], None] | None = None) -> Iterator[asyncio.Event]:
    """An event that the first SIGINT, SIGTERM or SIGHUP sets; a further one only says that the shutdown is under way.

    `hangup` is called at a SIGHUP instead, unless the shutdown is under way: where it means to read the configuration again.

    After a stop the signals are ignored until the process ends. A handler would not do: the interpreter gives the default
    action back to every signal that has one while it closes its last things.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_loop(number: int) -> None:
        if number == signal.SIGHUP and hangup is not None and not stop.is_set():
            hangup()
            return
        say("already stopping, a moment ..." if stop.is_set() else "stopping ...")
        stop.set()

    def on_signal(number: int, _: FrameType | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: the process is about to end
            loop.call_soon_threadsafe(on_loop, number)

    before = {number: signal.signal(number, on_signal) for number in _STOPPING}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stop.is_set() else handler)


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
