"""`genesis journal`: check a journal, print the digest of its books, export its events, copy it to another database."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import structlog

from genesis.core.clock import Clock
from genesis.core.errors import JournalError
from genesis.database.address import Address
from genesis.ledger.digest import digest
from genesis.ledger.journal import Journal
from genesis.ledger.points import Points
from genesis.ledger.rows import Row, event_of, kind_of
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.restart import replay
from genesis.settings.monitor import MonitorSettings

MAX_FAULTS = 20
_PROGRESS_SECONDS = 1.0

_log = structlog.get_logger(__name__)


class JournalCheck(NamedTuple):
    """The result of the check of a journal."""

    events: int
    faults: tuple[str, ...]
    """Up to `MAX_FAULTS` faults; empty if the journal is sound."""
    digest: str | None = None
    """The digest of the books; None if faults prevent it."""
    snapshot: int | None = None
    """The sequence of the last snapshot, if one can be used."""


class Progress:
    """Logs the progress of a long operation once a second."""

    def __init__(self, what: str, clock: Clock) -> None:
        self._what = what
        self._clock = clock
        self._next = clock.monotonic() + _PROGRESS_SECONDS

    def __call__(self, done: int, total: int) -> None:
        now = self._clock.monotonic()
        if now >= self._next and done < total:
            self._next = now + _PROGRESS_SECONDS
            _log.info(self._what, done=done, total=total)


async def verify(where: Address, settings: MonitorSettings, clock: Clock) -> JournalCheck:
    """Check the database, the sequence and every event; and that the snapshot and a full replay give the same books.

    Raises:
        JournalError: the journal cannot be read.
    """
    async with Journal(where, read_only=True) as journal:
        saved = await journal.load_snapshot()
        faults = [f"the database reports: {fault}" for fault in await journal.check_pages()]
        progress, last = Progress("checking the events", clock), 0
        async for rows in journal.rows():
            faults += row_faults(rows, last)
            last = rows[-1].sequence
            progress(last, journal.count)
        if last != journal.count:
            faults.append(f"the events end at {last}, not at {journal.count}")
        if faults:
            return JournalCheck(journal.count, tuple(faults[:MAX_FAULTS]))
        full = Accounts(settings)
        await replay(full, journal, progress=Progress("booking the events", clock))
        found = digest(full.ledger.books)
        if full.failed:
            faults = [f"strategy {strategy!r} cannot be booked: {error}" for strategy, error in full.failed.items()]
            return JournalCheck(journal.count, tuple(faults[:MAX_FAULTS]), found)
        start = None
        if saved is not None:
            resumed = Accounts(settings)
            start = resumed.restore(saved)
            if start is not None:
                await replay(resumed, journal, start)
                if digest(resumed.ledger.books) != found:
                    text = f"the snapshot at event {start} gives other books than all events: delete it (journal_snapshot)"
                    return JournalCheck(journal.count, (text,), found, start)
        return JournalCheck(journal.count, (), found, start)


def row_faults(rows: Sequence[Row], before: int) -> Iterator[str]:
    """The faults of rows that must follow the sequence number `before`."""
    for row in rows:
        if row.sequence != before + 1:
            yield f"event {row.sequence} follows {before}: events missing between them: {row.sequence - before - 1}"
        before = row.sequence
        try:
            event = event_of(row.sequence, row.checksum, row.payload)
        except JournalError as error:
            yield str(error)
            continue
        content = (event.source, event.event_id, event.strategy, kind_of(event))
        if content != row[1:5]:
            yield f"event {row.sequence}: its columns {row[1:5]} differ from its content {content}"


async def fingerprint(where: Address, settings: MonitorSettings, clock: Clock) -> tuple[int, str]:
    """The number of events, and the digest of the books after them."""
    async with Journal(where, read_only=True) as journal:
        return journal.count, await _fingerprint(journal, settings, clock)


async def export(where: Address, write: Callable[[bytes], object]) -> int:
    """Write each event as a line of JSON, in the journal's order, as the ingest accepts it; returns the number of events.

    Raises:
        JournalError: an event is damaged; the events before it have been written.
    """
    written = 0
    async with Journal(where, read_only=True) as journal:
        async for rows in journal.rows():
            for row in rows:
                event_of(row.sequence, row.checksum, row.payload)
                write(row.payload + b"\n")
            written += len(rows)
    return written


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that appears, complete and durable, only if the block succeeds.

    Raises:
        JournalError: the file exists already, or cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        if path.exists():
            raise JournalError(f"{path}: exists already: name another file, or remove it")
        try:
            with part.open("wb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise JournalError(f"{path}: cannot be written: {error.strerror}") from error


async def copy(source: Address, target: Address, settings: MonitorSettings, clock: Clock) -> tuple[int, str]:
    """Copy a journal, which no monitor has open, into an empty one; returns the number of events and the digest of the books.

    The copy is one transaction: nothing is visible in `target` until the digests of both books agree.

    Raises:
        JournalError: a journal cannot be used, `target` is not empty, or the copy gives other books.
    """
    async with Journal(source) as old, Journal(target) as new, new.taking_over() as take:
        expected = await _fingerprint(old, settings, clock)
        progress = Progress("copying the events", clock)
        async for rows in old.rows():
            await take(rows)
            progress(rows[-1].sequence, old.count)
        if (saved := await old.load_snapshot()) is not None:
            points = await old.load_points()
            await new.save_snapshot(lambda _: saved, Points(points, oldest=points[0][0] if points else 0))
        found = await _fingerprint(new, settings, clock)
        if (new.count, found) != (old.count, expected):
            raise JournalError(
                f"journal {target}: the copy gives other books (digest {found}) than {source} (digest {expected}); nothing "
                "was stored"
            )
    return old.count, found


async def _fingerprint(journal: Journal, settings: MonitorSettings, clock: Clock) -> str:
    accounts = Accounts(settings)
    await replay(accounts, journal, progress=Progress("booking the events", clock))
    return digest(accounts.ledger.books)
