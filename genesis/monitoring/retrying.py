"""Delivery from an engine in this process: it waits while the journal cannot keep events, and loses none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from genesis.core.errors import JournalError
from genesis.core.models import AnyEvent
from genesis.core.receipt import Receipt

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two attempts: twice as long each time."""

_log = structlog.get_logger(__name__)


class RetryingHandler:
    """`await delivery(event)` returns once the event is taken in, however long the journal fails."""

    def __init__(self, handle: Callable[[AnyEvent], Awaitable[Receipt]]) -> None:
        self._handle = handle
        self._waiting = False

    async def __call__(self, event: AnyEvent) -> Receipt:
        """Take in one event. If it was kept although a call failed, it is a duplicate at the next attempt, and booked once.

        Raises:
            JournalError: trying again would not help.
        """
        pause = FIRST_PAUSE
        while True:
            try:
                receipt = await self._handle(event)
            except JournalError as error:
                if not error.retryable:
                    raise
                self._log_change(error)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                if self._waiting:
                    self._log_change(None)
                return receipt

    def _log_change(self, error: JournalError | None) -> None:
        if error is not None and not self._waiting:
            _log.warning("the engine waits for the journal", reason=str(error))
        elif error is None:
            _log.info("the engine goes on")
        self._waiting = error is not None
