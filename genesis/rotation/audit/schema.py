"""The audit log's tables, next to the journal's and independent of them: each creates its own tables."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, LargeBinary, MetaData, Table, Text, inspect

from genesis.core.errors import JournalError

SCHEMA_VERSION = 1

_Number = BigInteger().with_variant(Integer, "sqlite")
_Bytes = Text().with_variant(Text(collation="C"), "postgresql")

METADATA = MetaData()
SETTINGS = Table(
    "rotation_settings",
    METADATA,
    Column("digest", _Bytes, primary_key=True, comment="SHA-256 of the payload, in hexadecimal"),
    Column("time", _Number, nullable=False, comment="of their first decision: microseconds since 1970"),
    Column("payload", LargeBinary, nullable=False, comment="Genesis's version and rotation.yaml with all defaults, as JSON"),
    sqlite_strict=True,
)
DECISION = Table(
    "rotation_decision",
    METADATA,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("time", _Number, nullable=False, index=True, comment="microseconds since 1970"),
    Column("settings", _Bytes, nullable=False, comment="the digest of those that it was made by"),
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
    Column("number", _Number, primary_key=True, autoincrement=False, comment="the decision's"),
    Column("attempt", _Number, primary_key=True, autoincrement=False, comment="from 1 on"),
    Column("time", _Number, nullable=False, comment="microseconds since 1970"),
    Column("outcome", _Bytes, nullable=False),
    Column("text", _Bytes, nullable=False),
    sqlite_strict=True,
)
COMMAND = Table(
    "rotation_command",
    METADATA,
    Column("sequence", _Number, primary_key=True, autoincrement=False, comment="from 1 on, without gaps"),
    Column("time", _Number, nullable=False, comment="microseconds since 1970"),
    Column("seal", LargeBinary, nullable=False, comment="SHA-256 of the seal before, the other columns, and the payload"),
    Column("payload", LargeBinary, nullable=False, comment="what a person wants, who, and why: JSON"),
    sqlite_strict=True,
)
SCHEMA = Table(
    "rotation_schema",
    METADATA,
    Column("only_row", _Number, primary_key=True, autoincrement=False),
    Column("version", _Number, nullable=False),
    sqlite_strict=True,
)


def prepare(connection: Connection) -> None:
    """Create missing tables, in the caller's transaction.

    Raises:
        JournalError: a newer Genesis created them.
    """
    if connection.dialect.name != "sqlite":  # SQLite has one writer at a time anyway
        connection.exec_driver_sql(_ONE_AT_A_TIME)
    if not is_there(connection):
        METADATA.create_all(connection, checkfirst=False)
        connection.execute(SCHEMA.insert().values(only_row=1, version=SCHEMA_VERSION))
    check_known(connection)


_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('genesis rotation schema in ' || current_schema(), 0))"


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
