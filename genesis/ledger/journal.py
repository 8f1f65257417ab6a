"""The durable, ordered, idempotent log of account events: appends that come together share one commit.

An event is committed and synced before `append` returns. Its identity is (source, event_id). All work on the database is
done by one thread, so the event loop never waits for a disk or a server.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import structlog

from genesis.core.clock import Clock, SystemClock
from genesis.core.errors import JournalBusyError, JournalError
from genesis.core.models import AnyAccountEvent
from genesis.database.address import Address, address
from genesis.ledger.points import NO_POINTS, Points
from genesis.ledger.rows import Row
from genesis.ledger.store import AppendResult, Sequenced, Store

__all__ = ["AppendResult", "Journal"]

MAX_PENDING = 50_000
"""Events that may wait for their commit."""
_MAX_COMMIT = 1_000
"""Events from which on a commit takes no further append: the event loop books them in one go."""
_REPLAY_BATCH = 2_000
_LOOK_AGAIN = 1.0
"""Seconds after which a broken connection is tried again, if no append does so sooner."""
_Result = TypeVar("_Result")

_log = structlog.get_logger(__name__)


class _Append(NamedTuple):
    """Events that wait for their commit, and who waits for them."""

    events: Sequence[AnyAccountEvent]
    book: Callable[[Sequence[AppendResult]], None]
    done: asyncio.Future[None]


class Journal:
    """A database of events, written by this process alone."""

    def __init__(
        self,
        where: Address | Path | str,
        *,
        clock: Clock | None = None,
        max_pending: int = MAX_PENDING,
        read_only: bool = False,
    ) -> None:
        """`where`: an address, a file (made where missing, in a folder that exists), or ":memory:", which keeps nothing.

        `read_only`: look into it only, beside a monitor that may have it open.
        """
        self.address = where if isinstance(where, Address) else address(where)
        self.last_sequence = 0
        """Sequence of the newest event that is durable and booked; 0 if there is none."""
        self.pending = 0
        """Events that wait for their commit."""
        self.recovered: Callable[[int, AnyAccountEvent], Awaitable[None]] = _left
        """Awaited with each event that turns out to be durable though its append failed, in order and before any later one."""
        self.committed: Callable[[int], None] = _nothing
        """Called with the number of events after each commit."""
        self.failed: Callable[[JournalError], None] = _nothing
        """Called after each commit that failed, also those that only try whether it works again."""
        self._store = Store(self.address, clock or SystemClock(), read_only=read_only)
        self._max_pending = max_pending
        self._read_only = read_only
        self._queue: deque[_Append] = deque()
        self._arrived = asyncio.Event()
        self._out_of_order = False
        self._closing = True
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")

    @property
    def count(self) -> int:
        """Events in the journal; sequences have no gaps."""
        return self.last_sequence

    async def __aenter__(self) -> Journal:
        try:
            await self._run(self._store.open)
        except BaseException:
            self._thread.shutdown()
            raise
        self.last_sequence = self._store.last_sequence
        self._closing = False
        self._worker = asyncio.create_task(self._work())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing = True
        self._arrived.set()
        if self._worker is not None:
            await self._worker
        await self._run(self._store.close)
        self._thread.shutdown()

    async def append(self, events: Sequence[AnyAccountEvent], book: Callable[[Sequence[AppendResult]], None]) -> None:
        """Commit the new ones among `events`, in their order, whole or not at all; then call `book` with what became of each.

        `book` is called in the journal's order, even when the caller is cancelled meanwhile.

        Raises:
            JournalBusyError: too many events wait; nothing of these was taken.
            JournalError: `book` is not called; the message says why. If it is `retryable`, send them again: should they turn
                out to be durable after all, they go to `recovered`, and are duplicates then.
        """
        if self._closing or self._read_only:
            raise JournalError(f"journal {self.address}: is not open", retryable=True)
        if self.pending and self.pending + len(events) > self._max_pending:
            raise JournalBusyError(
                f"journal {self.address}: {self.pending} events wait for their commit: send these again later"
            )
        one = _Append(events, book, asyncio.get_running_loop().create_future())
        one.done.add_done_callback(_seen)
        self._queue.append(one)
        self.pending += len(events)
        self._arrived.set()
        await asyncio.shield(one.done)

    async def replay(self, after: int = 0) -> AsyncIterator[list[Sequenced]]:
        """All events with a sequence above `after`, in order, in batches of (sequence, event)."""
        while batch := await self._run(self._store.read, after, _REPLAY_BATCH):
            yield batch
            after = batch[-1][0]

    async def history(self, strategy: str, until: int) -> AsyncIterator[list[AnyAccountEvent]]:
        """The events of `strategy` with a sequence up to `until`, in order, in batches."""
        after = 0
        while batch := await self._run(self._store.history, strategy, after, until, _REPLAY_BATCH):
            yield [event for _, event in batch]
            after = batch[-1][0]

    async def save_snapshot(self, encode: Callable[[int], bytes], points: Points = NO_POINTS) -> None:
        """Keep what `encode` gives for the newest sequence whose events are booked, in place of the last one; and `points`."""
        await self._run(self._store.save_snapshot, self.last_sequence, encode(self.last_sequence), points)

    async def load_points(self) -> list[tuple[int, bytes]]:
        """The points of the grid that are kept, (number, payload), oldest first; a damaged one is left out."""
        return await self._run(self._store.load_points)

    async def load_snapshot(self) -> bytes | None:
        """The last snapshot; None if there is none, or it is damaged."""
        snapshot = await self._run(self._store.load_snapshot)
        if self._read_only:
            self.last_sequence = self._store.last_sequence
        return snapshot

    async def check_pages(self) -> list[str]:
        """What the database itself finds wrong with its file; it takes a second for a million events."""
        return await self._run(self._store.check_pages)

    async def rows(self) -> AsyncIterator[list[Row]]:
        """All events as the database keeps them, in order, in batches."""
        after = 0
        while batch := await self._run(self._store.rows, after, _REPLAY_BATCH):
            yield batch
            after = batch[-1].sequence

    @asynccontextmanager
    async def taking_over(self) -> AsyncIterator[Callable[[Sequence[Row]], Awaitable[None]]]:
        """Fill an empty journal with the rows of another: what it gives takes them. An error in the block leaves it empty.

        Inside the block, what was taken can be read and a snapshot saved.
        """

        async def take(rows: Sequence[Row]) -> None:
            await self._run(self._store.add, rows)
            self.last_sequence = rows[-1].sequence

        await self._run(self._store.begin_copy)
        try:
            yield take
        except BaseException:
            self.last_sequence = 0
            await self._run(self._store.end_copy, False)
            raise
        await self._run(self._store.end_copy, True)

    async def _run(self, work: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    async def _work(self) -> None:
        """Commit what waits, group after group, until the journal is closed and nothing waits any more."""
        while True:
            while self._queue:
                await self._commit(self._next_group())
            self._arrived.clear()
            if self._closing:
                return
            try:
                async with asyncio.timeout(_LOOK_AGAIN if self._out_of_order else None):
                    await self._arrived.wait()
            except TimeoutError:
                await self._look_again()

    def _next_group(self) -> list[_Append]:
        group = [self._queue.popleft()]
        size = len(group[0].events)
        while self._queue and size + len(self._queue[0].events) <= _MAX_COMMIT:
            group.append(self._queue.popleft())
            size += len(group[-1].events)
        return group

    async def _commit(self, group: Sequence[_Append]) -> None:
        try:
            entries = await self._run(self._store.append, [event for one in group for event in one.events])
        except Exception as error:
            await self._take_found()
            await self._fail(group, error)
            return
        await self._take_found()
        self._note_order(None)
        self.committed(len(entries))
        start = 0
        for one in group:
            end = start + len(one.events)
            self._book(one, entries[start:end])
            start = end
        await self._take_found()

    def _book(self, one: _Append, entries: Sequence[AppendResult]) -> None:
        self.pending -= len(entries)
        self.last_sequence += sum(1 for entry in entries if entry is AppendResult.NEW)
        try:
            one.book(entries)
        except Exception as error:  # it is the caller's, who has to hear of it; the others' events are booked all the same
            one.done.set_exception(error)
        else:
            one.done.set_result(None)

    async def _fail(self, group: Sequence[_Append], error: Exception) -> None:
        known = isinstance(error, JournalError)
        if not known:
            _log.error("the journal failed in a way that nobody thought of", exc_info=error)
        told = error if isinstance(error, JournalError) else JournalError(f"journal {self.address}: {error!r}")
        if not told.retryable and len(group) > 1:
            for one in group:  # something may be wrong with one of them; the others are not to suffer from it
                await self._commit([one])
            return
        self._note_order(told)
        self.failed(told)
        waiting = list(group)
        if told.retryable:  # those behind would wait for the same answer
            waiting += self._queue
            self._queue.clear()
        for one in waiting:
            self.pending -= len(one.events)
            one.done.set_exception(told)

    async def _look_again(self) -> None:
        try:
            await self._run(self._store.check)
        except JournalError as error:
            self.failed(error)
            return
        await self._take_found()
        self._note_order(None)

    async def _take_found(self) -> None:
        """Have booked what was found to be durable after a connection had broken."""
        found = self._store.found
        while found and found[0][0] == self.last_sequence + 1:  # nothing goes before what is still to be booked
            sequence, event = found.popleft()
            _log.warning("an event of a broken commit is in the journal", journal=str(self.address), event_id=event.event_id)
            await self.recovered(sequence, event)
            self.last_sequence = sequence

    def _note_order(self, error: JournalError | None) -> None:
        """Tell once when the journal gets out of order, and once when it works again."""
        if error is not None and not self._out_of_order:
            _log.error("journal out of order", reason=str(error), retryable=error.retryable)
        elif error is None and self._out_of_order:
            _log.info("journal works again", journal=str(self.address))
        self._out_of_order = error is not None


def _nothing(_: object) -> None:
    """Where nobody wants to know."""


async def _left(_: int, __: object) -> None:
    """Where nobody keeps books."""


def _seen(done: asyncio.Future[None]) -> None:
    """A caller that was cancelled asks for no result; that is no reason for asyncio to complain."""
    if not done.cancelled():
        done.exception()
