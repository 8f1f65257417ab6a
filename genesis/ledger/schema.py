"""The journal's tables, the same in every database, and the migrations from older schemas."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Table,
    UniqueConstraint,
    inspect,
)

from genesis.core.errors import JournalError
from genesis.database.connection import BYTEWISE_TEXT, NUMBER
from genesis.ledger.rows import decode, row_of

SCHEMA_VERSION = 3

METADATA = MetaData()
EVENT = Table(
    "journal_event",
    METADATA,
    Column("sequence", NUMBER, primary_key=True, autoincrement=False, comment="from 1 on, without gaps: the replay order"),
    Column("source", BYTEWISE_TEXT, nullable=False),
    Column("event_id", BYTEWISE_TEXT, nullable=False, comment="with the source the event's identity"),
    Column("strategy", BYTEWISE_TEXT, nullable=False),
    Column("kind", BYTEWISE_TEXT, nullable=False),
    Column("received", NUMBER, comment="wall time in microseconds since 1970; unknown where an old journal did not tell"),
    Column("checksum", NUMBER, nullable=False, comment="CRC-32 of the payload"),
    Column("payload", LargeBinary, nullable=False, comment="the event as JSON; what is replayed"),
    UniqueConstraint("source", "event_id", name="journal_event_identity"),
    sqlite_strict=True,
)
SNAPSHOT = Table(
    "journal_snapshot",
    METADATA,
    Column("only_row", NUMBER, primary_key=True, autoincrement=False),
    Column("sequence", NUMBER, nullable=False, comment="the last event that the accounts are behind"),
    Column("checksum", NUMBER, nullable=False, comment="CRC-32 of the payload"),
    Column("payload", LargeBinary, nullable=False, comment="the accounts as JSON"),
    sqlite_strict=True,
)
POINT = Table(
    "journal_point",
    METADATA,
    Column("point", NUMBER, primary_key=True, autoincrement=False, comment="of the grid of returns, by event time"),
    Column("checksum", NUMBER, nullable=False, comment="CRC-32 of the payload"),
    Column("payload", LargeBinary, nullable=False, comment="the returns of this point, in MessagePack"),
    sqlite_strict=True,
)
SCHEMA = Table(
    "journal_schema",
    METADATA,
    Column("only_row", NUMBER, primary_key=True, autoincrement=False),
    Column("version", NUMBER, nullable=False),
    sqlite_strict=True,
)

_BATCH = 10_000


def version_of(connection: Connection) -> int:
    """The schema version of the database; 0 if it holds no journal."""
    names = set(inspect(connection).get_table_names())
    if SCHEMA.name in names:
        return int(connection.execute(SCHEMA.select()).one().version)
    if connection.dialect.name == "sqlite":
        return int(connection.exec_driver_sql("PRAGMA user_version").scalar_one())
    return 0


def migrate(connection: Connection) -> int:
    """Migrate the database to the current schema, in the caller's transaction; returns the version before, 0 if it was empty.

    Raises:
        JournalError: a newer Genesis wrote it.
    """
    found = version_of(connection)
    check_known(found)
    if found == 0:
        METADATA.create_all(connection, checkfirst=False)
        connection.execute(SCHEMA.insert().values(only_row=1, version=SCHEMA_VERSION))
    for migration in _MIGRATIONS[found - 1 :] if found else ():
        migration(connection)
    if found:
        connection.execute(SCHEMA.update().values(version=SCHEMA_VERSION))
    return found


def check_known(version: int) -> None:
    """Raise `JournalError` if a newer Genesis wrote the journal."""
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"has schema version {version}, this Genesis knows {SCHEMA_VERSION}: "
            "start the version that wrote it, or name another journal"
        )


def _add_strategy_kind_and_checksum(connection: Connection) -> None:
    """1 → 2: one schema for all databases; new columns to search events by, and checksums."""
    METADATA.create_all(connection, checkfirst=False)
    connection.execute(SCHEMA.insert().values(only_row=1, version=1))
    after = 0
    while batch := connection.exec_driver_sql(
        "SELECT sequence, payload FROM event WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, _BATCH)
    ).fetchall():
        rows = [row_of(decode(sequence, payload), sequence, None) for sequence, payload in batch]
        connection.execute(EVENT.insert(), [row._asdict() for row in rows])
        after = batch[-1][0]
    # Snapshots of version 1 do not fit the current books; these are replayed from the events.
    for table in ("event", "checkpoint", "snapshot"):
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
    connection.exec_driver_sql("PRAGMA user_version = 0")


def _keep_points(connection: Connection) -> None:
    """2 → 3: a table for the returns on the grid, one row per point."""
    POINT.create(connection, checkfirst=True)


_MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_add_strategy_kind_and_checksum, _keep_points)
"""Item k migrates version k + 1 to the next one. A migration keeps every event, its sequence and its payload."""
