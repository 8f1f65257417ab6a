"""One quote → equity, peak and drawdown of every holder and of the account: the monitor against a plain Decimal loop.

Both sides take the same quotes in turn, in one process; only the ratio of one round's two times says anything on a
machine whose clock moves. The plain loop is what one would write first, and correct: each holder's equity is worked out anew.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything that may import numpy

import asyncio
import platform
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from genesis.configuration import load_settings
from genesis.core.models import AnyAccountEvent, CapitalFlow, Fill, Quote, Side
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings

START = datetime(2024, 1, 1, tzinfo=UTC)
CAPITAL = Decimal(10_000)
ROUNDS = 9
QUOTES = 2_000


@dataclass
class PlainBook:
    """A strategy as the plain loop keeps it."""

    cash: Decimal
    quantities: dict[str, Decimal] = field(default_factory=dict)
    peak: Decimal = CAPITAL
    equity: Decimal = CAPITAL
    drawdown: Decimal = Decimal(0)

    def revalue(self, marks: dict[str, Decimal]) -> None:
        self.equity = self.cash + sum((quantity * marks[symbol] for symbol, quantity in self.quantities.items()), Decimal(0))
        self.peak = max(self.peak, self.equity)
        self.drawdown = 1 - self.equity / self.peak


class PlainAccount:
    """All books; the account is the sum of its holders."""

    def __init__(self, books: list[PlainBook]) -> None:
        self.books = books
        self.marks: dict[str, Decimal] = {}
        self.total = PlainBook(Decimal(0), peak=CAPITAL * len(books))

    async def quote(self, quote: Quote) -> None:
        self.marks[quote.symbol] = (quote.bid + quote.ask) / 2
        for book in self.books:
            book.revalue(self.marks)
        total = self.total
        total.equity = sum((book.equity for book in self.books), Decimal(0))
        total.peak = max(total.peak, total.equity)
        total.drawdown = 1 - total.equity / total.peak


def position(holder: int, number: int | None = None) -> Fill:
    """Longs and shorts of different sizes, entered at 100 with a fee of 1; `number` tells a holder's fills apart."""
    return Fill(
        time=START,
        event_id=f"fill-{holder if number is None else number}",
        strategy=f"strategy-{holder}",
        symbol="BTC",
        side=Side.SELL if holder % 3 == 0 else Side.BUY,
        quantity=Decimal(1) + Decimal(holder % 7) / 8,
        price=Decimal(100),
        fee=Decimal(1),
    )


def capital(holder: int) -> CapitalFlow:
    return CapitalFlow(time=START, event_id=f"flow-{holder}", strategy=f"strategy-{holder}", amount=CAPITAL)


def quotes(number: int, start: int = 0) -> list[Quote]:
    """A triangular walk around 100: each quote moves the mark, and peaks and troughs come and go."""
    made = []
    for i in range(start, start + number):
        step = Decimal(abs(i * 7 % 400 - 200)) / 100
        bid = Decimal(100) + step
        made.append(Quote(time=START + timedelta(milliseconds=i), symbol="BTC", bid=bid, ask=bid + Decimal("0.01")))
    return made


async def timed(take: Callable[[Quote], Awaitable[object]], batch: list[Quote]) -> float:
    """Microseconds a quote."""
    started = time.perf_counter()
    for quote in batch:
        await take(quote)
    return (time.perf_counter() - started) / len(batch) * 1e6


async def compare(holders: int) -> None:
    """Print both sides' time a quote with so many holders, and the ratio of each round's pair."""
    fills = [position(holder) for holder in range(holders)]
    plain = PlainAccount([PlainBook(CAPITAL - fill.fee - fill.signed_quantity * fill.price) for fill in fills])
    for book, fill in zip(plain.books, fills, strict=True):
        book.quantities[fill.symbol] = fill.signed_quantity
    rules = load_settings(Path(__file__).parents[1] / "config").rules
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(), rules, journal)
        events: list[AnyAccountEvent] = [*map(capital, range(holders)), *fills]
        await monitor.handle(quotes(1)[0])
        await plain.quote(quotes(1)[0])
        await monitor.handle_batch(events)
        ours: list[float] = []
        theirs: list[float] = []
        for round_ in range(ROUNDS + 1):
            batch = quotes(QUOTES * 10 // holders, start=round_ * QUOTES)
            sides = [(monitor.handle, ours), (plain.quote, theirs)]
            for take, times in sides if round_ % 2 else reversed(sides):
                times.append(await timed(take, batch))
        check(monitor, plain)
    ours, theirs = ours[1:], theirs[1:]  # the first round warms up
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    print(
        f"{holders:4d} holders: monitor {statistics.median(ours):7.2f} µs a quote, plain Decimal loop "
        f"{statistics.median(theirs):7.2f} µs, ratio {statistics.median(ratios):5.1f} ({min(ratios):.1f} to {max(ratios):.1f})"
    )


def check(monitor: StrategyPerformanceMonitor, plain: PlainAccount) -> None:
    """A fast wrong answer is worth nothing: both sides must know the same."""
    snapshot = monitor.snapshot()
    for strategy, book in zip(snapshot.strategies, plain.books, strict=True):
        assert strategy.account.equity == book.equity
        assert abs((strategy.account.drawdown_ratio or 0.0) - float(book.drawdown)) < 1e-12
    assert snapshot.portfolio.account.equity == plain.total.equity


async def overheads() -> None:
    """What a quote costs before any holder: to make the event, and to pass it through `handle`."""
    rules = load_settings(Path(__file__).parents[1] / "config").rules
    price, ask = Decimal(100), Decimal("100.01")
    made: list[float] = []
    passed: list[float] = []
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(), rules, journal)
        for _ in range(ROUNDS):
            started = time.perf_counter()
            for _ in range(QUOTES):
                Quote(time=START, symbol="BTC", bid=price, ask=ask)
            made.append((time.perf_counter() - started) / QUOTES * 1e6)
            passed.append(await timed(monitor.handle, quotes(QUOTES, start=len(passed) * QUOTES)))
    print(f"making one Quote, checks included: {statistics.median(made):.2f} µs")
    print(f"handle() of a quote that nobody holds: {statistics.median(passed):.2f} µs")


async def durable() -> None:
    """An account event, durable in a journal on disk before it is booked: one a call, and a hundred a call."""
    rules = load_settings(Path(__file__).parents[1] / "config").rules
    with TemporaryDirectory() as folder:
        async with Journal(Path(folder) / "journal.db") as journal:
            monitor = StrategyPerformanceMonitor(MonitorSettings(), rules, journal)
            await monitor.handle(quotes(1)[0])
            single, batches = [], []
            for round_ in range(ROUNDS):
                fills = [position(i, round_ * 1_000 + i) for i in range(500)]
                started = time.perf_counter()
                for fill in fills[:100]:
                    await monitor.handle(fill)
                single.append((time.perf_counter() - started) / 100 * 1e6)
                started = time.perf_counter()
                for i in range(100, 500, 100):
                    await monitor.handle_batch(fills[i : i + 100])
                batches.append((time.perf_counter() - started) / 400 * 1e6)
    print(
        f"a durable fill: {statistics.median(single):.0f} µs one a call, {statistics.median(batches):.1f} µs in batches of 100"
    )


async def main() -> None:
    print(f"mark to market · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    for holders in (10, 100):
        await compare(holders)
    await overheads()
    await durable()


if __name__ == "__main__":
    asyncio.run(main())
