"""Takes a journal's steps as the monitor does, for tests that want no monitor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from genesis.core.errors import JournalError
from genesis.core.models import AnyAccountEvent
from genesis.database.address import Address
from genesis.ledger.journal import MAX_PENDING, Append, AppendResult, Committed, Journal, Recovered


class Bookkeeper:
    """A journal, and the ids of the new events that its books have, in the order in which they were booked."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.booked: list[str] = []
        self.commits: list[int] = []
        """Events of each commit."""
        self.failures: list[JournalError] = []
        self.unbookable: set[str] = set()
        """Ids of events whose booking is to fail."""

    async def append(self, *events: AnyAccountEvent) -> list[AppendResult]:
        one = Append(events)
        await self.journal.append(one)
        return list(one.results)

    async def replayed(self) -> list[AnyAccountEvent]:
        return [event async for batch in self.journal.replay() for _, event in batch]

    async def follow(self) -> None:
        async for step in self.journal.work():
            if isinstance(step, Committed):
                self.commits.append(step.size)
                for append in step.appends:
                    self._book(append)
            elif isinstance(step, Recovered):
                self.booked.append(step.event.event_id)
            else:
                self.failures.append(step.error)

    def _book(self, append: Append) -> None:
        if self.unbookable & {event.event_id for event in append.events}:
            append.done.set_exception(ZeroDivisionError())
            return
        new = (event for event, result in zip(append.events, append.results, strict=True) if result is AppendResult.NEW)
        self.booked += [event.event_id for event in new]
        append.done.set_result(None)


_Keeper = TypeVar("_Keeper", bound=Bookkeeper)


@asynccontextmanager
async def bookkeeper(journal: Journal, kind: type[_Keeper]) -> AsyncIterator[_Keeper]:
    """A bookkeeper of an open journal; at the end the journal takes no more, and what waited is booked."""
    keeper = kind(journal)
    following = asyncio.create_task(keeper.follow())
    await asyncio.sleep(0)  # a journal that is closed before anybody takes steps refuses what waits
    try:
        yield keeper
    finally:
        journal.end()
        await following


@asynccontextmanager
async def kept(where: Address | Path | str, *, max_pending: int = MAX_PENDING) -> AsyncIterator[Bookkeeper]:
    """A journal with a bookkeeper."""
    async with Journal(where, max_pending=max_pending) as journal, bookkeeper(journal, Bookkeeper) as keeper:
        yield keeper
