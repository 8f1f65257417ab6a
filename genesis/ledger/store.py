"""The events in their database: one sequence, one identity each, whole batches or nothing. Synchronous, for one thread."""

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

_LOOK_UP = 500
"""Identities that one question asks for."""
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
    """The journal's database, and what it is known to hold."""

    def __init__(self, address: Address, clock: Clock, *, read_only: bool = False) -> None:
        self.address = address
        self.database = Database(address, read_only=read_only)
        self.last_sequence = 0
        """Of the newest event that is known to be durable. Sequences have no gaps, so it is their number too."""
        self.found: deque[Sequenced] = deque()
        """Events that a commit had kept though nobody was told; whoever keeps books takes them from here, first of all."""
        self._clock = clock
        self._read_only = read_only
        self._broken = False
        self._planned: list[Row] = []
        """What the last commit was to keep, and what it made of its events."""
        self._entries: list[AppendResult] = []
        self._insert = ""
        self._copy: RootTransaction | None = None

    def open(self) -> None:
        """Connect, bring the schema up to date, and see what is there.

        Raises:
            JournalError: there is no connection, another process has it open, or it is damaged or of a newer Genesis.
        """
        try:
            self.last_sequence = self._connect()
        except BaseException:
            self.database.close()
            raise

    def check(self) -> None:
        """Make a broken connection anew, and commit something that changes nothing.

        Raises:
            JournalError: it does not work yet.
        """
        with self.database.errors(), self._transaction(self._ready()) as connection:
            connection.execute(SCHEMA.update().values(version=SCHEMA_VERSION))

    def close(self) -> None:
        """Close the connection, and leave the journal to whoever wants it next."""
        self.database.close()

    def append(self, events: Sequence[AnyAccountEvent]) -> list[AppendResult]:
        """Commit the new ones among `events`, in their order, in one transaction.

        A connection that breaks is made anew once, and a commit that nobody knows the end of is looked for.

        Raises:
            JournalError: nothing of `events` was kept as far as is known; what was nevertheless will be in `found`.
        """
        with self.database.errors():
            connection = self._ready()
            try:
                return self._append(connection, events)
            except exc.DBAPIError as error:
                self._broken = True
                if not error.connection_invalidated:
                    raise
            return self._append_anew(events)

    def read(self, after: int, limit: int) -> list[Sequenced]:
        """Up to `limit` of the known events with a sequence above `after`, in order.

        Raises:
            JournalError: one is damaged.
        """
        return self._events(_EVENTS.where(EVENT.c.sequence > after, EVENT.c.sequence <= self.last_sequence).limit(limit))

    def rows(self, after: int, limit: int) -> list[Row]:
        """Up to `limit` of the known rows with a sequence above `after`, in order, just as they are."""
        known = select(EVENT).where(EVENT.c.sequence > after, EVENT.c.sequence <= self.last_sequence)
        with self.database.errors(), self._transaction(self._ready()) as connection:
            return [Row(*row) for row in connection.execute(known.order_by(EVENT.c.sequence).limit(limit))]

    def check_pages(self) -> list[str]:
        """What the database itself finds wrong with its file; a server checks its own."""
        if self.address.backend != SQLITE:
            return []
        with self.database.errors(), self._transaction(self._ready()) as connection:
            found = connection.exec_driver_sql("PRAGMA integrity_check(10)").scalars().all()
        return [] if found == ["ok"] else [" ".join(str(line).split()) for line in found]

    def begin_copy(self) -> None:
        """Begin to take over the rows of another journal: all of what follows is kept at `end_copy`, or nothing.

        Raises:
            JournalError: this one is not empty.
        """
        with self.database.errors():
            if self.last_sequence:
                raise JournalError(f"holds {self.last_sequence} events already: a copy needs an empty journal")
            self._copy = self._ready().begin()

    def add(self, rows: Sequence[Row]) -> None:
        """Take over rows, in their order and with their sequences."""
        with self.database.errors():
            self.database.connection.exec_driver_sql(self._insert, rows)
            self.last_sequence = rows[-1].sequence

    def end_copy(self, keep: bool) -> None:
        """Keep the copy, durably, or nothing of it."""
        copy, self._copy = self._copy, None
        if copy is not None:
            with self.database.errors():
                (copy.commit if keep else copy.rollback)()

    def history(self, strategy: str, after: int, until: int, limit: int) -> list[Sequenced]:
        """Up to `limit` events of `strategy` with a sequence above `after` and up to `until`, in order."""
        chosen = _EVENTS.where(EVENT.c.strategy == strategy, EVENT.c.sequence > after, EVENT.c.sequence <= until)
        return self._events(chosen.limit(limit))

    def save_snapshot(self, sequence: int, payload: bytes, points: Points = NO_POINTS) -> None:
        """Keep `payload`, the accounts behind the event `sequence`, in place of the last snapshot, and new points."""
        values = {"only_row": 1, "sequence": sequence, "checksum": checksum(payload), "payload": payload}
        rows = [{"point": number, "checksum": checksum(point), "payload": point} for number, point in points.new]
        with self.database.errors(), self._transaction(self._ready()) as connection:
            connection.execute(SNAPSHOT.delete())
            connection.execute(SNAPSHOT.insert(), values)  # in the statement itself, the first payload would be kept for ever
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
            _log.warning(
                "points of the grid are damaged, and left out", journal=str(self.address), points=len(rows) - len(sound)
            )
        return sound

    def load_snapshot(self) -> bytes | None:
        """The last snapshot; None if there is none, or it is not as it was saved."""
        with self.database.errors(), self._transaction(self._ready()) as connection:
            row = connection.execute(select(SNAPSHOT)).first()
            if self._read_only:  # somebody else may be writing
                self.last_sequence = _newest(connection)
        if row is None:
            return None
        if checksum(row.payload) != row.checksum or row.sequence > self.last_sequence:
            _log.warning("the snapshot is damaged: all events are replayed instead", journal=str(self.address))
            return None
        return bytes(row.payload)

    def _connect(self) -> int:
        """Connect; the newest sequence."""
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
        """The connection; made anew if the last use broke it."""
        if self._broken:
            self.found.extend(self._reconnect())
        return self.database.connection

    @contextmanager
    def _transaction(self, connection: Connection) -> Iterator[Connection]:
        """A transaction of its own, or the copy's that is under way."""
        with connection.begin() if self._copy is None else nullcontext():
            yield connection

    def _reconnect(self) -> list[Sequenced]:
        """Connect anew; the events behind the last known one."""
        if self.address.backend == SQLITE and self.address.path is None:
            self._broken = False  # memory cannot be left and found again, and it tells what it does
            return []
        self.database.disconnect()
        newest = self._connect()
        if newest < self.last_sequence:
            self.database.disconnect()
            raise JournalError(
                f"has {newest} events, and {self.last_sequence} are booked: it is not the journal that it was; "
                "bring that one back, or start the monitor anew to book what is there"
            )
        self._broken = False
        return self._tail(newest)

    def _tail(self, newest: int) -> list[Sequenced]:
        """The events up to `newest` that were not known; they are from here on."""
        known, self.last_sequence = self.last_sequence, newest
        try:
            return self.read(known, newest - known) if newest > known else []
        except BaseException:
            self.last_sequence, self._broken = known, True
            raise

    def _append_anew(self, events: Sequence[AnyAccountEvent]) -> list[AppendResult]:
        """After the connection broke: what the commit came to, or a second attempt."""
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
        """What each event is, by the journal and by those before it."""
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
        """Those of the journal that have the identity of one of `events`."""
        by_source: dict[str, list[str]] = {}
        for event in events:
            by_source.setdefault(event.source, []).append(event.event_id)
        for source, ids in by_source.items():
            for start in range(0, len(ids), _LOOK_UP):
                chosen = _EVENTS.where(EVENT.c.source == source, EVENT.c.event_id.in_(ids[start : start + _LOOK_UP]))
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
