"""The connection to a database: durable, with a lock for a single writer, and with errors that say what to do."""

from __future__ import annotations

import os
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import structlog
from sqlalchemy import (
    URL,
    BigInteger,
    Connection,
    Engine,
    Integer,
    NullPool,
    StaticPool,
    Text,
    create_engine,
    event,
    exc,
)

from genesis.core.errors import JournalError
from genesis.database.address import SQLITE, Address
from genesis.database.advice import advice
from genesis.database.lock import lock_file, lock_session
from genesis.database.purpose import JOURNAL, Purpose

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""The type of a column of whole numbers. In SQLite an INTEGER PRIMARY KEY is the row's own number."""
BYTEWISE_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""The type of a column of text that is compared byte by byte: an upgrade of a language's rules breaks an index in its order."""

_BUSY = 5.0
"""Seconds that a transaction waits for another to end: monitor and rotation write the same file, one commit at a time."""

_log = structlog.get_logger(__name__)


class Database:
    """One connection, used by one thread at a time. A writer holds the purpose's lock as long as it is open."""

    def __init__(self, address: Address, purpose: Purpose = JOURNAL, *, read_only: bool = False, locked: bool = True) -> None:
        """`locked`: whether a writer keeps out other writers of this purpose; one that only adds single rows need not."""
        self.address = address
        self._purpose = purpose
        self._read_only = read_only
        self._locked = locked and not read_only
        self._lock: IO[str] | None = None
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._inode: int | None = None

    @property
    def _name(self) -> str:
        return f"{self._purpose.name} {self.address}"

    @property
    def is_open(self) -> bool:
        """Whether the connection is open, as far as is known here."""
        return self._connection is not None

    @property
    def connection(self) -> Connection:
        """The open connection.

        Raises:
            JournalError: it is not open, or its file was removed or replaced.
        """
        if self._connection is None:
            raise JournalError(f"{self._name}: is not open")
        if self._inode is not None and _inode(self.address.path) != self._inode:
            raise JournalError(
                f"{self._name}: the file was removed or replaced while it was open: put it back, or stop the monitor "
                "and start it on a backup; nothing is acknowledged until then",
                retryable=True,
            )
        return self._connection

    def open(self) -> None:
        """Connect, and as a writer take the lock.

        Raises:
            JournalLockedError: another process holds the lock.
            JournalError: the connection fails.
        """
        if self.address.path is not None:
            self._prepare_file(self.address.path)
        with self.errors():
            self._engine = _engine(self.address, self._purpose, self._read_only)
            try:
                self._connection = self._engine.connect()
                if self.address.backend != SQLITE:
                    self._open_session(self._connection)
            except BaseException:
                self.disconnect()
                raise
        if self.address.path is not None:
            self._inode = _inode(self.address.path)

    def disconnect(self) -> None:
        """Drop the connection, whatever its state; SQLite's lock stays."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            with self.quiet():
                if connection.in_transaction():
                    connection.rollback()
            with self.quiet():
                connection.invalidate()
            with self.quiet():
                connection.close()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def interrupt(self) -> None:
        """Cut off a server that does not answer, from another thread: calls that wait for it raise. A file is left open."""
        connection = self._connection
        if connection is None or self.address.backend == SQLITE:
            return
        with suppress(Exception):  # its own thread has just dropped it
            number = connection.connection.driver_connection.fileno()  # type: ignore[union-attr]
            with socket.socket(fileno=os.dup(number)) as held:
                held.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Disconnect and release the lock."""
        self.disconnect()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn an error of the database into a `JournalError` that names the database and says what to do."""
        try:
            yield
        except (exc.DBAPIError, sqlite3.Error) as error:
            # SQLAlchemy does not wrap errors in the pragmas of a new connection.
            cause = error.orig if isinstance(error, exc.DBAPIError) else error
            remedy, retryable = advice(cause, self._purpose)
            text = " ".join(str(cause).split())
            raise JournalError(f"{self._name}: {text}{remedy and ': ' + remedy}", retryable=retryable) from error
        except exc.SQLAlchemyError as error:
            raise JournalError(f"{self._name}: {error}") from error
        except JournalError as error:
            if str(error).startswith(self._purpose.name):
                raise
            raise type(error)(f"{self._name}: {error}", retryable=error.retryable) from error

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Suppress the errors of closing a broken connection."""
        try:
            yield
        except exc.SQLAlchemyError as error:
            _log.debug("closing a broken connection", journal=str(self.address), reason=str(error))

    def _prepare_file(self, path: Path) -> None:
        if self._read_only:
            if not path.exists():
                raise JournalError(f"{self._name}: there is no such file")
            return
        if self._inode is not None and _inode(path) is None:
            raise JournalError(f"{self._name}: the file is gone: put it back; a new file would lack all booked events")
        _check_folder(self._name, path.parent, makes=self.address.makes_folder)
        if self._inode is None:
            self._inode = _inode(path)  # before the lock: a process that waits for it must notice, too, if the file goes
        if self._locked and self._lock is None:
            self._lock = lock_file(path, self._purpose)

    def _open_session(self, connection: Connection) -> None:
        """Check PostgreSQL's settings at the start of a session, and take the lock."""
        with connection.begin():
            encoding, fsync, standby, schema = connection.exec_driver_sql(
                "SELECT current_setting('server_encoding'), current_setting('fsync'), pg_is_in_recovery(), current_schema()"
            ).one()
            if schema is None:
                raise JournalError("no schema of the search path exists: create it, or name another in the address")
            if encoding != "UTF8":
                raise JournalError(f"the database's encoding is {encoding}: create it with ENCODING 'UTF8'")
            if fsync != "on":
                _log.warning("the server has fsync off: a power cut loses events", journal=str(self.address))
            if self._read_only:
                return
            if standby:
                raise JournalError("the server is a standby, which takes no events: name the primary", retryable=True)
            if self._locked:
                lock_session(connection, self._purpose)


_SESSION = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""Network options: a connection that died silently is noticed within half a minute. The address may override them."""
_SERVER_OPTIONS = (
    "-c synchronous_commit=on -c lock_timeout=10s"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)


def _engine(address: Address, purpose: Purpose, read_only: bool) -> Engine:
    if address.backend == SQLITE:
        # In memory, a second connection would be a second database.
        pool = NullPool if address.path is not None else StaticPool
        url = _unchangeable(address) if read_only and _is_unchangeable(address.path) else address.url
        engine = create_engine(
            url, poolclass=pool, connect_args={"isolation_level": None, "timeout": _BUSY, "check_same_thread": False}
        )
        event.listen(engine, "connect", _read_pragmas if read_only else _write_pragmas)
        event.listen(engine, "begin", _begin if read_only else _begin_immediate)
        return engine
    asked = address.url.query
    options = f"{asked.get('options', '')} {_SERVER_OPTIONS}".strip()
    session = {"application_name": purpose.application, **_SESSION}
    arguments = {name: value for name, value in session.items() if name not in asked} | {"options": options}
    execution: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if read_only else {}
    # With "format", parameters are tuples in the order of the columns, as for SQLite.
    return create_engine(
        address.url, poolclass=NullPool, paramstyle="format", connect_args=arguments, execution_options=execution
    )


def _is_unchangeable(path: Path | None) -> bool:
    """Whether the file's folder is read-only (a backup, for example), so that SQLite cannot open it in the usual way."""
    return path is not None and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def _unchangeable(address: Address) -> URL:
    return address.url.set(database=f"file:{quote(str(address.path))}", query={"immutable": "1", "uri": "true"})


_PRAGMAS = (
    "synchronous = FULL",  # a commit is on the disk before it is acknowledged
    "fullfsync = ON",  # on a Mac too
    "checkpoint_fullfsync = ON",
    "wal_autocheckpoint = 4000",  # 16 MB of pages: one that is written often is copied back once
    "journal_size_limit = 67108864",  # the log shrinks again after a large copy
)


def _write_pragmas(connection: Any, _: object) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode not in {"wal", "memory"}:
        raise JournalError(f"SQLite cannot write ahead there (journal_mode {mode}): use a local, writable disk")
    # The lock file keeps other writers out; SQLite's own exclusive lock would keep readers out too.
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    _read_safely(connection)


def _read_pragmas(connection: Any, _: object) -> None:
    connection.execute("PRAGMA query_only = ON")
    _read_safely(connection)


def _read_safely(connection: Any) -> None:
    connection.execute("PRAGMA cell_size_check = ON")
    connection.execute("PRAGMA trusted_schema = OFF")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _check_folder(name: str, folder: Path, *, makes: bool) -> None:
    """Refuse a file whose folder does not exist, unless `makes`: then make the folder, but not those above it."""
    if folder.is_dir():
        return
    if not makes:
        raise JournalError(f"{name}: the folder {folder} does not exist: correct the path, or make the folder first")
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise JournalError(f"{name}: its folder cannot be made: {error}") from error


def _inode(path: Path | None) -> int | None:
    try:
        return path.stat().st_ino if path is not None else None
    except OSError:
        return None
