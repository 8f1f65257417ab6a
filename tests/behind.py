"""What happens to a database behind the back of the journal that has it open: changes by others, and answers that are lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, NullPool, create_engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from genesis.database.address import Address


@contextmanager
def somebody_else(where: Address) -> Iterator[Connection]:
    """A connection and a transaction of somebody else's, which is committed at the end."""
    engine = create_engine(where.url, poolclass=NullPool)
    with engine.begin() as connection:
        yield connection


def lose_the_next_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next commit of SQLite that writes something happen, and lose the answer to it."""
    begin: Any = SQLiteDialect_pysqlite.do_begin
    commit: Any = SQLiteDialect_pysqlite.do_commit
    changes: dict[int, int] = {}

    def counted(dialect: SQLiteDialect_pysqlite, connection: Any) -> None:
        changes[id(connection.driver_connection)] = connection.driver_connection.total_changes
        begin(dialect, connection)

    def committed(dialect: SQLiteDialect_pysqlite, connection: Any) -> None:
        commit(dialect, connection)
        database = connection.driver_connection
        if database.total_changes != changes.get(id(database)):
            monkeypatch.undo()
            raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(SQLiteDialect_pysqlite, "do_begin", counted)
    monkeypatch.setattr(SQLiteDialect_pysqlite, "do_commit", committed)
