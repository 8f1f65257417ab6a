"""What becomes of odd events: refused before the journal, or booked and counted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from genesis.core.models import AnyEvent, CapitalFlow, Depth, Funding, Quote, Side
from genesis.core.receipt import Outcome, Receipt
from genesis.ledger.journal import Journal
from genesis.metrics.exporter import GenesisCollector
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.events import EventSettings
from genesis.settings.monitor import MonitorSettings
from genesis.settings.strategies import StrategySettings
from tests.unit.monitoring.account import at, capital, fill, quote, rules, signal

A_DAY = 86_400


class MovingClock:
    """Wall time that the test sets; at the account's start first."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return at(self.seconds)

    def timestamp(self) -> float:
        return at(self.seconds).timestamp()

    def monotonic(self) -> float:
        return self.seconds


class Watched:
    """A monitor, its clock, and what it exports."""

    def __init__(self, monitor: StrategyPerformanceMonitor, clock: MovingClock, journal: Journal) -> None:
        self.monitor = monitor
        self.clock = clock
        self.journal = journal
        self._registry = CollectorRegistry()
        self._registry.register(
            GenesisCollector(monitor.snapshot, monitor.telemetry, list, clock, journal=journal, max_strategies=9, max_symbols=9)
        )

    def value(self, name: str, **labels: str) -> float | None:
        return self._registry.get_sample_value(name, labels)


@asynccontextmanager
async def watched(
    journal: Path | str = ":memory:", configured: tuple[str, ...] = ("alpha",), **events: Any
) -> AsyncIterator[Watched]:
    clock = MovingClock()
    settings = MonitorSettings(events=EventSettings(**events))
    async with Journal(journal) as opened:
        known = dict.fromkeys(configured, StrategySettings(capital=Decimal(1000)))
        monitor = StrategyPerformanceMonitor(settings, rules(), opened, clock, configured=known)
        await monitor.restore()
        yield Watched(monitor, clock, opened)


def refused(receipt: Receipt) -> tuple[str, str]:
    assert receipt.outcome is Outcome.REJECTED
    assert receipt.error is not None
    return receipt.error.field, str(receipt.error)


def numbered(seq: int | None, strategy: str = "alpha", source: str = "engine", seconds: float = 0) -> CapitalFlow:
    name = f"{source}-{seq}"
    return CapitalFlow(time=at(seconds), source=source, event_id=name, strategy=strategy, amount=Decimal(1), seq=seq)


@pytest.mark.parametrize(
    "event", [capital("1", seconds=901), quote("1", "2", seconds=901), signal("s", Side.BUY, "1", seconds=901)]
)
async def test_a_time_far_ahead_is_refused_with_what_would_be_right(event: AnyEvent) -> None:
    async with watched() as w:
        field, message = refused(await w.monitor.handle(event))
        assert field == "time"
        assert message.startswith("time: '2026-01-07T12:15:01+00:00' is 901 s ahead of the monitor's clock, which says ")
        assert "2026-01-07T12:00:00+00:00; at most 900 s are allowed: send UTC from a clock that is set" in message
        assert w.journal.count == 0
        assert w.value("genesis_events_total", kind=str(type(event).__struct_config__.tag), outcome="rejected") == 1


async def test_a_wrong_year_freezes_neither_marks_nor_days() -> None:
    async with watched() as w:
        await w.monitor.handle_batch([capital("100"), quote("99", "101"), fill(Side.BUY, "1", "100")])
        far = Quote(time=at(366 * A_DAY), symbol="BTCUSDT", bid=Decimal(1), ask=Decimal(2))
        far_flow = capital("1", seconds=366 * A_DAY)
        assert [r.outcome for r in await w.monitor.handle_batch([far, far_flow])] == [Outcome.REJECTED] * 2
        w.clock.seconds = 1
        assert (await w.monitor.handle(quote("109", "111", seconds=1))).outcome is Outcome.ACCEPTED
        assert w.monitor.snapshot().time == at(1)
        assert w.value("genesis_strategy_equity", strategy="alpha") == 110


async def test_seconds_of_skew_are_taken_and_told() -> None:
    async with watched() as w:
        assert (await w.monitor.handle(quote("1", "2", seconds=1.26))).outcome is Outcome.ACCEPTED
        assert w.value("genesis_source_clock_offset_seconds", source="engine") == pytest.approx(1.26)
        w.clock.seconds = 3
        assert (await w.monitor.handle(capital("1", seconds=2))).outcome is Outcome.ACCEPTED
        assert w.value("genesis_source_clock_offset_seconds", source="engine") == pytest.approx(1.26)
        w.clock.seconds = 125
        assert w.value("genesis_source_clock_offset_seconds", source="engine") is None
        await w.monitor.handle(capital("1", seconds=120))
        assert w.value("genesis_source_clock_offset_seconds", source="engine") == -5


async def test_without_a_limit_any_time_is_taken() -> None:
    async with watched(max_future_seconds=None) as w:
        assert (await w.monitor.handle(quote("1", "2", seconds=50 * A_DAY))).outcome is Outcome.ACCEPTED
        assert (await w.monitor.handle(capital("1", seconds=50 * A_DAY))).outcome is Outcome.ACCEPTED


async def test_a_late_event_is_booked_in_its_turn_and_counted() -> None:
    async with watched(late_after_seconds=60) as w:
        w.clock.seconds = 100
        await w.monitor.handle(capital("100", seconds=0))
        await w.monitor.handle(quote("99", "101", seconds=61))
        receipts = await w.monitor.handle_batch([fill(Side.BUY, "1", "90", seconds=1), fill(Side.BUY, "1", "95", seconds=0.9)])
        assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED] * 2
        assert w.value("genesis_events_late_total", kind="fill") == 1
        assert w.value("genesis_events_late_total", kind="capital_flow") == 0
        assert w.value("genesis_events_late_total", kind="quote") is None
        assert w.value("genesis_strategy_position_quantity", strategy="alpha", symbol="BTCUSDT") == 2


async def test_an_unknown_strategy_is_booked_and_told_apart() -> None:
    async with watched() as w:
        await w.monitor.handle_batch([capital("1"), capital("2", "stranger")])
        assert w.value("genesis_strategy_configured", strategy="alpha") == 1
        assert w.value("genesis_strategy_configured", strategy="stranger") == 0
        assert w.value("genesis_strategy_capital", strategy="stranger") == 2


async def test_where_it_is_asked_for_an_unknown_strategy_is_refused_and_the_known_are_named() -> None:
    known = tuple(f"s{number}" for number in range(12))
    async with watched(configured=known, unknown_strategies="refuse") as w:
        receipts = await w.monitor.handle_batch([capital("1", "s1"), capital("2", "S1"), quote("1", "2")])
        assert [receipt.outcome for receipt in receipts] == [Outcome.ACCEPTED, Outcome.REJECTED, Outcome.ACCEPTED]
        assert refused(receipts[1]) == (
            "strategy",
            "strategy: 'S1' is not in strategies.yaml, which knows s0, s1, s2, s3, s4, s5, s6, s7, s8, s9 and 2 more",
        )
        assert w.journal.count == 1


async def test_a_strategy_that_has_a_book_is_known_though_it_is_no_longer_configured(tmp_path: Path) -> None:
    async with watched(tmp_path / "j.db") as w:
        await w.monitor.handle(fill(Side.BUY, "1", "90", strategy="old"))
    async with watched(tmp_path / "j.db", unknown_strategies="refuse") as w:
        assert (await w.monitor.handle(fill(Side.SELL, "1", "90", strategy="old"))).outcome is Outcome.ACCEPTED
        assert (await w.monitor.handle(capital("1", "new"))).outcome is Outcome.REJECTED


async def test_a_flood_of_strategies_ends_at_the_limit_and_the_known_go_on() -> None:
    async with watched(limit_strategies=3) as w:
        receipts = await w.monitor.handle_batch([capital("1", f"s{number}") for number in range(5)])
        assert [receipt.outcome.value for receipt in receipts] == ["accepted"] * 3 + ["rejected"] * 2
        assert refused(receipts[3])[1] == "strategy: 's3' is one more than the 3 strategies of events.limit_strategies"
        assert (await w.monitor.handle(capital("1", "s4"))).outcome is Outcome.REJECTED
        assert (await w.monitor.handle(capital("1", "s0"))).outcome is Outcome.ACCEPTED


async def test_a_flood_of_symbols_ends_at_the_limit_and_the_known_go_on() -> None:
    async with watched(limit_symbols=3) as w:
        receipts = await w.monitor.handle_batch([quote("1", "2", f"x{number}") for number in range(3)])
        assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
        others: list[AnyEvent] = [
            quote("1", "2", "x3"),
            fill(Side.BUY, "1", "1", symbol="x4"),
            Funding(time=at(0), event_id="f", strategy="alpha", symbol="x5", amount=Decimal(1)),
            Depth(time=at(0), symbol="x6", bids=(), asks=()),
        ]
        for receipt in await w.monitor.handle_batch(others):
            assert refused(receipt)[0] == "symbol"
        assert (await w.monitor.handle(fill(Side.BUY, "1", "1", symbol="x0"))).outcome is Outcome.ACCEPTED
    async with watched(limit_symbols=2) as w:
        receipts = await w.monitor.handle_batch([fill(Side.BUY, "1", "1", symbol=f"x{number}") for number in (0, 1, 2, 1)])
        assert [receipt.outcome.value for receipt in receipts] == ["accepted", "accepted", "rejected", "accepted"]
    async with watched(limit_symbols=2) as w:
        for number, expected in enumerate(["accepted", "accepted", "rejected"]):
            decided = structs.replace(signal(f"s{number}", Side.BUY, "1"), symbol=f"x{number}")
            assert (await w.monitor.handle(decided)).outcome.value == expected


async def test_a_broken_feed_does_not_fill_the_log() -> None:
    async with watched() as w:
        with capture_logs() as logs:
            for _ in range(1000):
                await w.monitor.handle(quote("1", "2", seconds=A_DAY))
        assert [line["refused"] for line in logs] == [2**power for power in range(10)]


async def test_a_number_that_never_came_is_missing_until_it_comes() -> None:
    async with watched() as w:
        await w.monitor.handle_batch([numbered(1), numbered(4), numbered(3), numbered(3)])
        assert w.value("genesis_source_missing_events", source="engine") == 1
        counted = {
            order: w.value("genesis_source_numbered_events_total", source="engine", order=order)
            for order in ("next", "ahead", "filler", "repeated")
        }
        assert counted == {"next": 1, "ahead": 1, "filler": 1, "repeated": 0}, "the duplicate is not counted twice"
        await w.monitor.handle(numbered(2))
        assert w.value("genesis_source_missing_events", source="engine") == 0
        assert w.value("genesis_sources_forgotten_total") == 0


async def test_an_event_that_was_refused_stays_missing_and_one_without_a_number_counts_nothing() -> None:
    async with watched(unknown_strategies="refuse") as w:
        await w.monitor.handle_batch([numbered(1), numbered(2, strategy="nobody"), numbered(3), numbered(None, source="b")])
        assert w.value("genesis_source_missing_events", source="engine") == 1
        assert w.value("genesis_source_missing_events", source="b") is None


@pytest.mark.parametrize("saved", [False, True])
async def test_what_is_missing_survives_a_restart(tmp_path: Path, saved: bool) -> None:
    async with watched(tmp_path / "j.db") as w:
        await w.monitor.handle_batch([numbered(1), numbered(5), numbered(3), numbered(1, source="b")])
        if saved:
            await w.monitor.save_snapshot()
        await w.monitor.handle(numbered(7))
    async with watched(tmp_path / "j.db") as w:
        assert w.value("genesis_source_missing_events", source="engine") == 3
        assert w.value("genesis_source_missing_events", source="b") == 0
        await w.monitor.handle(numbered(6))
        assert w.value("genesis_source_numbered_events_total", source="engine", order="filler") == 2


def test_the_limit_of_the_future_is_between_a_wrong_clock_and_a_wrong_time_zone() -> None:
    limit = EventSettings().max_future_seconds
    assert limit is not None
    assert timedelta(minutes=1) < timedelta(seconds=limit) < timedelta(minutes=30)
