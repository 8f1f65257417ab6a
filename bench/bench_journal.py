"""Durable fills per second beside raw fdatasync of the same bytes, in SQLite and PostgreSQL; and how long a restart takes.

The journal and the bare file get the same payloads in turn, on the same disk; only the ratio of one round's two times says
anything on a machine whose clock and disk move.
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from genesis.configuration import load_settings
from genesis.core.errors import StackError
from genesis.core.models import Fill, Liquidity, Quote, Side
from genesis.database.address import Address, address
from genesis.ledger.journal import Append, Committed, Journal
from genesis.logs import configure_logs
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the tests' PostgreSQL cluster

from tests.integration.postgres import PASSWORD, cluster  # noqa: E402 - found by the line above

START = datetime(2024, 1, 1, tzinfo=UTC)
ROUNDS = 7
RESTART_EVENTS = int(os.environ.get("GENESIS_BENCH_EVENTS", "200000"))
"""A million takes five times as long, and says the same."""


def fill(number: int, strategies: int = 20) -> Fill:
    return Fill(
        time=START + timedelta(milliseconds=number),
        event_id=f"order-{number}-fill-1",
        strategy=f"strategy-{number % strategies}",
        symbol=f"SYM{number // strategies % 2}",
        side=Side.SELL if number // (2 * strategies) % 2 else Side.BUY,
        quantity=Decimal("0.013"),
        price=Decimal("61850.12") + number % 97,
        fee=Decimal("0.31"),
        liquidity=Liquidity.TAKER,
    )


def batches(numbers: range, size: int) -> list[list[Fill]]:
    return [[fill(number) for number in numbers[start : start + size]] for start in range(0, len(numbers), size)]


def raw(folder: Path, work: Sequence[Sequence[Fill]]) -> float:
    """Seconds to append each batch's payloads to a file and sync it."""
    encoded = [b"".join(msgspec.json.encode(event) for event in batch) for batch in work]
    file = os.open(folder / "raw", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        started = time.perf_counter()
        for data in encoded:
            os.write(file, data)
            os.fdatasync(file)
        return time.perf_counter() - started
    finally:
        os.close(file)


async def journaled(journal: Journal, work: Sequence[Sequence[Fill]], senders: int) -> float:
    """Seconds until every batch is acknowledged durable, sent by so many senders that each wait for their answer."""
    rest: Iterator[Sequence[Fill]] = iter(work)

    async def send() -> None:
        for batch in rest:
            await journal.append(Append(batch))

    started = time.perf_counter()
    await asyncio.gather(*(send() for _ in range(senders)))
    return time.perf_counter() - started


async def acknowledge(journal: Journal) -> None:
    """Take the journal's steps, and answer each append: what a monitor does, without the books."""
    async for step in journal.work():
        if isinstance(step, Committed):
            for append in step.appends:
                append.done.set_result(None)


async def compare(where: Address, folder: Path, *, size: int, senders: int, events: int) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    async with Journal(where) as journal, asyncio.TaskGroup() as group:
        group.create_task(acknowledge(journal))
        for round_ in range(ROUNDS + 1):
            first = journal.count
            work = batches(range(first, first + events), size)
            if round_ % 2:
                ours.append(await journaled(journal, work, senders))
                theirs.append(raw(folder, work))
            else:
                theirs.append(raw(folder, work))
                ours.append(await journaled(journal, work, senders))
        assert journal.count == (ROUNDS + 1) * events  # every one of them was new, and is kept
        journal.end()
    ours, theirs = ours[1:], theirs[1:]
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    print(
        f"  {size:3d} a batch, {senders:2d} senders: {events / statistics.median(ours):8,.0f} fills/s"
        f" ({statistics.median(ours) / events * size * 1e3:6.2f} ms a batch),"
        f" raw fdatasync {events / statistics.median(theirs):9,.0f}/s, {statistics.median(ratios):4.1f} × its time"
        f" ({min(ratios):.1f} to {max(ratios):.1f})"
    )


async def restart(where: Address, strategies: int) -> None:
    """What a restart costs: all events booked again, or the last snapshot and the events behind it."""
    rules = load_settings(ROOT / "config").rules
    async with Journal(where) as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(), rules, journal)
        for symbol in ("SYM0", "SYM1"):
            await monitor.handle(Quote(time=START, symbol=symbol, bid=Decimal(61_000), ask=Decimal(61_001)))
        started = time.perf_counter()
        for begin in range(0, RESTART_EVENTS, 1000):
            await monitor.handle_batch([fill(number, strategies) for number in range(begin, begin + 1000)])
        booked = time.perf_counter() - started
        digest = monitor.digest()
    started = time.perf_counter()
    async with Journal(where) as journal:
        again = StrategyPerformanceMonitor(MonitorSettings(), rules, journal)
        await again.restore()
        full = time.perf_counter() - started
        assert again.digest() == digest
        started = time.perf_counter()
        payload = again.accounts.encode(journal.last_sequence)
        encoding = time.perf_counter() - started
        await again.save_snapshot()
        await again.handle_batch([fill(number, strategies) for number in range(RESTART_EVENTS, RESTART_EVENTS + 5000)])
        digest = again.digest()
    started = time.perf_counter()
    async with Journal(where) as journal:
        resumed = StrategyPerformanceMonitor(MonitorSettings(), rules, journal)
        await resumed.restore()
        quick = time.perf_counter() - started
        assert resumed.digest() == digest
    million = 1_000_000 / RESTART_EVENTS
    print(
        f"  {strategies} strategies × 2 symbols: booked at {RESTART_EVENTS / booked:,.0f} fills/s; all events again"
        f" {full * million:.1f} s a million; snapshot and 5,000 events {quick:.2f} s;"
        f" snapshot {len(payload) / 1e6:.2f} MB, encoded in {encoding * 1e3:.0f} ms"
    )


async def bench(name: str, made: Iterator[Address], folder: Path) -> None:
    print(name)
    for size, senders, events in ((100, 8, 20_000), (100, 1, 10_000), (1, 1, 300), (1, 64, 5_000)):
        await compare(next(made), folder, size=size, senders=senders, events=events)
    for strategies in (20, 1000):
        await restart(next(made), strategies)


def main() -> None:
    print(f"journal · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    configure_logs("ERROR")
    with TemporaryDirectory() as made, ExitStack() as stack:
        folder = Path(made)
        asyncio.run(bench("SQLite", (address(folder / f"{n}.db") for n in range(99)), folder))
        try:
            server = stack.enter_context(cluster())
        except StackError as error:
            print(f"PostgreSQL left out: {error}")
            return
        password = folder / "password"
        password.write_text(PASSWORD)
        databases = (address(stack.enter_context(server.database()), password) for _ in range(99))
        asyncio.run(bench("PostgreSQL on this machine, over TCP, fsync on", databases, folder))


if __name__ == "__main__":
    main()
