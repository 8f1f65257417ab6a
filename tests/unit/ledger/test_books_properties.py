"""Any history: the incremental books against the oracle, which works every figure out again from all that happened."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from genesis.configuration import load_settings
from genesis.core.models import AccountEvent, AnyEvent, CapitalFlow, Fill, Funding, Quote, Side, Signal, SignalEnd
from genesis.core.money import exact_arithmetic
from genesis.core.receipt import Outcome, Receipt
from genesis.ledger.drawdown import Drawdown
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import StatisticsSettings
from genesis.settings.trading_rules import TradingRules
from genesis.snapshot import MonitorSnapshot
from tests.oracle.books import Oracle
from tests.oracle.compare import compare
from tests.oracle.histories import MARKETS, NO_GRID, PLAIN, START, SYMBOLS, WILD, Market, histories
from tests.search import examples

RULES: TradingRules = load_settings(Path(__file__).parents[3] / "config").rules
# A counterexample is worth a minute of shrinking to whoever looks for it by hand, not to every run of the tests.
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]
# Days pass between two events: on a finer grid the tests would be of little else, and a restart would leave points out.
COARSE = StatisticsSettings(step=timedelta(hours=6), windows=(timedelta(hours=18), timedelta(days=3)), min_observations=3)
ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"]


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    """Refused events are logged: thousands of them would hide what failed."""
    with capture_logs():
        yield


async def follow(
    events: Sequence[AnyEvent],
    *,
    zone: str = "UTC",
    with_drawdown: bool = True,
    market: Market = MARKETS[0],
    statistics: StatisticsSettings = NO_GRID,
) -> None:
    """Hand the events to a monitor and to the oracle, and compare after each of them."""
    oracle = Oracle(zone=zone, **market)
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(time_zone=zone, statistics=statistics, **market), RULES, journal)
        await monitor.restore()
        for event in events:
            receipt = await monitor.handle(event)
            assert receipt.outcome.value == oracle.handle(event), event
            compare(monitor.snapshot(), oracle, with_drawdown=with_drawdown)


@settings(max_examples=examples(60), phases=PHASES)
@given(histories(PLAIN, length=25), st.sampled_from(ZONES), st.sampled_from(MARKETS))
def test_after_any_event_every_figure_is_the_oracles(events: list[AnyEvent], zone: str, market: Market) -> None:
    asyncio.run(follow(events, zone=zone, market=market, statistics=COARSE))


@settings(max_examples=examples(50), phases=PHASES)
@given(histories(WILD, length=20), st.sampled_from(MARKETS))
def test_tiny_and_huge_values_lose_not_one_of_their_digits(events: list[AnyEvent], market: Market) -> None:
    asyncio.run(follow(events, with_drawdown=False, market=market))


def test_a_fill_that_comes_before_its_signal_is_not_of_it() -> None:
    one: dict[str, Any] = {"strategy": "carry", "symbol": "BTC", "side": Side.SELL}
    events: list[AnyEvent] = [
        Fill(time=START, event_id="f", quantity=Decimal(2), price=Decimal(1), signal_id="s", **one),
        Signal(time=START, event_id="s", quantity=Decimal(1), price=Decimal(3), **one),
        SignalEnd(time=START, event_id="e", strategy="carry", signal_id="s"),
    ]
    asyncio.run(follow(events))


@settings(max_examples=examples(30), phases=PHASES)
@given(histories(PLAIN, length=20), st.sampled_from([1, 6]))
def test_the_callers_decimal_context_changes_nothing(events: list[AnyEvent], digits: int) -> None:
    with localcontext(prec=digits):
        asyncio.run(follow(events))


def told(receipt: Receipt) -> tuple[Outcome, str]:
    return receipt.outcome, str(receipt.error)


def figures(monitor: StrategyPerformanceMonitor) -> MonitorSnapshot:
    """The snapshot without wall times, which a restart may change."""
    snapshot = monitor.snapshot()
    strategies = tuple(replace(strategy, last_event_timestamp=None) for strategy in snapshot.strategies)
    return replace(snapshot, mark_timestamps={}, strategies=strategies)


async def restart_in_between(events: Sequence[AnyEvent], cut: int, path: Path, market: Market) -> None:
    """A monitor that stops and starts again before event `cut` tells the same as one that never stopped."""
    async with Journal(":memory:") as steady_journal:
        steady = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, steady_journal)
        await steady.restore()
        async with Journal(path) as journal:
            first = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, journal)
            await first.restore()
            for event in events[:cut]:
                await first.handle(event)
                await steady.handle(event)
            await first.save_snapshot()
        async with Journal(path) as journal:
            second = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, journal)
            await second.restore()
            assert figures(second) == figures(steady)
            assert second.digest() == steady.digest()
            for event in events[cut:]:
                assert told(await second.handle(event)) == told(await steady.handle(event))
                assert figures(second) == figures(steady)
            assert second.digest() == steady.digest()


@settings(max_examples=examples(30), phases=PHASES)
@given(histories(PLAIN, length=20), st.sampled_from(MARKETS), st.data())
def test_a_restart_at_any_event_changes_no_figure(events: list[AnyEvent], market: Market, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(events)))
    with TemporaryDirectory() as folder:
        asyncio.run(restart_in_between(events, cut, Path(folder) / "journal.db", market))


async def lose_the_snapshot(events: Sequence[AnyEvent], path: Path, market: Market) -> None:
    """Without a snapshot the journal alone gives the money back; new marks give the equity back."""
    oracle = Oracle(**market)
    async with Journal(path) as journal:
        first = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, journal)
        await first.restore()
        for event in events:
            await first.handle(event)
            oracle.handle(event)
        digest = first.digest()
    async with Journal(path) as journal:
        second = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, journal)
        await second.restore()
        assert second.digest() == digest
        for symbol in SYMBOLS:
            mark = oracle.mark(symbol)
            if mark is not None:
                price = Decimal(mark.numerator) / Decimal(mark.denominator)
                await second.handle(Quote(time=START + timedelta(days=500), symbol=symbol, bid=price, ask=price))
        for strategy in second.snapshot().strategies:
            account, money = strategy.account, oracle.money(strategy.name)
            got = (account.capital, account.realized, account.unrealized, account.fees, account.funding, account.equity)
            assert tuple(value if value is None else Fraction(value) for value in got) == money[:6]
            trades = oracle.trades(strategy.name)
            told = strategy.trades
            assert (told.wins, told.losses, told.evens, told.unvalued) == trades[:4]
            assert (None if told.gross_profit is None else Fraction(told.gross_profit)) == trades.gross_profit


@settings(max_examples=examples(25), phases=PHASES)
@given(histories(PLAIN, length=20), st.sampled_from(MARKETS))
def test_a_crash_before_the_first_snapshot_loses_no_money(events: list[AnyEvent], market: Market) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(lose_the_snapshot(events, Path(folder) / "journal.db", market))


async def send_again(events: Sequence[AnyEvent], data: st.DataObject, market: Market) -> None:
    async with Journal(":memory:") as journal:
        monitor = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, journal)
        await monitor.restore()
        receipts = await monitor.handle_batch(events)
        before = monitor.snapshot()
        kept = [
            event
            for event, receipt in zip(events, receipts, strict=True)
            if receipt.outcome is Outcome.ACCEPTED and isinstance(event, AccountEvent)
        ]
        again = data.draw(st.permutations(kept))
        assert [receipt.outcome for receipt in await monitor.handle_batch(again)] == [Outcome.DUPLICATE] * len(kept)
        for event in kept:
            other = msgspec.structs.replace(event, strategy=event.strategy + "!")
            receipt = await monitor.handle(other)
            assert receipt.outcome is Outcome.CONFLICT
            assert receipt.error is not None
            assert receipt.error.field == "event_id"
        assert monitor.snapshot() == before
        assert journal.count == len(kept)


@settings(max_examples=examples(30), phases=PHASES)
@given(histories(PLAIN, length=20), st.sampled_from(MARKETS), st.data())
def test_events_sent_again_change_nothing_and_other_content_is_a_conflict(
    events: list[AnyEvent], market: Market, data: st.DataObject
) -> None:
    asyncio.run(send_again(events, data, market))


@settings(max_examples=examples(25), phases=PHASES)
@given(histories(PLAIN, length=25), st.sampled_from(MARKETS))
def test_a_batch_is_the_same_as_its_events_one_by_one(events: list[AnyEvent], market: Market) -> None:
    async def both() -> None:
        async with Journal(":memory:") as one_journal, Journal(":memory:") as batch_journal:
            one = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, one_journal)
            batch = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID, **market), RULES, batch_journal)
            one_by_one = [told(await one.handle(event)) for event in events]
            assert one_by_one == [told(receipt) for receipt in await batch.handle_batch(events)]
            assert figures(one) == figures(batch)
            assert one.digest() == batch.digest()

    asyncio.run(both())


def test_a_flow_at_the_peak_stays_at_the_peak_to_the_last_digit() -> None:
    equity = Decimal("1000") + Decimal("1e-37")
    drawdown = Drawdown.starting(START)
    with exact_arithmetic():
        drawdown.observe(equity, START)
        drawdown.flow(equity, equity + 1, START)
        drawdown.observe(equity + 1, START)
        assert drawdown.ratio(equity + 1) == 0
        assert drawdown.under_water_seconds(equity + 1, START + timedelta(days=1)) == 0


def test_a_withdrawal_while_a_position_has_no_mark_is_no_drawdown() -> None:
    """Ten lost of a hundred stay a tenth, whatever is moved before the new position has its first mark."""
    events: list[AnyEvent] = [
        CapitalFlow(time=START, event_id="1", strategy="a", amount=Decimal(100)),
        Funding(time=START, event_id="2", strategy="a", symbol="BTC", amount=Decimal(-10)),
        Fill(time=START, event_id="3", strategy="a", symbol="BTC", side=Side.BUY, quantity=Decimal(1), price=Decimal(5)),
        CapitalFlow(time=START, event_id="4", strategy="a", amount=Decimal(-85)),
        Quote(time=START, symbol="BTC", bid=Decimal(5), ask=Decimal(5)),
    ]

    async def run() -> None:
        async with Journal(":memory:") as journal:
            monitor = StrategyPerformanceMonitor(MonitorSettings(statistics=NO_GRID), RULES, journal)
            await monitor.handle_batch(events)
            (strategy,) = monitor.snapshot().strategies
            assert strategy.account.equity == 5
            assert strategy.account.drawdown_ratio == pytest.approx(0.1, rel=1e-12)
            assert strategy.account.max_drawdown_ratio == pytest.approx(0.1, rel=1e-12)

    asyncio.run(run())
