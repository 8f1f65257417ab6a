"""The durable, ordered, idempotent log of account events: appends that wait at the same time share one commit.

An event is committed and synced before `append` returns. Its identity is (source, event_id). All work on the database is
done by one thread, so the event loop never waits for a disk or a server.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
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

__all__ = ["Append", "AppendResult", "Committed", "Failed", "Journal", "Recovered", "Step"]

MAX_PENDING = 50_000
"""The most events that may wait for their commit."""
_MAX_COMMIT = 1_000
"""The most events in a commit, except for a larger single append: the event loop books a commit without a break."""
_REPLAY_BATCH = 2_000
_RETRY_SECONDS = 1.0
"""Seconds after which a broken connection is tried again, if no append tries it sooner."""
_Result = TypeVar("_Result")

_log = structlog.get_logger(__name__)


class Append:
    """Events that become durable together or not at all. A subclass may carry more data with them."""

    __slots__ = ("done", "events", "results")

    def __init__(self, events: Sequence[AnyAccountEvent]) -> None:
        self.events = events
        self.results: Sequence[AppendResult] = ()
        """The result of each event, in their order; empty until they are durable."""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the events are booked: the consumer of `work` sets it. The journal sets an error if the commit failed."""
        self.done.add_done_callback(_retrieve)


class Committed(NamedTuple):
    """One commit: its appends are durable and have their results, in the journal's order."""

    appends: Sequence[Append]

    @property
    def size(self) -> int:
        """The number of events, repeats included."""
        return sum(len(append.events) for append in self.appends)


class Recovered(NamedTuple):
    """An event that is durable although its append had failed."""

    sequence: int
    event: AnyAccountEvent


class Failed(NamedTuple):
    """A commit failed, or a check whether the database works again."""

    error: JournalError


Step = Committed | Recovered | Failed


class Journal:
    """A database of events, written by this process alone.

    Appends wait until the bookkeeper, the only consumer of `work`, takes its steps.
    """

    def __init__(
        self,
        where: Address | Path | str,
        *,
        clock: Clock | None = None,
        max_pending: int = MAX_PENDING,
        read_only: bool = False,
    ) -> None:
        """`where`: an address, a file (created if missing; its folder must exist), or ":memory:", which stores nothing.

        `read_only`: only read it; a monitor may have it open at the same time.
        """
        self.address = where if isinstance(where, Address) else address(where)
        self.last_sequence = 0
        """Sequence of the newest event that is durable and booked; 0 if there is none."""
        self.pending = 0
        """Events that wait for their commit."""
        self._store = Store(self.address, clock or SystemClock(), read_only=read_only)
        self._max_pending = max_pending
        self._read_only = read_only
        self._queue: deque[Append] = deque()
        self._group: Sequence[Append] = ()
        """The appends that are being committed and booked."""
        self._arrived = asyncio.Event()
        self._out_of_order = False
        self._closing = True
        self._idle = asyncio.Event()
        self._idle.set()
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
        return self

    def end(self) -> None:
        """Accept no more appends; `work` ends when none waits."""
        self._closing = True
        self._arrived.set()

    async def __aexit__(self, *_: object) -> None:
        self.end()
        await self._idle.wait()
        self._refuse_waiting()
        await self._run(self._store.close)
        self._thread.shutdown()

    async def append(self, append: Append) -> None:
        """Commit the new events among `append.events`, in their order; returns when the consumer of `work` has booked them.

        They are booked even if the caller is cancelled.

        Raises:
            JournalBusyError: too many events wait; none of these was accepted.
            JournalError: nothing is booked; the message says why. If it is `retryable`, send the events again. If they were
                durable after all, they come as `Recovered`, and the repeats are duplicates.
        """
        if self._closing or self._read_only:
            raise JournalError(f"journal {self.address}: is not open", retryable=True)
        if self.pending and self.pending + len(append.events) > self._max_pending:
            raise JournalBusyError(
                f"journal {self.address}: {self.pending} events wait for their commit; send these again later"
            )
        self._queue.append(append)
        self.pending += len(append.events)
        self._arrived.set()
        await asyncio.shield(append.done)

    async def work(self) -> AsyncGenerator[Step, None]:
        """Commit the waiting appends, group by group, until the journal is closed and none waits.

        The steps come in the journal's order. The next commit begins when the next step is requested, so a step is
        booked before later events are committed. If the iteration ends early, the journal accepts no more appends.
        """
        if not self._idle.is_set():
            raise RuntimeError("the journal already has a consumer of `work`")
        self._idle.clear()
        try:
            while True:
                while self._queue:
                    self._group = self._next_group()
                    async for step in self._commit(self._group):
                        yield step
                    self._group = ()
                self._arrived.clear()
                if self._closing:
                    return
                try:
                    async with asyncio.timeout(_RETRY_SECONDS if self._out_of_order else None):
                        await self._arrived.wait()
                except TimeoutError:
                    async for step in self._retry():
                        yield step
        finally:
            self._closing = True
            self._idle.set()
            self._refuse_waiting()

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
        """Replace the snapshot by the result of `encode`, which gets the sequence of the newest booked event; save `points`."""
        await self._run(self._store.save_snapshot, self.last_sequence, encode(self.last_sequence), points)

    async def load_points(self) -> list[tuple[int, bytes]]:
        """The points of the grid that are kept, (number, payload), oldest first; a damaged one is left out."""
        return await self._run(self._store.load_points)

    async def load_snapshot(self) -> bytes | None:
        """The last snapshot; None without one, or if it is damaged."""
        snapshot = await self._run(self._store.load_snapshot)
        if self._read_only:
            self.last_sequence = self._store.last_sequence
        return snapshot

    async def check_pages(self) -> list[str]:
        """The faults that SQLite finds in its file, empty for a server; it takes a second for a million events."""
        return await self._run(self._store.check_pages)

    async def rows(self) -> AsyncIterator[list[Row]]:
        """All rows, not decoded, in order, in batches."""
        after = 0
        while batch := await self._run(self._store.rows, after, _REPLAY_BATCH):
            yield batch
            after = batch[-1].sequence

    @asynccontextmanager
    async def taking_over(self) -> AsyncIterator[Callable[[Sequence[Row]], Awaitable[None]]]:
        """Copy another journal into this empty one: pass rows to the yielded function. An error in the block leaves it empty.

        Inside the block, the copied rows can be read, and a snapshot can be saved.
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

    def _next_group(self) -> list[Append]:
        group = [self._queue.popleft()]
        size = len(group[0].events)
        while self._queue and size + len(self._queue[0].events) <= _MAX_COMMIT:
            group.append(self._queue.popleft())
            size += len(group[-1].events)
        return group

    async def _commit(self, group: Sequence[Append]) -> AsyncIterator[Step]:
        try:
            results = await self._run(self._store.append, [event for append in group for event in append.events])
        except Exception as error:
            async for recovered in self._found():
                yield recovered
            async for step in self._fail(group, error):
                yield step
            return
        async for recovered in self._found():
            yield recovered
        self._log_outage(None)
        start = 0
        for append in group:
            end = start + len(append.events)
            append.results = results[start:end]
            start = end
        self.pending -= len(results)
        self.last_sequence += sum(result is AppendResult.NEW for result in results)
        yield Committed(group)
        async for recovered in self._found():
            yield recovered

    async def _fail(self, group: Sequence[Append], error: Exception) -> AsyncIterator[Step]:
        if not isinstance(error, JournalError):
            _log.error("the journal failed unexpectedly", exc_info=error)
            error = JournalError(f"journal {self.address}: {error!r}")
        if not error.retryable and len(group) > 1:
            for append in group:  # one of them may be at fault: commit each one alone
                async for step in self._commit([append]):
                    yield step
            return
        self._log_outage(error)
        waiting = list(group)
        if error.retryable:  # those in the queue would fail in the same way
            waiting += self._queue
            self._queue.clear()
        self._refuse(waiting, error)
        yield Failed(error)

    def _refuse(self, appends: Iterable[Append], error: JournalError) -> None:
        for append in appends:
            self.pending -= len(append.events)
            append.done.set_exception(error)

    def _refuse_waiting(self) -> None:
        """Refuse what is not booked once `work` has ended; what was committed is a duplicate after a restart."""
        left = [append for append in (*self._group, *self._queue) if not append.done.done()]
        error = JournalError(f"journal {self.address}: is not open", retryable=True)
        for append in left:
            append.done.set_exception(error)
        self._queue.clear()
        self._group = ()
        self.pending = 0

    async def _retry(self) -> AsyncIterator[Step]:
        try:
            await self._run(self._store.check)
        except JournalError as error:
            yield Failed(error)
            return
        async for step in self._found():
            yield step
        self._log_outage(None)

    async def _found(self) -> AsyncIterator[Recovered]:
        """The events found durable after a connection had broken."""
        found = self._store.found
        while found and found[0][0] == self.last_sequence + 1:  # earlier events are booked first
            sequence, event = found.popleft()
            _log.warning(
                "an event is in the journal although its commit had failed", journal=str(self.address), event_id=event.event_id
            )
            yield Recovered(sequence, event)
            self.last_sequence = sequence

    def _log_outage(self, error: JournalError | None) -> None:
        """Log once when the journal gets out of order, and once when it works again."""
        if error is not None and not self._out_of_order:
            _log.error("journal out of order", reason=str(error), retryable=error.retryable)
        elif error is None and self._out_of_order:
            _log.info("journal works again", journal=str(self.address))
        self._out_of_order = error is not None


def _retrieve(done: asyncio.Future[None]) -> None:
    """Mark the error as retrieved: a cancelled caller does not read it, and asyncio would log a warning."""
    if not done.cancelled():
        done.exception()
