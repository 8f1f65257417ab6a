"""Killed at any instant, nothing that was acknowledged is lost, doubled, or put in another order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from genesis.configuration import load_settings
from genesis.core.models import Fill, Side
from genesis.database.address import POSTGRESQL, Address
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.integration.live_monitor import CONFIG, LiveMonitor, secret, send
from tests.integration.postgres import PASSWORD
from tests.search import examples

KILLS = examples(20)
SOURCES = ("first", "second")
SIZES = (1, 1, 1, 7, 40, 100, 300)
START = datetime(2024, 1, 1, tzinfo=UTC)


def numbered(source: str, number: int) -> Fill:
    """Each fill differs from every other, so that the books tell which of them were booked."""
    return Fill(
        time=START + timedelta(milliseconds=number),
        source=source,
        event_id=str(number),
        strategy=f"of {source}",
        symbol="BTCUSDT",
        side=Side.SELL if number % 3 == 0 else Side.BUY,
        quantity=Decimal(number % 11 + 1) / 8,
        price=Decimal(60_000) + Decimal(number % 997) / 100,
        fee=Decimal(number % 5) / 1000,
    )


class Sender:
    """An engine that numbers its fills, notes what was acknowledged, and sends again what was not."""

    def __init__(self, source: str, randomness: random.Random) -> None:
        self.source = source
        self.sent = 0
        self.acknowledged: list[int] = []
        self.repeated = 0
        self._random = randomness

    async def stream(self, url: str, end: asyncio.Event) -> None:
        """Send until `end`, and then until the last fills sent are acknowledged."""
        async with aiohttp.ClientSession() as http:
            while not end.is_set():
                batch = range(self.sent + 1, self.sent + 1 + self._random.choice(SIZES))
                body = b"\n".join(msgspec.json.encode(numbered(self.source, number)) for number in batch)
                while (verdict := await send(http, url, body)) is None:  # noqa: ASYNC110 - a dead process tells no event
                    await asyncio.sleep(0.002)
                self._note(batch, verdict)
                self.sent = batch[-1]

    def _note(self, batch: range, verdict: dict[str, Any]) -> None:
        assert verdict["accepted"] + verdict["duplicate"] == len(batch), verdict
        assert [result["event_id"] for result in verdict["results"]] == [str(number) for number in batch]
        self.acknowledged += batch
        self.repeated += verdict["duplicate"]


async def kill_again_and_again(monitor: LiveMonitor, senders: Sequence[Sender], randomness: random.Random) -> None:
    """So often, and on until one has come between a commit and its acknowledgement, which is a matter of chance."""
    for kill in range(10 * KILLS):
        if kill >= KILLS and any(sender.repeated for sender in senders):
            return
        monitor.start()
        if kill % 5:  # else: while it starts
            await monitor.ready()
        await asyncio.sleep(randomness.uniform(0.0, 0.1))
        monitor.kill()


async def booked(journal: Journal) -> list[Fill]:
    events = [event async for batch in journal.replay() for _, event in batch]
    return [event for event in events if isinstance(event, Fill)]


async def fingerprint(journal: Journal) -> str:
    monitor = StrategyPerformanceMonitor(MonitorSettings(), load_settings(CONFIG).rules, journal)
    await monitor.restore()
    return monitor.digest()


async def fills_told(monitor: LiveMonitor, sender: Sender) -> float:
    """What /metrics says."""
    labels = f'strategy="of {sender.source}",symbol="BTCUSDT"'
    sides = ("buy", "sell")
    return sum(
        [await monitor.metric(f'genesis_strategy_fills_total{{liquidity="unknown",side="{side}",{labels}}}') for side in sides]
    )


@pytest.fixture
def monitor(journal_address: Address, tmp_path: Path) -> Iterator[LiveMonitor]:
    journal = {"journal": str(journal_address), "snapshot_seconds": 0.05}
    if journal_address.backend == POSTGRESQL:
        journal["journal_password_file"] = str(secret(tmp_path / "journal-password", PASSWORD))
    live = LiveMonitor(tmp_path / "monitor", journal)
    yield live
    live.stop()


async def test_every_acknowledged_fill_is_booked_exactly_once_however_often_the_monitor_is_killed(
    monitor: LiveMonitor, journal_address: Address
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    randomness = random.Random(seed)  # noqa: S311 - no secret
    senders = [Sender(source, randomness) for source in SOURCES]
    end = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for sender in senders:
            tasks.create_task(sender.stream(monitor.url, end))
        await kill_again_and_again(monitor, senders, randomness)
        monitor.start()
        await monitor.ready()
        end.set()
    for sender in senders:
        assert len(sender.acknowledged) == sender.sent > KILLS
        assert await fills_told(monitor, sender) == sender.sent
    assert sum(sender.repeated for sender in senders) > 0, "no kill came between a commit and its acknowledgement"
    monitor.stop()

    async with Journal(journal_address) as journal:
        fills = await booked(journal)
        for sender in senders:
            own = [fill for fill in fills if fill.source == sender.source]
            assert own == [numbered(sender.source, number) for number in sender.acknowledged]
        restored = await fingerprint(journal)
    async with Journal(":memory:") as journal:
        undisturbed = StrategyPerformanceMonitor(MonitorSettings(), load_settings(CONFIG).rules, journal)
        await undisturbed.handle_batch(fills)
        assert restored == undisturbed.digest()
