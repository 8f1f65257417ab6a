"""The database of the journal: numbers events, keeps each identity once, commits whole batches. Synchronous, for one thread."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext

import structlog
from sqlalchemy import Connection, RootTransaction, Select, exc, func, or_, select

from genesis.core.clock import Clock
from genesis.core.errors import JournalError
from genesis.core.models import AnyAccountEvent, same_content
from genesis.database.address import SQLITE, Address
from genesis.database.advice import CORRUPT
from genesis.database.connection import Database
from genesis.ledger.points import NO_POINTS, Points
from genesis.ledger.rows import Row, checksum, event_of, row_of
from genesis.ledger.schema import EVENT, POINT, SCHEMA, SCHEMA_VERSION, SNAPSHOT, check_known, migrate, version_of

_IDENTITIES_PER_QUERY = 500
"""Identities in one query."""
_MICROSECONDS = 1_000_000

_log = structlog.get_logger(__name__)

Sequenced = tuple[int, AnyAccountEvent]


class AppendResult(enum.Enum):
    """What `append` did with an event."""

    NEW = "new"
    DUPLICATE = "duplicate"
    """The same event is in the journal already."""
    CONFLICT = "conflict"
    """Another event is in the journal under the same identity; this one is not kept."""


class Store:
    """The journal's database, with the sequence of its newest known event."""

    def __init__(self, address: Address, clock: Clock, *, read_only: bool = False) -> None:
        self.address = address
        self.database = Database(address, read_only=read_only)
        self.last_sequence = 0
        """Sequence of the newest event known to be durable. Sequences have no gaps, so it is also the number of events."""
        self.found: deque[Sequenced] = deque()
        """Durable events of commits that were reported as failed. Book them from here, before any later event."""
        self._clock = clock
        self._read_only = read_only
        self._broken = False
        self._planned: list[Row] = []
        """The rows of the last commit."""
        self._entries: list[AppendResult] = []
        """The results of its events."""
        self._insert = ""
        self._copy: RootTransaction | None = None

    def open(self) -> None:
        """Connect, migrate the schema, and read the newest sequence.

        Raises:
            JournalError: no connection, another process has the journal open, or it is damaged or of a newer Genesis.
        """
        try:
            self.last_sequence = self._connect()
        except BaseException:
            self.database.close()
            raise

    def check(self) -> None:
        """Reconnect if the connection is broken, and commit a write that changes nothing.

        Raises:
            JournalError: the database still does not work.
        """
        with self.database.errors(), self._transaction(self._ready()) as connection:
            connection.execute(SCHEMA.update().values(version=SCHEMA_VERSION))

    def close(self) -> None:
        """Close the connection, so that another process can open the journal."""
        self.database.close()

    def append(self, events: Sequence[AnyAccountEvent]) -> list[AppendResult]:
        """Commit the new ones among `events`, in their order, in one transaction.

        If the connection breaks, reconnect once, and look whether the commit was kept before trying again.

        Raises:
            JournalError: `events` were not kept as far as is known. If they were, they appear in `found` later.
        """
        with self.database.errors():
            connection = self._ready()
            try:
                return self._append(connection, events)
            except exc.DBAPIError as error:
                self._broken = True
                if not error.connection_invalidated:
                    raise
            return self._append_again(events)

    def read(self, after: int, limit: int) -> list[Sequenced]:
        """Up to `limit` of the known events with a sequence above `after`, in order.

        Raises:
            JournalError: one is damaged.
        """
        return self._events(_EVENTS.where(EVENT.c.sequence > after, EVENT.c.sequence <= self.last_sequence).limit(limit))

    def rows(self, after: int, limit: int) -> list[Row]:
        """Up to `limit` of the known rows with a sequence above `after`, in order, not decoded."""
        known = select(EVENT).where(EVENT.c.sequence > after, EVENT.c.sequence <= self.last_sequence)
        with self.database.errors(), self._transaction(self._ready()) as connection:
            return [Row(*row) for row in connection.execute(known.order_by(EVENT.c.sequence).limit(limit))]

    def check_pages(self) -> list[str]:
        """The faults that SQLite finds in its file; empty for a server, which checks its own files."""
        if self.address.backend != SQLITE:
            return []
        with self.database.errors(), self._transaction(self._ready()) as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
        return [] if found == ["ok"] else [" ".join(str(line).split()) for line in found]

    def begin_copy(self) -> None:
        """Begin to copy rows from another journal, in one transaction that `end_copy` ends.

        Raises:
            JournalError: this journal is not empty.
        """
        with self.database.errors():
            if self.last_sequence:
                raise JournalError(f"holds {self.last_sequence} events already: a copy needs an empty journal")
            self._copy = self._ready().begin()

    def add(self, rows: Sequence[Row]) -> None:
        """Copy rows, in their order and with their sequences."""
        with self.database.errors():
            self.database.connection.exec_driver_sql(self._insert, rows)
            self.last_sequence = rows[-1].sequence

    def end_copy(self, keep: bool) -> None:
        """Commit the copy if `keep`, else roll it back."""
        copy, self._copy = self._copy, None
        if copy is not None:
            with self.database.errors():
                (copy.commit if keep else copy.rollback)()

    def history(self, strategy: str, after: int, until: int, limit: int) -> list[Sequenced]:
        """Up to `limit` events of `strategy` with a sequence above `after` and up to `until`, in order."""
        chosen = _EVENTS.where(EVENT.c.strategy == strategy, EVENT.c.sequence > after, EVENT.c.sequence <= until)
        return self._events(chosen.limit(limit))

    def save_snapshot(self, sequence: int, payload: bytes, points: Points = NO_POINTS) -> None:
        """Replace the snapshot by `payload`, the accounts after the event `sequence`, and save new points."""
        values = {"only_row": 1, "sequence": sequence, "checksum": checksum(payload), "payload": payload}
        rows = [{"point": number, "checksum": checksum(point), "payload": point} for number, point in points.new]
        with self.database.errors(), self._transaction(self._ready()) as connection:
            connection.execute(SNAPSHOT.delete())
            connection.execute(SNAPSHOT.insert(), values)  # values in a statement stay in its cache
            if rows:
                outdated = or_(POINT.c.point < points.oldest, POINT.c.point >= rows[0]["point"])
                connection.execute(POINT.delete().where(outdated))
                connection.execute(POINT.insert(), rows)

    def load_points(self) -> list[tuple[int, bytes]]:
        """The points of the grid that are kept, oldest first; a damaged one is left out."""
        with self.database.errors(), self._transaction(self._ready()) as connection:
            rows = connection.execute(select(POINT).order_by(POINT.c.point)).all()
        sound = [(int(row.point), bytes(row.payload)) for row in rows if checksum(row.payload) == row.checksum]
        if len(sound) < len(rows):
            _log.warning("left out damaged points of the grid", journal=str(self.address), points=len(rows) - len(sound))
        return sound

    def load_snapshot(self) -> bytes | None:
        """The last snapshot; None without one, or if it is damaged."""
        with self.database.errors(), self._transaction(self._ready()) as connection:
            row = connection.execute(select(SNAPSHOT)).first()
            if self._read_only:  # a monitor may be writing
                self.last_sequence = _newest(connection)
        if row is None:
            return None
        if checksum(row.payload) != row.checksum or row.sequence > self.last_sequence:
            _log.warning("the snapshot is damaged: all events are replayed instead", journal=str(self.address))
            return None
        return bytes(row.payload)

    def _connect(self) -> int:
        """Connect; returns the newest sequence."""
        self.database.open()
        with self.database.errors():
            connection = self.database.connection
            self._insert = str(EVENT.insert().compile(dialect=connection.dialect))
            with connection.begin():
                self._check_file(connection)
                self._check_schema(connection)
                return _newest(connection)

    def _check_file(self, connection: Connection) -> None:
        """Refuse a damaged SQLite file before anything is written to it: half a second for a million events."""
        if self.address.path is not None and not self._read_only:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if found != "ok":
                raise JournalError(f"{' '.join(str(found).split())}: {CORRUPT}")

    def _check_schema(self, connection: Connection) -> None:
        if not self._read_only:
            found = migrate(connection)
            if found == 0 and self.address.path is None and self.address.backend == SQLITE:
                return  # in memory: there is nothing to find later
            if found == 0:
                _log.info("new journal created", journal=str(self.address))
            elif found != SCHEMA_VERSION:
                _log.info("journal brought up to date", journal=str(self.address), schema=SCHEMA_VERSION, before=found)
            return
        found = version_of(connection)
        check_known(found)
        if found == 0:
            raise JournalError("there is no journal in it")
        if found < SCHEMA_VERSION:
            raise JournalError(f"is of the older schema {found}: `genesis monitor` brings it up to date at its start")

    def _ready(self) -> Connection:
        """The connection; reconnects first if the last use broke it."""
        if self._broken:
            self.found.extend(self._reconnect())
        return self.database.connection

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[Connection]:
        """A new transaction, or that of the copy in progress."""
        with connection.begin() if self._copy is None else nullcontext():
            yield connection

    def _reconnect(self) -> list[Sequenced]:
        """Reconnect; returns the events after the last known one."""
        if self.address.backend == SQLITE and self.address.path is None:
            self._broken = False  # closing it would lose it, and its commits never end unknown
            return []
        self.database.disconnect()
        newest = self._connect()
        if newest < self.last_sequence:
            self.database.disconnect()
            raise JournalError(
                f"has {newest} events, and {self.last_sequence} are booked: it is not the journal that it was; "
                "restore that one, or restart the monitor to book the events that are there"
            )
        self._broken = False
        return self._tail(newest)

    def _tail(self, newest: int) -> list[Sequenced]:
        """The events after the last known one, up to `newest`; from now on they are known."""
        known, self.last_sequence = self.last_sequence, newest
        try:
            return self.read(known, newest - known) if newest > known else []
        except BaseException:
            self.last_sequence, self._broken = known, True
            raise

    def _append_again(self, events: Sequence[AnyAccountEvent]) -> list[AppendResult]:
        """After the connection broke: the results of the commit if it was kept, else those of a second attempt."""
        planned, entries = self._planned, self._entries
        tail = self._reconnect()
        if tail and [(number, e.source, e.event_id) for number, e in tail] == [row[:3] for row in planned]:
            return entries
        self.found.extend(tail)
        try:
            return self._append(self.database.connection, events)
        except exc.DBAPIError:
            self._broken = True
            raise

    def _append(self, connection: Connection, events: Sequence[AnyAccountEvent]) -> list[AppendResult]:
        rows = self._rows(events)
        if len({row[1:3] for row in rows}) == len(rows) and self._commit(connection, rows, [AppendResult.NEW] * len(rows)):
            return self._entries
        entries = self._compare(connection, events)
        new = [row for row, entry in zip(rows, entries, strict=True) if entry is AppendResult.NEW]
        numbered = [row._replace(sequence=number) for number, row in enumerate(new, self.last_sequence + 1)]
        if numbered and not self._commit(connection, numbered, entries):
            self._broken = True
            raise JournalError("another process has written to it: stop that one", retryable=True)
        return entries

    def _rows(self, events: Sequence[AnyAccountEvent]) -> list[Row]:
        """The rows that `events` make if all of them are new."""
        received = int(self._clock.timestamp() * _MICROSECONDS)
        return [row_of(event, number, received) for number, event in enumerate(events, self.last_sequence + 1)]

    def _commit(self, connection: Connection, rows: list[Row], entries: list[AppendResult]) -> bool:
        """Commit `rows`; False, with nothing kept, if an identity among them is in the journal already."""
        self._planned, self._entries = rows, entries
        try:
            with connection.begin():
                connection.exec_driver_sql(self._insert, rows)
        except exc.IntegrityError:
            return False
        self.last_sequence += len(rows)
        return True

    def _compare(self, connection: Connection, events: Sequence[AnyAccountEvent]) -> list[AppendResult]:
        """The result of each event, compared with the journal and with the events before it in `events`."""
        with connection.begin():
            known = dict(self._known(connection, events))
        entries = []
        for event in events:
            identity = (event.source, event.event_id)
            if identity in known:
                entries.append(AppendResult.DUPLICATE if same_content(known[identity], event) else AppendResult.CONFLICT)
            else:
                known[identity] = event
                entries.append(AppendResult.NEW)
        return entries

    def _known(
        self, connection: Connection, events: Iterable[AnyAccountEvent]
    ) -> Iterator[tuple[tuple[str, str], AnyAccountEvent]]:
        """(identity, event) of each event in the journal with the identity of one of `events`."""
        by_source: dict[str, list[str]] = {}
        for event in events:
            by_source.setdefault(event.source, []).append(event.event_id)
        for source, ids in by_source.items():
            for start in range(0, len(ids), _IDENTITIES_PER_QUERY):
                chosen = _EVENTS.where(
                    EVENT.c.source == source, EVENT.c.event_id.in_(ids[start : start + _IDENTITIES_PER_QUERY])
                )
                for row in connection.execute(chosen):
                    event = event_of(*row)
                    yield (event.source, event.event_id), event

    def _events(self, chosen: Select[int, int, bytes]) -> list[Sequenced]:
        with self.database.errors():
            with self._transaction(self._ready()) as connection:
                rows = connection.execute(chosen).all()
            return [(row[0], event_of(*row)) for row in rows]


def _newest(connection: Connection) -> int:
    """The sequence of the newest event; 0 if there is none."""
    return int(connection.execute(select(func.coalesce(func.max(EVENT.c.sequence), 0))).scalar_one())


_EVENTS = select(EVENT.c.sequence, EVENT.c.checksum, EVENT.c.payload).order_by(EVENT.c.sequence)
