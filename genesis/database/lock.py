"""The lock of the only writing process: a file next to SQLite's, or in PostgreSQL's session. It ends with the process."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from sqlalchemy import Connection

from genesis.core.errors import JournalError, JournalLockedError
from genesis.database.purpose import Purpose

_WAIT_FOR_LOCK = 3.0
"""Seconds. A server needs a moment to notice that a process was killed, and to end its session."""


def lock_file(path: Path, purpose: Purpose) -> IO[str]:
    """Take the lock next to the file; the kernel releases it when the process ends, in whatever way.

    Raises:
        JournalLockedError: another process holds it.
        JournalError: it cannot be written.
    """
    lock_path = lock_path_of(path, purpose)
    try:
        lock = lock_path.open("a+", encoding="ascii")
    except OSError as error:
        raise JournalError(f"{purpose.name} {path}: {error}: the file and its folder must be writable for this user") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.seek(0)
        who = lock.read(32).strip()
        lock.close()
        raise JournalLockedError(
            f"{purpose.name} {path}: {purpose.held}{who and f' (process {who})'}: {purpose.instead}"
        ) from error
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def lock_path_of(path: Path, purpose: Purpose) -> Path:
    """The file of the lock."""
    return path.with_name(f"{path.name}{purpose.lock_suffix}")


def lock_transaction(connection: Connection, name: str) -> None:
    """Wait until no other transaction of this schema holds the lock of this name, and hold it until this one ends."""
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock(hashtextextended('{name} in ' || current_schema(), 0))")


def lock_session(connection: Connection, purpose: Purpose) -> None:
    """Take the lock of PostgreSQL's schema until the session ends.

    Raises:
        JournalLockedError: another session holds it.
    """
    deadline = time.monotonic() + _WAIT_FOR_LOCK
    while not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({_key(purpose)})").scalar_one():
        if time.monotonic() > deadline:
            holder = connection.exec_driver_sql(_HOLDER.format(key=_key(purpose))).first()
            who = f" ({holder.application_name}, from {holder.client}, since {holder.since})" if holder else ""
            raise JournalLockedError(f"{purpose.held}{who}: {purpose.instead}", retryable=True)
        time.sleep(0.1)


def _key(purpose: Purpose) -> str:
    return f"hashtextextended('{purpose.lock_key}' || current_schema(), 0)"


_HOLDER = (
    "SELECT application_name, coalesce(host(client_addr), 'a local socket') AS client,"
    " date_trunc('second', backend_start) AS since"
    " FROM pg_locks JOIN pg_stat_activity USING (pid)"
    " WHERE locktype = 'advisory' AND (classid::bigint << 32) | objid::bigint = {key} AND granted"
)
