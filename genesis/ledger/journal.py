"""The durable, ordered, idempotent log of account events, in SQLite.

An event is committed (write-ahead log, full sync) before `append` returns. Its identity is (source, event_id). All work on
the database is done by one thread, so the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import enum
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import msgspec

from genesis.core.errors import JournalError
from genesis.core.models import AnyAccountEvent, same_content

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY, -- without gaps: nothing is ever deleted, and a transaction is kept whole or not at all
    source   TEXT NOT NULL,
    event_id TEXT NOT NULL,
    payload  BLOB NOT NULL,
    UNIQUE (source, event_id)
) STRICT;
CREATE TABLE snapshot (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    payload  BLOB NOT NULL
) STRICT;
"""
_REPLAY_BATCH = 10_000
_Result = TypeVar("_Result")


class Entry(enum.Enum):
    """What `append` did with an event."""

    NEW = "new"
    DUPLICATE = "duplicate"
    """The same event is in the journal already."""
    CONFLICT = "conflict"
    """Another event is in the journal under the same identity; this one is not kept."""


class Journal:
    """One SQLite file of events, open in this process alone."""

    def __init__(self, path: Path | str) -> None:
        """`path`: the file, made with its folder where missing; ":memory:" keeps nothing (for tests and look-ups)."""
        self._path = path
        self.count = 0
        """Events in the journal."""
        self.last_sequence = 0
        """Sequence of the newest event; 0 if there is none."""
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="journal")
        self._order = asyncio.Lock()
        self._decoder: msgspec.json.Decoder[AnyAccountEvent] = msgspec.json.Decoder(AnyAccountEvent)

    async def __aenter__(self) -> Journal:
        try:
            await self._run(self._open)
        except BaseException:
            self._thread.shutdown()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._run(self._close)
        self._thread.shutdown()

    async def append(self, events: Sequence[AnyAccountEvent], book: Callable[[Sequence[Entry]], None]) -> None:
        """Commit the new ones among `events`, in their order, in one transaction; then call `book` with what became of each.

        `book` is called in the journal's order, even when the caller is cancelled meanwhile.

        Raises:
            JournalError: nothing of `events` was kept, and `book` is not called; the message says why.
        """

        async def commit() -> None:
            async with self._order:
                book(await self._run(self._append, events))

        await asyncio.shield(asyncio.ensure_future(commit()))

    async def replay(self, after: int = 0) -> AsyncIterator[list[tuple[int, AnyAccountEvent]]]:
        """All events with a sequence above `after`, in order, in batches of (sequence, event)."""
        while batch := await self._run(self._read, after):
            yield batch
            after = batch[-1][0]

    async def history(self, strategy: str, until: int) -> AsyncIterator[list[AnyAccountEvent]]:
        """The events of `strategy` with a sequence up to `until`, in order, in batches."""
        async for batch in self.replay():
            if batch[0][0] > until:
                return
            yield [event for sequence, event in batch if sequence <= until and event.strategy == strategy]

    async def save_snapshot(self, encode: Callable[[int], bytes]) -> None:
        """Keep what `encode` gives for the newest sequence whose events are booked, in place of the last one."""
        async with self._order:
            await self._run(self._save_snapshot, encode(self.last_sequence))

    async def load_snapshot(self) -> bytes | None:
        """The last snapshot, if there is one."""
        return await self._run(self._load_snapshot)

    async def _run(self, work: Callable[..., _Result], *arguments: object) -> _Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
        except sqlite3.Error as error:
            raise JournalError(f"journal {self._path}: {error}{_advice(error)}") from error

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise JournalError(f"journal {self._path}: is not open")
        return self._connection

    def _open(self) -> None:
        if self._path != ":memory:":
            try:
                Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise JournalError(f"journal {self._path}: its folder cannot be made: {error}") from error
        self._connection = db = sqlite3.connect(self._path, isolation_level=None, timeout=1.0)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            raise JournalError(
                f"journal {self._path}: has schema version {version}, this Genesis knows {SCHEMA_VERSION}: "
                "start the version that wrote it, or name another journal"
            )
        db.execute("COMMIT")
        self.count, self.last_sequence = db.execute("SELECT count(*), coalesce(max(sequence), 0) FROM event").fetchone()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _append(self, events: Sequence[AnyAccountEvent]) -> list[Entry]:
        db = self._db
        db.execute("BEGIN IMMEDIATE")
        try:
            entries = [self._insert(db, event) for event in events]
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        new = entries.count(Entry.NEW)
        self.count += new
        self.last_sequence += new
        return entries

    def _insert(self, db: sqlite3.Connection, event: AnyAccountEvent) -> Entry:
        identity = (event.source, event.event_id)
        inserted = db.execute(
            "INSERT INTO event (source, event_id, payload) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (*identity, msgspec.json.encode(event)),
        )
        if inserted.rowcount == 1:
            return Entry.NEW
        row = db.execute("SELECT payload FROM event WHERE source = ? AND event_id = ?", identity).fetchone()
        return Entry.DUPLICATE if same_content(self._decoder.decode(row[0]), event) else Entry.CONFLICT

    def _read(self, after: int) -> list[tuple[int, AnyAccountEvent]]:
        rows = self._db.execute(
            "SELECT sequence, payload FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, _REPLAY_BATCH)
        )
        return [(sequence, self._decode(sequence, payload)) for sequence, payload in rows]

    def _decode(self, sequence: int, payload: bytes) -> AnyAccountEvent:
        try:
            return self._decoder.decode(payload)
        except msgspec.MsgspecError as error:
            raise JournalError(f"journal {self._path}: event {sequence} is damaged: {error}") from error

    def _save_snapshot(self, payload: bytes) -> None:
        self._db.execute("INSERT OR REPLACE INTO snapshot (only_row, payload) VALUES (1, ?)", (payload,))

    def _load_snapshot(self) -> bytes | None:
        row = self._db.execute("SELECT payload FROM snapshot").fetchone()
        return None if row is None else bytes(row[0])


def _advice(error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text:
        return ": another process has it open; stop that one, or name another journal"
    if "full" in text:
        return ": free some space; the events will be taken when they are sent again"
    if "readonly" in text or "unable to open" in text:
        return ": the file and its folder must be writable for this user"
    if "malformed" in text or "not a database" in text:
        return ": it is damaged; restore it from a backup"
    return ""
