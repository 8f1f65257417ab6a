"""The monitor through an outage of its database: it goes on serving, keeps what it was told, and takes up again by itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import aiohttp
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from genesis.app import MonitorApp
from genesis.configuration import Settings, load_settings
from genesis.core.errors import JournalError
from genesis.core.models import Side, Void
from genesis.core.receipt import Outcome
from genesis.database.address import Address
from genesis.ledger.journal import Journal
from genesis.ledger.schema import SNAPSHOT
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.behind import lose_the_next_answer, somebody_else
from tests.integration.postgres import Cluster
from tests.integration.waiting import SOON, until
from tests.unit.monitoring.account import at, capital, fill, strategy

pytestmark = pytest.mark.real_time

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(name="settings")
def settings_of_the_repository() -> Settings:
    return load_settings(CONFIG)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


async def sample(url: str, name: str) -> float:
    async with aiohttp.ClientSession() as http, http.get(f"{url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


async def test_an_engine_trades_on_after_an_outage_of_the_database_and_nothing_is_lost_or_doubled(
    postgres: Cluster, postgres_address: Address, settings: Settings
) -> None:
    async with MonitorApp(settings, journal=postgres_address, port=0) as app:
        await app.deliver(capital("1000"))
        postgres.stop(signal.SIGQUIT)
        waiting = [asyncio.create_task(app.deliver(capital("1", seconds=n))) for n in range(20)]
        await until(lambda: app.monitor.telemetry.journal_errors > 0)
        assert await sample(app.url, 'genesis_strategy_capital{strategy="alpha"}') == 1000
        assert await sample(app.url, "genesis_journal_commit_errors_total") >= 1
        assert await sample(app.url, "genesis_journal_info") == 1
        await asyncio.to_thread(postgres.start)
        receipts = await asyncio.wait_for(asyncio.gather(*waiting), SOON)
        assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
        assert strategy(app.monitor).account.capital == 1020
        digest = app.monitor.digest()
    async with MonitorApp(settings, journal=postgres_address, port=0) as app:
        assert strategy(app.monitor).account.capital == 1020
        assert app.monitor.digest() == digest


async def test_a_snapshot_that_cannot_be_kept_is_no_reason_to_stop(
    postgres: Cluster, postgres_address: Address, settings: Settings
) -> None:
    async with MonitorApp(settings, journal=postgres_address, port=0) as app:
        await app.deliver(capital("1000"))
        postgres.stop()
        await app._save_snapshot()
    await asyncio.to_thread(postgres.start)
    async with MonitorApp(settings, journal=postgres_address, port=0) as app:
        assert strategy(app.monitor).account.capital == 1000


async def test_a_fill_and_its_void_whose_answers_were_lost_are_booked_before_anything_later(
    sqlite_address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    void = Void(time=at(2), event_id="v", strategy="alpha", voids="bad")
    bad, good = (fill(Side.BUY, "1", "100", fee="1", event_id=name) for name in ("bad", "good"))
    async with Journal(sqlite_address) as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(), load_settings(CONFIG).rules, journal)
        await monitor.restore()
        await monitor.handle(capital("1000"))
        for lost, fees in ((bad, 1), (void, 0)):
            lose_the_next_answer(monkeypatch)
            with pytest.raises(JournalError, match="disk I/O error"):
                await monitor.handle(lost)
            assert (await monitor.handle(lost)).outcome is Outcome.DUPLICATE
            assert strategy(monitor).account.fees == fees
        await monitor.handle(good)
        assert strategy(monitor).account.fees == 1
        assert [holding.quantity for holding in strategy(monitor).holdings] == [1]
        digest = monitor.digest()
    async with Journal(sqlite_address) as journal:
        again = StrategyPerformanceMonitor(MonitorSettings(), load_settings(CONFIG).rules, journal)
        await again.restore()
        assert again.digest() == digest


async def test_the_books_are_restored_from_all_events_where_the_snapshot_cannot_be_read(
    journal_address: Address, settings: Settings
) -> None:
    async with MonitorApp(settings, journal=journal_address, port=0) as app:
        for amount in ("1000", "2", "3"):
            await app.deliver(capital(amount))
        digest = app.monitor.digest()
    payload = b'{"not": "accounts"}'
    with somebody_else(journal_address) as connection:
        connection.execute(update(SNAPSHOT).values(payload=payload, checksum=crc32(payload)))
    async with MonitorApp(settings, journal=journal_address, port=0) as app:
        assert app.monitor.digest() == digest
        assert strategy(app.monitor).account.capital == 1005


async def test_the_digest_of_the_books_is_told_at_start_and_end(sqlite_address: Address, settings: Settings) -> None:
    with capture_logs() as logs:
        async with MonitorApp(settings, journal=sqlite_address, port=0) as app:
            before = app.monitor.digest()
            await app.deliver(capital("1000"))
            after = app.monitor.digest()
    told = [(log["event"], log["events"], log["digest"]) for log in logs if "digest" in log]
    assert told == [("books restored", 0, before), ("books closed", 1, after)]
