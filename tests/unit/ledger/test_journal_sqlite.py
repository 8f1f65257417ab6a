"""What is SQLite's own in a journal: its file, its lock, and the files of earlier versions."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from genesis.core.errors import JournalError
from genesis.core.models import CapitalFlow
from genesis.database.address import address
from genesis.database.connection import Database
from genesis.ledger.journal import Append, AppendResult, Journal
from tests.unit.ledger.bookkeeper import kept

TIME = datetime(2026, 1, 1, tzinfo=UTC)
FIRST_SCHEMA = """
CREATE TABLE event (
    sequence INTEGER PRIMARY KEY,
    source   TEXT NOT NULL,
    event_id TEXT NOT NULL,
    payload  BLOB NOT NULL,
    UNIQUE (source, event_id)
) STRICT;
CREATE TABLE checkpoint (only_row INTEGER PRIMARY KEY CHECK (only_row = 1), payload BLOB NOT NULL) STRICT;
INSERT INTO checkpoint VALUES (1, x'7b7d');
PRAGMA user_version = 1;
"""


def flow(name: str) -> CapitalFlow:
    return CapitalFlow(time=TIME, event_id=name, strategy="s", amount=Decimal("1.50"))


def first_version(file: Path, *payloads: bytes) -> None:
    """A journal as the first version wrote it."""
    db = sqlite3.connect(file)
    db.executescript(FIRST_SCHEMA)
    for number, payload in enumerate(payloads):
        db.execute("INSERT INTO event (source, event_id, payload) VALUES ('engine', ?, ?)", (f"e{number}", payload))
    db.commit()
    db.close()


async def test_a_journal_of_the_first_version_is_brought_up_to_date_and_keeps_every_event(tmp_path: Path) -> None:
    events = [flow(f"e{number}") for number in range(3)]
    first_version(tmp_path / "j.db", *map(msgspec.json.encode, events))
    with capture_logs() as logs:
        async with kept(tmp_path / "j.db") as keeper:
            journal = keeper.journal
            assert journal.count == 3
            assert [event async for batch in journal.replay() for _, event in batch] == events
            assert await keeper.append(flow("e1"), flow("new")) == [AppendResult.DUPLICATE, AppendResult.NEW]
            assert await journal.load_snapshot() is None
            rows = [row async for batch in journal.rows() for row in batch]
    assert [(row.sequence, row.kind, row.strategy, row.received is None) for row in rows] == [
        (1, "capital_flow", "s", True),
        (2, "capital_flow", "s", True),
        (3, "capital_flow", "s", True),
        (4, "capital_flow", "s", False),
    ]
    assert [log["before"] for log in logs if log["event"] == "journal brought up to date"] == [1]
    with capture_logs() as logs:
        async with Journal(tmp_path / "j.db") as journal:
            assert journal.count == 4
    assert logs == []


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path) -> None:
    first_version(tmp_path / "j.db", msgspec.json.encode(flow("e0")), b"{}")
    with pytest.raises(JournalError, match="event 2 is damaged"):
        await Journal(tmp_path / "j.db").__aenter__()
    db = sqlite3.connect(tmp_path / "j.db")
    assert db.execute("SELECT count(*) FROM event").fetchone() == (2,)
    assert db.execute("PRAGMA user_version").fetchone() == (1,)
    db.close()


async def test_a_reader_is_told_to_have_an_old_journal_brought_up_to_date_first(tmp_path: Path) -> None:
    first_version(tmp_path / "j.db")
    with pytest.raises(JournalError, match="older schema 1: `genesis monitor` brings it up to date"):
        await Journal(tmp_path / "j.db", read_only=True).__aenter__()


async def test_a_database_of_somebody_else_holds_no_journal(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / "j.db")
    db.execute("CREATE TABLE other (x)")
    db.close()
    with pytest.raises(JournalError, match="there is no journal in it"):
        await Journal(tmp_path / "j.db", read_only=True).__aenter__()


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j.db"):
        pass
    async with Journal(tmp_path / "j.db", read_only=True) as reader:
        with pytest.raises(JournalError, match="is not open"):
            await reader.append(Append([flow("a")]))
        with pytest.raises(JournalError, match=r"must be writable|readonly"):
            await reader.save_snapshot(lambda _: b"")


def test_every_commit_is_synced_ahead_of_its_acknowledgement(tmp_path: Path) -> None:
    database = Database(address(tmp_path / "j.db"))
    database.open()
    with closing(database), database.connection.begin():
        asked = {
            name: database.connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "synchronous")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2}  # FULL


async def test_the_lock_names_the_process_that_holds_it(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j.db"):
        with pytest.raises(JournalError, match=rf"another process has it open \(process {os.getpid()}\): stop that one"):
            await Journal(tmp_path / "j.db").__aenter__()
    async with Journal(tmp_path / "j.db"):
        pass


async def test_a_lock_file_that_was_left_behind_locks_nothing(tmp_path: Path) -> None:
    (tmp_path / "j.db.lock").write_text("12345")
    async with Journal(tmp_path / "j.db") as journal:
        assert journal.count == 0
