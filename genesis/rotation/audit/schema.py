"""The audit log's tables, next to the journal's and independent of them: each creates its own tables."""

from __future__ import annotations

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, MetaData, Table, inspect

from genesis.core.errors import JournalError
from genesis.database.connection import BYTEWISE_TEXT, NUMBER
from genesis.database.lock import lock_transaction

SCHEMA_VERSION = 1

METADATA = MetaData()
SETTINGS = Table(
    "rotation_settings",
    METADATA,
    Column("digest", BYTEWISE_TEXT, primary_key=True, comment="SHA-256 of the payload, in hexadecimal"),
    Column("time", NUMBER, nullable=False, comment="of their first decision: microseconds since 1970"),
    Column("payload", LargeBinary, nullable=False, comment="Genesis's version and rotation.yaml with all defaults, as JSON"),
    sqlite_strict=True,
)
DECISION = Table(
    "rotation_decision",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=False),
    Column("time", NUMBER, nullable=False, index=True, comment="microseconds since 1970"),
    Column("settings", BYTEWISE_TEXT, nullable=False, comment="the digest of those that it was made by"),
    Column("ordered", Integer, nullable=False, comment="1 if the engine has to follow it, 0 if not"),
    Column("changes", Integer, nullable=False, comment="1 if any share is another than before, 0 if all stay"),
    Column("seal", LargeBinary, nullable=False, comment="SHA-256 of the seal before, the other columns, and the payload"),
    Column("payload", LargeBinary, nullable=False, comment="what was seen and decided: JSON, compressed by zlib"),
    Index("rotation_decision_ordered", "ordered", "number"),
    Index("rotation_decision_changes", "changes", "number"),
    sqlite_strict=True,
)
DELIVERY = Table(
    "rotation_delivery",
    METADATA,
    Column("number", NUMBER, primary_key=True, autoincrement=False, comment="the decision's"),
    Column("attempt", NUMBER, primary_key=True, autoincrement=False, comment="from 1 on"),
    Column("time", NUMBER, nullable=False, comment="microseconds since 1970"),
    Column("outcome", BYTEWISE_TEXT, nullable=False),
    Column("text", BYTEWISE_TEXT, nullable=False),
    sqlite_strict=True,
)
COMMAND = Table(
    "rotation_command",
    METADATA,
    Column("sequence", NUMBER, primary_key=True, autoincrement=False, comment="from 1 on, without gaps"),
    Column("time", NUMBER, nullable=False, comment="microseconds since 1970"),
    Column("seal", LargeBinary, nullable=False, comment="SHA-256 of the seal before, the other columns, and the payload"),
    Column("payload", LargeBinary, nullable=False, comment="what a person wants, who, and why: JSON"),
    sqlite_strict=True,
)
SCHEMA = Table(
    "rotation_schema",
    METADATA,
    Column("only_row", NUMBER, primary_key=True, autoincrement=False),
    Column("version", NUMBER, nullable=False),
    sqlite_strict=True,
)


def prepare(connection: Connection) -> None:
    """Create missing tables, in the caller's transaction.

    Raises:
        JournalError: a newer Genesis created them.
    """
    lock_transaction(connection, "genesis rotation schema")
    if not is_there(connection):
        METADATA.create_all(connection, checkfirst=False)
        connection.execute(SCHEMA.insert().values(only_row=1, version=SCHEMA_VERSION))
    check_known(connection)


def is_there(connection: Connection) -> bool:
    """Whether the database holds an audit log."""
    return inspect(connection).has_table(SCHEMA.name)


def check_known(connection: Connection) -> None:
    """Raise `JournalError` if a newer Genesis wrote the audit log."""
    version = int(connection.execute(SCHEMA.select()).one().version)
    if version > SCHEMA_VERSION:
        raise JournalError(
            f"has rotation's schema version {version}, this Genesis knows {SCHEMA_VERSION}: start the version that wrote it"
        )
