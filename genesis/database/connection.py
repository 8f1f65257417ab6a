"""The connection to a journal's database: opened for one process alone, durable, and with errors that say what to do."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import structlog
from sqlalchemy import URL, Connection, Engine, NullPool, StaticPool, create_engine, event, exc

from genesis.core.errors import JournalError
from genesis.database.address import SQLITE, Address

_WAIT_FOR_LOCK = 3.0
"""Seconds. A server needs a moment to notice that a process was killed, and to end what it was doing for it."""
CORRUPT = "it is damaged; restore it from a backup, or keep the file and ask for help: `genesis journal verify` tells more"

_log = structlog.get_logger(__name__)


class Database:
    """One connection, used by one thread at a time. A writer holds the journal's lock as long as it is open."""

    def __init__(self, address: Address, *, read_only: bool = False) -> None:
        self.address = address
        self._read_only = read_only
        self._lock: IO[str] | None = None
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._inode: int | None = None

    @property
    def connection(self) -> Connection:
        """The open connection.

        Raises:
            JournalError: it is not open, or the file under it was taken away.
        """
        if self._connection is None:
            raise JournalError(f"journal {self.address}: is not open")
        if self._inode is not None and _inode(self.address.path) != self._inode:
            raise JournalError(
                f"journal {self.address}: the file was removed or replaced while it was open: put it back, or stop the monitor "
                "and start it on a backup; nothing is acknowledged until then",
                retryable=True,
            )
        return self._connection

    def open(self) -> None:
        """Connect, and as a writer take the lock.

        Raises:
            JournalError: another process holds the lock, or there is no connection.
        """
        if self.address.path is not None:
            self._prepare_file(self.address.path)
        with self.errors():
            self._engine = _engine(self.address, self._read_only)
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
        """Let go of the connection, whatever state it is in; SQLite's lock stays."""
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

    def close(self) -> None:
        """Disconnect and give the lock back."""
        self.disconnect()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what a database says into a `JournalError` that names the journal and says what to do."""
        try:
            yield
        except (exc.DBAPIError, sqlite3.Error) as error:
            said = error.orig if isinstance(error, exc.DBAPIError) else error  # the pragmas of a new connection are not wrapped
            advice, retryable = _advice(said)
            text = " ".join(str(said).split())
            raise JournalError(f"journal {self.address}: {text}{advice and ': ' + advice}", retryable=retryable) from error
        except exc.SQLAlchemyError as error:
            raise JournalError(f"journal {self.address}: {error}") from error
        except JournalError as error:
            if str(error).startswith("journal"):
                raise
            raise JournalError(f"journal {self.address}: {error}", retryable=error.retryable) from error

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """Whatever a broken connection says on its way out."""
        try:
            yield
        except exc.SQLAlchemyError as error:
            _log.debug("closing a broken connection", journal=str(self.address), reason=str(error))

    def _prepare_file(self, path: Path) -> None:
        if self._read_only:
            if not path.exists():
                raise JournalError(f"journal {path}: there is no such file")
            return
        if self._inode is not None and _inode(path) is None:
            raise JournalError(f"journal {path}: the file is gone: put it back; a new one would not have what was booked")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"journal {path}: its folder cannot be made: {error}") from error
        if self._lock is None:
            self._lock = _lock_file(path)

    def _open_session(self, connection: Connection) -> None:
        """What PostgreSQL has to be asked at the start of each session."""
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
            self._lock_schema(connection)

    def _lock_schema(self, connection: Connection) -> None:
        deadline = time.monotonic() + _WAIT_FOR_LOCK
        while not connection.exec_driver_sql(_TRY_LOCK).scalar_one():
            if time.monotonic() > deadline:
                holder = connection.exec_driver_sql(_HOLDER).first()
                who = f" ({holder.application_name}, from {holder.client}, since {holder.since})" if holder else ""
                raise JournalError(
                    f"another process has it open{who}: stop that one, or name another journal",
                    retryable=True,
                )
            time.sleep(0.1)


_KEY = "hashtextextended('genesis journal in ' || current_schema(), 0)"
_TRY_LOCK = f"SELECT pg_try_advisory_lock({_KEY})"
_HOLDER = (
    "SELECT application_name, coalesce(host(client_addr), 'a local socket') AS client,"  # noqa: S608 - fixed words only
    " date_trunc('second', backend_start) AS since"
    " FROM pg_locks JOIN pg_stat_activity USING (pid)"
    f" WHERE locktype = 'advisory' AND (classid::bigint << 32) | objid::bigint = {_KEY} AND granted"
)

_SESSION = {
    "application_name": "genesis",
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}
"""What a connection asks of the network: a silent end is noticed within half a minute. The address may say otherwise."""
_SERVER_OPTIONS = (
    "-c synchronous_commit=on -c lock_timeout=10s"
    " -c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
)


def _engine(address: Address, read_only: bool) -> Engine:
    if address.backend == SQLITE:
        # In memory, a second connection would be a second database.
        pool = NullPool if address.path is not None else StaticPool
        url = _unchangeable(address) if read_only and _is_unchangeable(address.path) else address.url
        engine = create_engine(
            url, poolclass=pool, connect_args={"isolation_level": None, "timeout": 1.0, "check_same_thread": False}
        )
        event.listen(engine, "connect", _read_pragmas if read_only else _write_pragmas)
        event.listen(engine, "begin", _begin if read_only else _begin_immediate)
        return engine
    asked = address.url.query
    options = f"{asked.get('options', '')} {_SERVER_OPTIONS}".strip()
    arguments = {name: value for name, value in _SESSION.items() if name not in asked} | {"options": options}
    execution: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if read_only else {}
    # Rows are handed over as tuples in the order of the columns, as SQLite takes them.
    return create_engine(
        address.url, poolclass=NullPool, paramstyle="format", connect_args=arguments, execution_options=execution
    )


def _is_unchangeable(path: Path | None) -> bool:
    """Whether the file lies where nothing can be written, and so cannot be opened in the usual way: a backup, for example."""
    return path is not None and not os.access(path.parent, os.W_OK) and not path.with_name(f"{path.name}-wal").exists()


def _unchangeable(address: Address) -> URL:
    return address.url.set(database=f"file:{quote(str(address.path))}", query={"immutable": "1", "uri": "true"})


_PRAGMAS = (
    "synchronous = FULL",  # a commit is on the disk before it is acknowledged
    "fullfsync = ON",  # on a Mac too
    "checkpoint_fullfsync = ON",
    "wal_autocheckpoint = 4000",  # 16 MB of pages, so that those that are written again and again are copied back once
    "journal_size_limit = 67108864",  # what a copy of a large journal made the log grow to is given back
)


def _write_pragmas(connection: Any, _: object) -> None:
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode not in {"wal", "memory"}:
        raise JournalError(f"SQLite cannot write ahead there (journal_mode {mode}): use a local, writable disk")
    # The lock beside the file keeps other writers away; SQLite's own would keep readers away too.
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


def _lock_file(path: Path) -> IO[str]:
    """Hold the lock beside the file; the kernel gives it back when the process ends, however it does."""
    beside = path.with_name(f"{path.name}.lock")
    try:
        lock = beside.open("a+", encoding="ascii")
    except OSError as error:
        raise JournalError(f"journal {path}: {error}: the file and its folder must be writable for this user") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        who = lock.read(32).strip()
        lock.close()
        raise JournalError(
            f"journal {path}: another process has it open{who and f' (process {who})'}: stop that one, or name another journal"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _inode(path: Path | None) -> int | None:
    try:
        return path.stat().st_ino if path is not None else None
    except OSError:
        return None


_WORDS: tuple[tuple[str, str, bool], ...] = (
    ("locked", "another process is writing to it; stop that one, or name another journal", True),
    ("full", "free some space; the events will be taken when they are sent again", True),
    ("readonly", "the file and its folder must be writable for this user", True),
    ("unable to open", "the file and its folder must be writable for this user", True),
    ("disk I/O error", "the disk does not do what it is told: look into the system's log", True),
    ("malformed", CORRUPT, False),
    ("not a database", CORRUPT, False),
    # What a server says before there is a session has no code.
    ("password", "check the user, and the password in journal_password_file", False),
    ("does not exist", "create it: CREATE DATABASE ... ENCODING 'UTF8'", False),
)
_CODES: dict[str, tuple[str, bool]] = {
    "42": ("the user needs the right to create and write the tables journal_* in the schema", False),
    "25": ("the server takes no writes now: is it a standby?", True),
    "53": ("the server is out of space or connections; the events will be taken when they are sent again", True),
    "55": ("another session holds a lock on the tables journal_*: end it", True),
    "57": ("the server is stopping or starting; the events will be taken when they are sent again", True),
    "XX": (CORRUPT, False),
}
"""By the class of PostgreSQL's SQLSTATE."""


def _advice(error: object) -> tuple[str, bool]:
    """What to do about what a database said, and whether the same may succeed later."""
    code = str(getattr(error, "sqlstate", None) or "")[:2]
    if code:
        return _CODES.get(code, ("", False))
    text = str(error)
    for words, advice, retryable in _WORDS:
        if words in text:
            return advice, retryable
    if isinstance(error, sqlite3.Error) or type(error).__name__ != "OperationalError":
        return "", False
    return "the server cannot be reached; the events will be taken when they are sent again", True
