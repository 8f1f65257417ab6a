"""The audit log in its database: numbered decisions, deliveries, commands. Synchronous, for one thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import Connection, Row, Select, exc, func, select

from genesis.core.errors import JournalError, JournalLockedError
from genesis.database.address import Address
from genesis.database.connection import Database
from genesis.database.purpose import ROTATION
from genesis.rotation.audit.commands import Command, CommandState, Kept, applied
from genesis.rotation.audit.rows import (
    FIRST_SEAL,
    DeliveryAttempt,
    Recorded,
    RecordedDecision,
    command_of,
    command_payload,
    entry_payload,
    microseconds,
    seal,
    settings_of,
    settings_payload,
    time_of,
)
from genesis.rotation.audit.schema import COMMAND, DECISION, DELIVERY, SETTINGS, check_known, is_there, prepare
from genesis.settings.rotation import RotationSettings

_LARGEST_NUMBER = 2**53
"""Above it, not every JSON reader keeps a number exact."""
_LONGEST_TEXT = 1000
_AT_A_TIME = 200
"""Decisions that are removed in one transaction."""
_TRIES = 20
"""How often a command is tried when others write commands at the same time."""

_Row: TypeAlias = "Row[*tuple[Any, ...]]"


class AuditStore:
    """The connection, and the end of the sequence of decisions."""

    def __init__(self, address: Address, *, leads: bool, read_only: bool = False) -> None:
        """`leads`: take the controllers' lock, and so be the only one that records decisions."""
        self._address = address
        self._database = Database(address, ROTATION, read_only=read_only, locked=leads)
        self._read_only = read_only
        self._leads = leads
        self._number = 0
        self._seal = FIRST_SEAL
        self._settings: tuple[RotationSettings, str] | None = None
        self._command_state = CommandState()
        self._last_command = 0
        self._command_seal = FIRST_SEAL

    def fresh_copy(self) -> AuditStore:
        """A store for the same log without cached rows; it remembers only that the file existed."""
        store = AuditStore(self._address, leads=self._leads, read_only=self._read_only)
        store._database = self._database
        return store

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, and for the leader the lock."""
        return self._database.is_open

    def open(self) -> None:
        """Connect, create missing tables, and find the end of the log.

        Raises:
            JournalLockedError: another controller leads.
            JournalError: there is no connection, no audit log to read, or one of a newer Genesis.
        """
        try:
            self._database.open()
            with self._transaction() as connection:
                self._find_end(connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect, and release the lock."""
        self._database.close()
        self._settings = None

    def interrupt(self) -> None:
        """Make a request that waits for the server fail; may be called from another thread."""
        self._database.interrupt()

    def last(self) -> Recorded | None:
        """The last decision; None before the first one."""
        return self._one(_DECISIONS.order_by(DECISION.c.number.desc()))

    def last_ordered(self) -> Recorded | None:
        """The last decision that the engine had to applied."""
        return self._one(_DECISIONS.where(DECISION.c.ordered == 1).order_by(DECISION.c.number.desc()))

    def read(self, after: int, limit: int, *, changes: bool = False) -> list[Recorded]:
        """Up to `limit` decisions with a number above `after`, in order; `changes`: only those that change a share."""
        chosen = _DECISIONS.where(DECISION.c.number > after)
        if changes:
            chosen = chosen.where(DECISION.c.changes == 1)
        return [Recorded(*row) for row in self._rows(chosen.order_by(DECISION.c.number).limit(limit))]

    def before_the_last(self, count: int, *, changes: bool = False) -> int:
        """The number before the last `count` decisions; 0 if there are no more."""
        numbers = select(DECISION.c.number).order_by(DECISION.c.number.desc())
        if changes:
            numbers = numbers.where(DECISION.c.changes == 1)
        found = self._rows(numbers.offset(count).limit(1))
        return int(found[0].number) if found else 0

    def before(self, time: datetime) -> int:
        """The number of the last decision before `time`; 0 if there is none."""
        earlier = select(func.coalesce(func.max(DECISION.c.number), 0).label("number"))
        return int(self._rows(earlier.where(DECISION.c.time < microseconds(time)))[0].number)

    def deliveries(self, first: int, last: int) -> list[DeliveryAttempt]:
        """The attempts for decisions `first` to `last`, in order."""
        chosen = select(DELIVERY).where(DELIVERY.c.number >= first, DELIVERY.c.number <= last)
        rows = self._rows(chosen.order_by(DELIVERY.c.number, DELIVERY.c.attempt))
        return [DeliveryAttempt(row.number, row.attempt, time_of(row.time), row.outcome, row.text) for row in rows]

    def settings(self, digest: str) -> tuple[str, RotationSettings]:
        """The version of Genesis and the settings of the decisions with this digest.

        Raises:
            JournalError: they are missing or damaged.
        """
        found = self._rows(select(SETTINGS.c.payload).where(SETTINGS.c.digest == digest))
        if not found:
            raise JournalError(f"settings {digest[:12]} are missing")
        return settings_of(digest, found[0].payload)

    def record(self, settings: RotationSettings, entry: RecordedDecision, ordered: bool) -> int:
        """Commit a decision durably; returns its number.

        Raises:
            JournalLockedError: another controller has recorded one.
            JournalError: it is not known whether it was stored. Close, open, and look at the last decision.
        """
        number = max(self._number, entry.floor) + 1
        with self._database.errors():
            if not self._leads:
                raise JournalError("only the leading controller records decisions")
            if number > _LARGEST_NUMBER:
                raise JournalError(f"decision {number}: no engine's number may be above {_LARGEST_NUMBER}")
            payload, time = entry_payload(entry), microseconds(entry.decision.time)
        with self._transaction() as connection:
            self._check_alone(connection)
            digest = self._settings_digest(connection, settings, time)
            row = Recorded(number, time, digest, int(ordered), int(entry.decision.changes), b"", payload)
            row = row._replace(seal=row.sealed(self._seal))
            connection.execute(DECISION.insert(), row._asdict())
        self._number, self._seal, self._settings = number, row.seal, (settings, digest)
        return number

    def delivered(self, number: int, time: datetime, outcome: str, text: str) -> None:
        """Record the outcome of an attempt to deliver decision `number`."""
        attempts = select(func.coalesce(func.max(DELIVERY.c.attempt), 0)).where(DELIVERY.c.number == number)
        with self._transaction() as connection:
            attempt = int(connection.execute(attempts).scalar_one()) + 1
            values = {"number": number, "attempt": attempt, "time": microseconds(time), "outcome": outcome}
            connection.execute(DELIVERY.insert(), values | {"text": _storable(text)})

    def prune(self, before: datetime, author: str, why: str, now: datetime) -> int:
        """Remove decisions from before a time, with their deliveries; returns their number.

        The last decision before that time stays, as the next one was made from its history; so does the last instruction.
        """
        numbers = self.before(before)
        first = self.read(numbers - 1, 1)
        if not numbers or not first:
            return 0
        kept = Kept(first[0].number, first[0].seal)
        if self.command_state().kept != kept:  # else finish an interrupted prune
            self.command(Command(verb="prune", time=now, why=why, author=author, kept=kept))
        ordered = self.last_ordered()
        removed = 0
        while batch := self._oldest(kept.number, 0 if ordered is None else ordered.number):
            with self._transaction() as connection:  # small batches: other writers do not wait for long
                for table in (DELIVERY, DECISION):
                    connection.execute(table.delete().where(table.c.number.in_(batch)))
            removed += len(batch)
        return removed

    def _oldest(self, before: int, except_for: int) -> list[int]:
        chosen = select(DECISION.c.number).where(DECISION.c.number < before, DECISION.c.number != except_for)
        return [row.number for row in self._rows(chosen.order_by(DECISION.c.number).limit(_AT_A_TIME))]

    def command_state(self) -> CommandState:
        """The state after all commands.

        Raises:
            JournalError: a command is damaged.
        """
        for row in self._rows(_COMMANDS.where(COMMAND.c.sequence > self._last_command)):
            command = self._checked(row)
            try:
                self._command_state = applied(self._command_state, [command])
            except ValueError as error:
                raise JournalError(f"{ROTATION.name}: command {row.sequence} is damaged: {error}") from error
            self._last_command, self._command_seal = row.sequence, bytes(row.seal)
        return self._command_state

    def commands(self) -> list[Command]:
        """All commands, in order."""
        with self._database.errors():
            return [command_of(row.sequence, row.payload) for row in self._rows(_COMMANDS)]

    def command(self, command: Command) -> CommandState:
        """Commit a command durably; returns the state after it.

        Raises:
            JournalError: it was not stored, or an earlier command is damaged.
        """
        payload, time = command_payload(command), microseconds(command.time)
        for _ in range(_TRIES):
            self.command_state()
            sequence = self._last_command + 1
            sealed = seal(self._command_seal, (sequence, time), payload)
            values = {"sequence": sequence, "time": time, "seal": sealed, "payload": payload}
            if self._inserted(values):
                return self.command_state()
        raise JournalError(f"{ROTATION.name}: other commands were written at the same time: try again", retryable=True)

    def _inserted(self, command: dict[str, object]) -> bool:
        """Whether the command was stored; False if another one has its sequence number."""
        with self._database.errors():
            try:
                with self._database.connection.begin():
                    self._database.connection.execute(COMMAND.insert(), command)
            except exc.IntegrityError:
                return False
        return True

    def _find_end(self, connection: Connection) -> None:
        if self._read_only:
            if not is_there(connection):
                raise JournalError("it has no audit log: no rotation controller has used it yet")
            check_known(connection)
        else:
            prepare(connection)
        self._number, self._seal = _end(connection)

    def _check_alone(self, connection: Connection) -> None:
        """The lock keeps other controllers out, unless its file was removed."""
        number, found = _end(connection)
        if (number, found) != (self._number, self._seal):
            raise JournalLockedError(f"another controller has recorded decision {number}: stop that one")

    def _settings_digest(self, connection: Connection, settings: RotationSettings, time: int) -> str:
        if self._settings is not None and self._settings[0] == settings:
            return self._settings[1]
        digest, payload = settings_payload(settings)
        if connection.execute(select(SETTINGS.c.digest).where(SETTINGS.c.digest == digest)).first() is None:
            connection.execute(SETTINGS.insert(), {"digest": digest, "time": time, "payload": payload})
        return digest

    def _checked(self, row: _Row) -> Command:
        if row.sequence != self._last_command + 1:
            raise JournalError(f"{ROTATION.name}: command {self._last_command + 1} is missing")
        with self._database.errors():
            if seal(self._command_seal, (row.sequence, row.time), row.payload) != row.seal:
                raise JournalError(f"command {row.sequence} is damaged: its seal is not that of its content")
            return command_of(row.sequence, row.payload)

    def _one(self, chosen: Select[int, int, str, int, bytes, bytes]) -> Recorded | None:
        rows = self._rows(chosen.limit(1))
        return Recorded(*rows[0]) if rows else None

    def _rows(self, chosen: Select[*tuple[object, ...]]) -> Sequence[_Row]:
        with self._transaction() as connection:
            return connection.execute(chosen).all()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        connection = self._database.connection
        try:
            with self._database.errors(), connection.begin():
                yield connection
        finally:
            if connection.invalidated:  # PostgreSQL's lock ended with its session: in a new session this store no longer leads
                self.close()


def _end(connection: Connection) -> tuple[int, bytes]:
    """The number and the seal of the last decision."""
    row = connection.execute(select(DECISION.c.number, DECISION.c.seal).order_by(DECISION.c.number.desc()).limit(1)).first()
    return (0, FIRST_SEAL) if row is None else (int(row.number), bytes(row.seal))


def _storable(text: str) -> str:
    """The engine's text in a form that every database stores."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()[:_LONGEST_TEXT]


_DECISIONS = select(DECISION)
_COMMANDS = select(COMMAND).order_by(COMMAND.c.sequence)
