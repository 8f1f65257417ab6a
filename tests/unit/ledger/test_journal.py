"""The journal keeps what it acknowledged, once, in order."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.core.errors import JournalError
from genesis.core.models import AnyAccountEvent, CapitalFlow, Fill, Side
from genesis.ledger.journal import SCHEMA_VERSION, Entry, Journal

TIME = datetime(2026, 1, 1, tzinfo=UTC)


def fill(event_id: str, quantity: str = "1", source: str = "engine") -> Fill:
    return Fill(
        time=TIME,
        source=source,
        event_id=event_id,
        strategy="s",
        symbol="BTC",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal("0.000000000000000001"),
    )


async def replayed(journal: Journal) -> list[AnyAccountEvent]:
    return [event async for batch in journal.replay() for _, event in batch]


async def append(journal: Journal, events: Sequence[AnyAccountEvent]) -> list[Entry]:
    entries: list[Entry] = []
    await journal.append(events, entries.extend)
    return entries


async def appended(path: Path, events: Sequence[AnyAccountEvent]) -> list[Entry]:
    async with Journal(path) as journal:
        return await append(journal, events)


async def test_events_come_back_in_order_after_a_restart(tmp_path: Path) -> None:
    flow = CapitalFlow(time=TIME, event_id="c", strategy="s", amount=Decimal("-1.50"))
    events: list[AnyAccountEvent] = [flow, fill("b"), fill("a")]
    await appended(tmp_path / "deep" / "j.db", events)
    async with Journal(tmp_path / "deep" / "j.db") as journal:
        assert await replayed(journal) == events
        assert (journal.count, journal.last_sequence) == (3, 3)


async def test_a_repeat_is_known_within_a_batch_and_after_a_restart(tmp_path: Path) -> None:
    assert await appended(tmp_path / "j.db", [fill("a"), fill("a")]) == [Entry.NEW, Entry.DUPLICATE]
    assert await appended(tmp_path / "j.db", [fill("a", "1.000")]) == [Entry.DUPLICATE]


async def test_the_same_identity_with_other_content_is_a_conflict_and_not_kept(tmp_path: Path) -> None:
    assert await appended(tmp_path / "j.db", [fill("a"), fill("a", "2"), fill("a", "2", source="other")]) == [
        Entry.NEW,
        Entry.CONFLICT,
        Entry.NEW,
    ]
    async with Journal(tmp_path / "j.db") as journal:
        assert await replayed(journal) == [fill("a"), fill("a", "2", source="other")]


async def test_a_second_process_is_refused_with_what_to_do(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j.db"):
        with pytest.raises(JournalError, match="another process has it open"):
            await Journal(tmp_path / "j.db").__aenter__()


async def test_a_journal_of_another_schema_is_refused(tmp_path: Path) -> None:
    await appended(tmp_path / "j.db", [fill("a")])
    with sqlite3.connect(tmp_path / "j.db") as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    with pytest.raises(JournalError, match="schema version"):
        await Journal(tmp_path / "j.db").__aenter__()


async def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_text("not a database" * 1000)
    with pytest.raises(JournalError, match="damaged"):
        await Journal(tmp_path / "j.db").__aenter__()


async def test_a_damaged_event_is_named(tmp_path: Path) -> None:
    await appended(tmp_path / "j.db", [fill("a"), fill("b")])
    with sqlite3.connect(tmp_path / "j.db") as db:
        db.execute("UPDATE event SET payload = x'7b' WHERE sequence = 2")
    db.close()
    async with Journal(tmp_path / "j.db") as journal:
        with pytest.raises(JournalError, match="event 2 is damaged"):
            await replayed(journal)


async def test_a_full_disk_keeps_nothing_of_the_batch_and_the_next_one_works(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j.db") as journal:
        await append(journal, [fill("a")])
        await journal._run(lambda: journal._db.execute("PRAGMA max_page_count = 8").fetchone())
        many = [fill(f"x{n}" + "-" * 100) for n in range(500)]
        with pytest.raises(JournalError, match="free some space"):
            await append(journal, many)
        assert (journal.count, await replayed(journal)) == (1, [fill("a")])
        await journal._run(lambda: journal._db.execute("PRAGMA max_page_count = 100000").fetchone())
        assert set(await append(journal, many)) == {Entry.NEW}


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError, match="folder cannot be made"):
        await Journal(tmp_path / "file" / "j.db").__aenter__()


async def test_a_closed_journal_says_so(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j.db") as journal:
        pass
    with pytest.raises((JournalError, RuntimeError)):
        await asyncio.wait_for(append(journal, [fill("a")]), 1)
