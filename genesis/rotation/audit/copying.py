"""Copies the audit log when the journal moves to another database, so that no halt or pin is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select

from genesis.core.errors import JournalError
from genesis.database.address import Address
from genesis.database.connection import Database
from genesis.database.purpose import ROTATION
from genesis.rotation.audit.schema import COMMAND, DECISION, METADATA, SCHEMA, check_known, is_there, prepare

_AT_A_TIME = 200


@contextmanager
def held(source: Address) -> Iterator[Database]:
    """Lock controllers out of the audit log of `source` while it is copied.

    Raises:
        JournalLockedError: a controller runs: stop it first.
        JournalError: there is no connection.
    """
    database = Database(source, ROTATION)
    try:
        database.open()
        yield database
    finally:
        database.close()


def copy(source: Database, target: Address) -> int | None:
    """Copy everything or nothing; returns the number of decisions, None if `source` has no audit log.

    Raises:
        JournalError: one of them cannot be used, or `target` holds decisions or commands already.
    """
    with source.errors(), source.connection.begin():
        if not is_there(source.connection):
            return None
        check_known(source.connection)
        with held(target) as database, database.errors(), database.connection.begin():
            prepare(database.connection)
            if _count(database.connection):
                raise JournalError("holds an audit log already: a copy needs an empty one")
            for table in METADATA.sorted_tables:
                if table is not SCHEMA:
                    for rows in source.connection.execute(table.select()).mappings().partitions(_AT_A_TIME):
                        database.connection.execute(table.insert(), [dict(row) for row in rows])
            return int(database.connection.execute(select(func.count()).select_from(DECISION)).scalar_one())


def _count(connection: Connection) -> int:
    return sum(int(connection.execute(select(func.count()).select_from(table)).scalar_one()) for table in (DECISION, COMMAND))
