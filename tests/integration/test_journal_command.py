"""`genesis journal` on real journals in both databases, as an operator runs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import pytest
import structlog
from sqlalchemy import Executable, delete, text, update

from genesis.cli import main
from genesis.configuration import load_settings
from genesis.core.models import AnyEvent, Side, Void
from genesis.core.receipt import Outcome
from genesis.database.address import Address, address
from genesis.ingest.codec import decode_event
from genesis.ledger.journal import Journal
from genesis.ledger.schema import EVENT, SNAPSHOT
from genesis.ledger.store import Store
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.behind import somebody_else
from tests.unit.ledger.bookkeeper import kept
from tests.unit.monitoring.account import at, capital, fill, quote

CONFIG = Path(__file__).parents[2] / "config"
RULES = load_settings(CONFIG).rules


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """The command logs to the standard error of its test, which is closed when the test ends."""
    yield
    structlog.reset_defaults()


def some_events() -> list[AnyEvent]:
    events: list[AnyEvent] = [capital("1000"), capital("500", "beta"), quote("99", "101")]
    for number in range(100):
        strategy = ("alpha", "beta")[number % 2]
        side = Side.BUY if number % 4 < 2 else Side.SELL
        events.append(
            fill(side, "0.1", f"{100 + number % 7}", strategy=strategy, fee="0.01", event_id=f"x{number}", seconds=number)
        )
    events.append(Void(time=at(200), event_id="v", strategy="alpha", voids="x4"))
    return events


async def _record(where: Address, events: Sequence[AnyEvent], snapshot_at: int) -> str:
    async with Journal(where) as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(), RULES, journal)
        await monitor.restore()
        await monitor.handle_batch(events[:snapshot_at])
        await monitor.save_snapshot()
        await monitor.handle_batch(events[snapshot_at:])
        return monitor.digest()


@pytest.fixture
def recorded(journal_address: Address) -> str:
    """The digest of the books that a monitor had; its journal is at `journal_address`, the snapshot in the middle."""
    return asyncio.run(_record(journal_address, some_events(), 50))


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(tmp_path, capsys)


class Run:
    """Runs `genesis journal ...`; exit code, what it printed, and what it complained of."""

    def __init__(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._options = ["--config", str(CONFIG), "--password-file", str(tmp_path / "password")]
        self._capsys = capsys

    def __call__(self, verb: str, journal: Address, *arguments: str) -> tuple[int, str, str]:
        code = main(["journal", verb, *self._options, "--journal", str(journal), *arguments], {})
        return (code, *self._capsys.readouterr())


def spoil(where: Address, statement: Executable) -> None:
    """Change the database behind the journal's back."""

    with somebody_else(where) as connection:
        connection.execute(statement)


def test_a_sound_journal_is_verified_and_its_digest_is_the_monitors(recorded: str, journal_address: Address, run: Run) -> None:
    code, out, _ = run("verify", journal_address)
    assert (code, "103 events in sequence" in out, recorded in out) == (0, True, True), out
    assert "the snapshot at event 49 gives the same books" in out
    assert run("digest", journal_address)[:2] == (0, f"103 {recorded}\n")


def test_a_live_journal_can_be_looked_into_and_its_monitor_goes_on(journal_address: Address, run: Run) -> None:
    async def scenario() -> None:
        async with kept(journal_address) as keeper:
            await keeper.append(capital("1"))
            code, out, err = await asyncio.to_thread(run, "verify", journal_address)
            assert code == 0, err
            assert ": 1 events in sequence" in out
            await keeper.append(capital("2"))
            assert keeper.journal.count == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        (update(EVENT).where(EVENT.c.sequence == 7).values(payload=b"{}"), "event 7 is damaged"),
        (update(EVENT).where(EVENT.c.sequence == 7).values(strategy="gamma"), "event 7: its columns"),
        (delete(EVENT).where(EVENT.c.sequence == 7), "event 8 follows 6: events missing between them: 1"),
        (text("UPDATE journal_event SET sequence = 500 WHERE sequence = 103"), "event 500 follows 102"),
    ],
)
def test_what_is_wrong_with_a_journal_is_named(
    recorded: str, journal_address: Address, run: Run, statement: Executable, complaint: str
) -> None:
    spoil(journal_address, statement)
    code, _, err = run("verify", journal_address)
    assert code == 1
    assert complaint in err
    assert "is not sound" in err


def test_a_snapshot_that_leads_to_other_books_is_found(sqlite_address: Address, run: Run) -> None:
    async def lie() -> None:
        async with Journal(sqlite_address) as journal:
            saved = await journal.load_snapshot()
            assert saved is not None
            wrong = saved.replace(b'"capital":"', b'"capital":"1')
            assert wrong != saved
            await journal.save_snapshot(lambda _: wrong)

    asyncio.run(_record(sqlite_address, some_events(), 50))
    asyncio.run(lie())
    code, _, err = run("verify", sqlite_address)
    assert code == 1
    assert "the snapshot at event 49 gives other books" in err


def test_the_events_come_out_as_lines_that_are_events(
    recorded: str, journal_address: Address, run: Run, tmp_path: Path
) -> None:
    output = tmp_path / "events.ndjson"
    code, out, _ = run("export", journal_address, "--output", str(output))
    assert (code, out) == (0, f"written: {output}: 103 events\n")
    lines = output.read_bytes().splitlines()
    assert [msgspec.json.decode(line)["event_id"] for line in lines][-2:] == ["x99", "v"]

    async def take_again() -> tuple[set[Outcome], str]:
        async with Journal(":memory:") as journal:
            monitor = StrategyPerformanceMonitor(MonitorSettings(), RULES, journal)
            receipts = await monitor.handle_batch([decode_event(line) for line in lines])
            return {receipt.outcome for receipt in receipts}, monitor.digest()

    assert asyncio.run(take_again()) == ({Outcome.ACCEPTED}, recorded)
    code, _, err = run("export", journal_address, "--output", str(output))
    assert code == 1
    assert "exists already" in err


def test_an_export_that_fails_leaves_no_file(sqlite_address: Address, run: Run, tmp_path: Path) -> None:
    asyncio.run(_record(sqlite_address, some_events(), 50))
    spoil(sqlite_address, update(EVENT).where(EVENT.c.sequence == 90).values(payload=b"{}"))
    code, _, err = run("export", sqlite_address, "--output", str(tmp_path / "events.ndjson"))
    assert code == 1
    assert "event 90 is damaged" in err
    assert not list(tmp_path.glob("events*"))


def rows_of(where: Address) -> tuple[list[tuple[object, ...]], bytes | None]:
    async def read() -> tuple[list[tuple[object, ...]], bytes | None]:
        async with Journal(where, read_only=True) as journal:
            saved = await journal.load_snapshot()
            return [tuple(row) async for rows in journal.rows() for row in rows], saved

    return asyncio.run(read())


@pytest.mark.parametrize("direction", ["there", "back"])
def test_a_journal_moves_between_the_databases_with_all_that_it_holds(
    direction: str, sqlite_address: Address, postgres_address: Address, run: Run
) -> None:
    source, target = (sqlite_address, postgres_address) if direction == "there" else (postgres_address, sqlite_address)
    digest = asyncio.run(_record(source, some_events(), 50))
    code, out, err = run("copy", source, "--to", str(target))
    assert code == 0, err
    assert f"copied: 103 events from {source} to {target}, digest {digest} on both sides" in out
    assert rows_of(target) == rows_of(source)
    code, _, err = run("copy", source, "--to", str(target))
    assert (code, "holds 103 events already: a copy needs an empty journal" in err) == (1, True)


def test_a_copy_that_fails_on_its_way_leaves_an_empty_journal_and_works_when_it_is_tried_again(
    sqlite_address: Address, postgres_address: Address, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_record(sqlite_address, some_events(), 50))
    with monkeypatch.context() as broken:
        broken.setattr("genesis.ledger.journal._REPLAY_BATCH", 40)
        add = Store.add

        def fail_late(self: Store, rows: Sequence[object]) -> None:
            if self.last_sequence:
                raise KeyboardInterrupt
            add(self, rows)  # type: ignore[arg-type]

        broken.setattr(Store, "add", fail_late)
        assert run("copy", sqlite_address, "--to", str(postgres_address))[0] == 130
    assert rows_of(postgres_address) == ([], None)
    assert run("copy", sqlite_address, "--to", str(postgres_address))[0] == 0


def test_a_copy_that_would_make_other_books_is_not_kept(
    sqlite_address: Address, postgres_address: Address, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asyncio.run(_record(sqlite_address, some_events(), 50))
    add = Store.add
    monkeypatch.setattr(Store, "add", lambda self, rows: add(self, [*rows[:-2], rows[-1]]))
    code, _, err = run("copy", sqlite_address, "--to", str(postgres_address))
    assert (code, "the copy gives other books" in err) == (1, True)
    assert rows_of(postgres_address) == ([], None)


def test_a_live_journal_is_not_moved(sqlite_address: Address, postgres_address: Address, run: Run) -> None:
    async def scenario() -> tuple[int, str, str]:
        async with Journal(sqlite_address):
            return await asyncio.to_thread(run, "copy", sqlite_address, "--to", str(postgres_address))

    code, _, err = asyncio.run(scenario())
    assert (code, "another process has it open" in err) == (1, True)


def test_a_journal_that_is_not_there_is_named(tmp_path: Path, run: Run) -> None:
    code, _, err = run("verify", address(tmp_path / "none.db"))
    assert (code, "there is no such file" in err) == (1, True)
    assert not (tmp_path / "none.db").exists()


def test_a_deleted_snapshot_is_no_fault(recorded: str, journal_address: Address, run: Run) -> None:
    spoil(journal_address, delete(SNAPSHOT))
    code, out, _ = run("verify", journal_address)
    assert (code, "no snapshot" in out) == (0, True)
