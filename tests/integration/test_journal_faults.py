"""What goes wrong around a journal: each fault says what to do, nothing acknowledged is lost, and it works again by itself."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from structlog.testing import capture_logs

from genesis.core.errors import JournalError
from genesis.core.models import CapitalFlow
from genesis.database import address
from genesis.database.address import Address
from genesis.ledger.journal import AppendResult, Journal
from genesis.settings.monitor import MonitorSettings
from tests.behind import lose_the_next_answer
from tests.integration.postgres import PASSWORD, Cluster
from tests.integration.proxy import Proxy
from tests.integration.waiting import SOON, until
from tests.unit.ledger.bookkeeper import Bookkeeper, bookkeeper

TIME = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


def flow(name: str) -> CapitalFlow:
    return CapitalFlow(time=TIME, event_id=name, strategy="s", amount=Decimal(1))


class Keeper(Bookkeeper):
    """A bookkeeper of flows, which have names."""

    async def take(self, *names: str) -> list[AppendResult]:
        return await self.append(*map(flow, names))

    async def insist(self, *names: str, within: float = SOON) -> list[AppendResult]:
        """Send again until it is taken."""
        async with asyncio.timeout(within):
            while True:
                try:
                    return await self.take(*names)
                except JournalError as error:
                    if not error.retryable:
                        raise
                    await asyncio.sleep(0.05)

    async def go_on(self) -> None:
        """Append until it fails."""
        for number in range(1000):
            await self.take(*(f"{number}-{n}" for n in range(50)))

    async def names(self) -> list[str]:
        return [event.event_id for event in await self.replayed()]


@asynccontextmanager
async def keeper(where: Address | Path) -> AsyncIterator[Keeper]:
    async with Journal(where) as journal, bookkeeper(journal, Keeper) as opened:
        yield opened


async def kept(where: Address | Path) -> list[str]:
    async with keeper(where) as opened:
        return await opened.names()


def remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(disk)], check=True)


async def test_a_full_disk_fails_what_does_not_fit_and_what_fits_again_is_taken(disk: Path) -> None:
    async with keeper(disk / "j.db") as full:
        await full.take("first")
        ballast = disk / "ballast"
        with pytest.raises(OSError, match="No space"):
            ballast.write_bytes(bytes(4 << 20))
        with pytest.raises(JournalError, match=r"free some space|look into the system's log") as caught:
            await full.go_on()
        assert caught.value.retryable
        acknowledged = list(full.booked)
        ballast.unlink()
        assert await full.insist("after") == [AppendResult.NEW]
        assert await full.names() == full.booked == [*acknowledged, "after"]
    assert await kept(disk / "j.db") == [*acknowledged, "after"]


async def test_a_read_only_disk_is_named_and_costs_nothing(disk: Path) -> None:
    async with keeper(disk / "j.db") as held:
        await held.take("a")
    remount(disk, "ro")
    with pytest.raises(JournalError, match="must be writable for this user"):
        await kept(disk / "j.db")
    async with Journal(disk / "j.db", read_only=True) as reader:
        assert (reader.count, await reader.check_pages()) == (1, [])
    remount(disk, "rw")
    assert await kept(disk / "j.db") == ["a"]


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").write_text("")
    with pytest.raises(JournalError, match=r"data/genesis\.db: its folder cannot be made"):
        await kept(address.journal_address(MonitorSettings()))


async def test_a_file_that_was_taken_away_acknowledges_nothing_until_it_is_back(tmp_path: Path) -> None:
    async with keeper(tmp_path / "j.db") as held:
        await held.take("a")
        (tmp_path / "j.db").rename(tmp_path / "away")
        with pytest.raises(JournalError, match="removed or replaced"):
            await held.take("b")
        (tmp_path / "away").rename(tmp_path / "j.db")
        assert await held.insist("b") == [AppendResult.NEW]
    assert await kept(tmp_path / "j.db") == ["a", "b"]


def damage_last_page(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(size - 4096)
        opened.write(b"\xa5" * 4096)


def damage_a_page_in_the_middle(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2 // 4096 * 4096)
        opened.write(b"\xa5" * 4096)


def truncate(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size - 4096)


def half(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2 + 100)


@pytest.mark.parametrize("spoil", [damage_last_page, damage_a_page_in_the_middle, truncate, half])
async def test_a_damaged_file_is_refused_at_the_start(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    async with keeper(tmp_path / "j.db") as held:
        await held.take(*(f"{n}" for n in range(2000)))
    spoil(tmp_path / "j.db")
    with pytest.raises(JournalError, match=r"j\.db: .*restore it from a backup"):
        await Journal(tmp_path / "j.db").__aenter__()


async def test_a_file_that_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j.db").write_text("not a database" * 1000)
    with pytest.raises(JournalError, match="damaged"):
        await kept(tmp_path / "j.db")


_WRITER = """
import asyncio, os, sys
from pathlib import Path
from genesis.database.address import address
from genesis.logs import configure_logs
from tests.integration.test_journal_faults import flow
from tests.unit.ledger.bookkeeper import kept

async def main():
    password = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    async with kept(address(sys.argv[1], password)) as keeper:
        await keeper.append(flow("theirs"))
        print("open", flush=True)
        await asyncio.sleep(600)

configure_logs("WARNING")
asyncio.run(main())
"""


@contextmanager
def another_process(where: Address, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the journal and has one event in it."""
    words = [str(where.path)] if where.path is not None else [str(where), str(tmp_path / "password")]
    process = subprocess.Popen(
        [sys.executable, "-c", _WRITER, *words], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def test_a_second_process_is_refused_and_takes_over_when_the_first_is_killed(
    journal_address: Address, tmp_path: Path
) -> None:
    with another_process(journal_address, tmp_path) as other:
        with pytest.raises(JournalError, match=r"another process has it open.*: stop that one"):
            await kept(journal_address)
        other.send_signal(signal.SIGKILL)
        other.wait()
        async with keeper(journal_address) as held:
            assert await held.take("ours") == [AppendResult.NEW]
            assert await held.names() == ["theirs", "ours"]


async def test_what_a_killed_process_left_in_the_write_ahead_log_is_there_and_a_torn_end_is_not(
    sqlite_address: Address, tmp_path: Path
) -> None:
    with another_process(sqlite_address, tmp_path) as other:
        other.send_signal(signal.SIGKILL)
    assert sqlite_address.path is not None
    log = sqlite_address.path.with_name("journal.db-wal")
    log.write_bytes(log.read_bytes() + log.read_bytes()[-5000:-100])  # what a power cut leaves of a commit under way
    assert await kept(sqlite_address) == ["theirs"]


async def test_a_server_that_is_stopped_and_started_again_costs_nothing(postgres: Cluster, postgres_address: Address) -> None:
    async with keeper(postgres_address) as held:
        for number, how in enumerate((signal.SIGINT, signal.SIGQUIT)):
            await held.take(f"before {number}")
            postgres.stop(how)
            with pytest.raises(JournalError, match="the events will be taken when they are sent again") as caught:
                await held.take(f"while {number}")
            assert caught.value.retryable
            again = asyncio.create_task(held.insist(f"while {number}"))
            await asyncio.to_thread(postgres.start)
            assert await again == [AppendResult.NEW]
        assert held.failures
        assert held.booked == await held.names() == ["before 0", "while 0", "before 1", "while 1"]


async def test_a_connection_that_is_ended_while_idle_is_not_even_noticed(postgres: Cluster, postgres_address: Address) -> None:
    async with keeper(postgres_address) as held:
        await held.take("a")
        postgres.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'genesis'")
        assert await held.take("b") == [AppendResult.NEW]
        assert held.booked == ["a", "b"]
        assert held.failures == []


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"password": "wrong"}, "password authentication failed.*: check the user, and the password in journal_password_file"),
        ({"password": ""}, "check the user, and the password in journal_password_file"),
        ({"database": "nowhere"}, "does not exist: create it: CREATE DATABASE"),
        ({"port": 1}, "the server cannot be reached"),
        ({"query": {"options": "-csearch_path=nowhere"}}, "no schema of the search path exists"),
        ({"query": {"options": "-cdefault_transaction_read_only=on"}}, "the server takes no writes now: is it a standby"),
    ],
)
async def test_a_server_that_cannot_be_used_is_refused_with_what_to_do(
    postgres_address: Address, changed: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(JournalError, match=complaint) as caught:
        await kept(postgres_address._replace(url=postgres_address.url.set(**changed)))
    assert PASSWORD not in str(caught.value)


@pytest.fixture
def proxy(postgres: Cluster) -> Iterator[Proxy]:
    with Proxy(postgres.port) as running:
        yield running


def through(proxy: Proxy, where: Address) -> Address:
    return where._replace(url=where.url.set(port=proxy.port))


async def test_a_commit_whose_answer_is_lost_is_found_and_acknowledged(proxy: Proxy, postgres_address: Address) -> None:
    async with keeper(through(proxy, postgres_address)) as held:
        await held.take("a")
        proxy.cut_at_commit = 1
        assert await held.take("b", "c") == [AppendResult.NEW, AppendResult.NEW]
        assert proxy.cuts == 1
        proxy.cut_at_commit = 2  # a batch with a repeat is looked up first
        assert await held.take("d", "c", "d") == [AppendResult.NEW, AppendResult.DUPLICATE, AppendResult.DUPLICATE]
        assert proxy.cuts == 2
        assert await held.take("d", "e") == [AppendResult.DUPLICATE, AppendResult.NEW]
        assert held.booked == await held.names() == ["a", "b", "c", "d", "e"]
        assert held.failures == []


async def test_a_commit_that_never_arrived_is_done_again(proxy: Proxy, postgres_address: Address) -> None:
    async with keeper(through(proxy, postgres_address)) as held:
        await held.take("a")
        proxy.swallow_commit = True
        assert await held.take("b") == [AppendResult.NEW]
        assert proxy.cuts == 1
        assert held.booked == await held.names() == ["a", "b"]


async def test_a_commit_whose_answer_is_lost_is_booked_as_soon_as_the_server_is_there_and_a_repeat_is_a_duplicate(
    proxy: Proxy, postgres_address: Address
) -> None:
    async with keeper(through(proxy, postgres_address)) as held:
        await held.take("a")
        proxy.cut_at_commit, proxy.closed_after_cut = 1, True
        with pytest.raises(JournalError) as caught:
            await held.take("b")
        assert caught.value.retryable
        assert held.booked == ["a"]
        proxy.closed = False
        await until(lambda: held.booked == ["a", "b"])
        assert await held.take("b", "c") == [AppendResult.DUPLICATE, AppendResult.NEW]
        assert held.booked == await held.names() == ["a", "b", "c"]


async def test_a_lost_answer_of_sqlite_too_is_looked_for_before_anything_else_is_booked(
    sqlite_address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with keeper(sqlite_address) as held:
        await held.take("a")
        lose_the_next_answer(monkeypatch)
        with pytest.raises(JournalError, match="disk I/O error") as caught:
            await held.take("b")
        assert caught.value.retryable
        assert await held.take("c", "b") == [AppendResult.NEW, AppendResult.DUPLICATE]
        assert held.booked == await held.names() == ["a", "b", "c"]


async def test_what_another_process_wrote_while_the_connection_was_gone_is_booked_first(
    postgres: Cluster, postgres_address: Address
) -> None:
    async with keeper(postgres_address) as held:
        await held.take("a")
        postgres.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'genesis'")
        async with keeper(postgres_address) as other:
            await other.take("theirs")
        assert await held.take("b") == [AppendResult.NEW]
        assert held.booked == await held.names() == ["a", "theirs", "b"]


async def test_a_journal_that_lost_events_meanwhile_is_not_written_to(postgres: Cluster, postgres_address: Address) -> None:
    async with keeper(postgres_address) as held:
        await held.take("a", "b")
        with sql(postgres, postgres_address) as execute:
            execute("DELETE FROM journal_event WHERE sequence = 2")
            execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'genesis'")
        with pytest.raises(JournalError, match="has 1 events, and 2 are booked"):
            await held.take("c")


@contextmanager
def sql(postgres: Cluster, where: Address) -> Iterator[Callable[[str], object]]:
    url = where.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection.execute
