"""A voided fill: the books become what they would be had it never come, to the last digit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from genesis.core.errors import JournalError
from genesis.core.models import AnyAccountEvent, AnyEvent, Fill, Funding, Side, Void
from genesis.core.receipt import Outcome
from genesis.ledger.journal import Append, Committed, Journal, Recovered, Step
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.integration.waiting import SOON
from tests.oracle.histories import MARKETS, NO_GRID, PLAIN, WILD, Market, histories
from tests.search import examples
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, rules, strategy

D = Decimal
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


def void(of: str, event_id: str = "v", owner: str = "alpha", source: str = "engine", seconds: float = 0) -> Void:
    return Void(time=at(seconds), source=source, event_id=event_id, strategy=owner, voids=of)


async def test_position_profit_fees_and_round_trips_are_worked_out_without_the_voided_fill() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(quote("120", "120"))
        await m.handle(fill(Side.BUY, "1", "100", fee="1", event_id="a"))
        await m.handle(fill(Side.BUY, "1", "110", fee="2", event_id="b"))
        await m.handle(Funding(time=at(1), event_id="f", strategy="alpha", symbol="BTCUSDT", amount=D("-0.5")))
        await m.handle(fill(Side.SELL, "1", "130", fee="4", event_id="c"))
        assert strategy(m).account.realized == 25
        assert (await m.handle(void("b"))).outcome is Outcome.ACCEPTED
        alpha = strategy(m)
        assert (alpha.account.realized, alpha.account.unrealized, alpha.account.fees, alpha.account.funding) == (
            30,
            0,
            5,
            D("-0.5"),
        )
        assert alpha.account.equity == D("1024.5") == m.snapshot().portfolio.account.equity
        assert alpha.holdings[0].quantity == 0
        assert (alpha.trades.wins, alpha.trades.gross_profit) == (1, D("24.5"))
        await m.handle(quote("500", "500", seconds=2))
        assert strategy(m).account.equity == D("1024.5")


async def test_peaks_stay_as_they_were_seen() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(quote("200", "200"))
        await m.handle(fill(Side.BUY, "1", "100", event_id="bust"))
        await m.handle(void("bust", seconds=60))
        account = strategy(m).account
        assert (account.equity, account.drawdown) == (1000, 100)
        assert account.drawdown_ratio == pytest.approx(100 / 1100)


async def test_counters_go_on_from_where_they_were() -> None:
    async with monitor() as m:
        await m.handle(fill(Side.BUY, "1", "100", event_id="a"))
        await m.handle(fill(Side.SELL, "1", "110", event_id="b"))
        await m.handle(void("b"))
        alpha = strategy(m)
        assert (alpha.trades.wins, alpha.trades.counted.wins, alpha.voided_fills) == (0, 1, 1)
        assert sum(turnover.fills for turnover in alpha.holdings[0].turnover.values()) == 2
        assert alpha.holdings[0].quantity == 1
        await m.handle(fill(Side.SELL, "1", "90", event_id="c"))
        assert strategy(m).trades.counted[:2] == (1, 1)
        assert strategy(m).trades.win_rate == 0


async def test_an_open_position_that_was_all_void_needs_no_mark_any_more() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(fill(Side.BUY, "1", "100", event_id="a", fee="1", fee_currency="BNB"))
        assert strategy(m).account.equity is None
        await m.handle(void("a"))
        assert strategy(m).account.equity == 1000
        assert m.snapshot().portfolio.account.equity == 1000
        assert strategy(m).holdings[0].quantity == 0


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (void("never"), "is not a fill of strategy 'alpha' that source 'engine' sent before"),
        (void("a", owner="beta"), "is not a fill of strategy 'beta'"),
        (void("a", source="venue"), "that source 'venue' sent before"),
        (void("capital"), "is not a fill"),
        (void("b", event_id="v2"), "is void already, by 'v1'"),
    ],
)
async def test_a_void_of_nothing_that_can_be_void_is_refused_before_the_journal(wrong: Void, reason: str) -> None:
    async with Journal(":memory:") as journal:
        m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await m.handle(capital("1000"))
        await m.handle(fill(Side.BUY, "1", "100", event_id="a"))
        await m.handle(fill(Side.BUY, "1", "100", event_id="b"))
        await m.handle(fill(Side.BUY, "1", "100", event_id="other", strategy="beta"))
        await m.handle(void("b", event_id="v1"))
        before, count = m.digest(), journal.count
        receipt = await m.handle(wrong)
        assert receipt.outcome is Outcome.REJECTED
        assert receipt.error is not None
        assert receipt.error.field == "voids"
        assert reason in str(receipt.error)
        assert (m.digest(), journal.count) == (before, count)
        assert m.telemetry.kinds[Void].outcomes["rejected"] == 1


async def test_a_void_sent_again_is_a_duplicate_and_with_other_content_a_conflict() -> None:
    async with monitor() as m:
        await m.handle_batch([fill(Side.BUY, "1", "100", event_id="a"), fill(Side.BUY, "1", "100", event_id="b"), void("a")])
        before = m.digest()
        assert (await m.handle(void("a"))).outcome is Outcome.DUPLICATE
        assert (await m.handle(void("a", seconds=1))).outcome is Outcome.CONFLICT
        assert (await m.handle(void("b"))).outcome is Outcome.CONFLICT
        assert m.digest() == before


async def test_what_is_void_is_known_after_a_restart_with_and_without_a_saved_state(tmp_path: Path) -> None:
    digests = set()
    for saved in (True, False):
        path = tmp_path / f"{saved}.db"
        async with Journal(path) as journal:
            m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
            for name in "abc":
                await m.handle(fill(Side.BUY, "1", f"10{ord(name) - 97}", event_id=name))
            await m.handle(void("a", event_id="v1"))
            if saved:
                await m.save_snapshot()
        async with Journal(path) as journal:
            m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
            await m.restore()
            assert (await m.handle(void("a", event_id="v2"))).outcome is Outcome.REJECTED
            assert (await m.handle(void("b", event_id="v2"))).outcome is Outcome.ACCEPTED
            assert strategy(m).holdings[0].quantity == 1
            assert strategy(m).voided_fills == 2
            digests.add(m.digest())
    assert len(digests) == 1


async def test_fills_that_come_while_a_void_is_worked_out_are_not_lost() -> None:
    async with monitor() as m, monitor() as plain:
        fills = [fill(Side.BUY if i % 3 else Side.SELL, "1.5", f"{100 + i}", event_id=f"e{i}") for i in range(60)]
        await m.handle_batch(fills[:20])
        later = [asyncio.create_task(m.handle(one)) for one in fills[20:40]]
        voids = [asyncio.create_task(m.handle(void(f"e{i}", event_id=f"v{i}"))) for i in (3, 19, 25)]
        more = [asyncio.create_task(m.handle(one)) for one in fills[40:]]
        receipts = await asyncio.gather(*later, *more)
        assert {receipt.outcome for receipt in receipts} == {Outcome.ACCEPTED}
        outcomes = [receipt.outcome for receipt in await asyncio.gather(*voids)]
        assert outcomes[:2] == [Outcome.ACCEPTED] * 2
        gone = {"e3", "e19"} | ({"e25"} if outcomes[2] is Outcome.ACCEPTED else set())
        await plain.handle_batch([one for one in fills if one.event_id not in gone])
        assert m.digest() == plain.digest()
        assert not m.snapshot().failed


class Busy(Journal):
    """A journal that is read while more is appended: `between` is awaited before and after each batch of a history."""

    between: Callable[[], Awaitable[None]] | None = None

    async def history(self, strategy: str, until: int) -> AsyncIterator[list[AnyAccountEvent]]:
        assert self.between is not None
        await self.between()
        async for events in super().history(strategy, until):
            await self.between()
            yield events
            await self.between()


async def test_what_is_booked_between_the_batches_of_the_history_is_in_it_once() -> None:
    fills = [fill(Side.BUY if i % 3 else Side.SELL, "1.5", f"{100 + i}", event_id=f"e{i}") for i in range(30)]
    elsewhere = [fill(Side.BUY, "1", "5", symbol="ETHUSDT"), fill(Side.BUY, "1", "5", strategy="beta")]
    async with Busy(":memory:") as opened, monitor() as plain:
        assert isinstance(opened, Busy)
        m = StrategyPerformanceMonitor(MonitorSettings(), rules(), opened)
        await m.handle_batch(fills[:10])
        later = iter([fills[10], *elsewhere, *fills[11:]])

        async def between() -> None:
            await m.handle(next(later))

        opened.between = between
        for name in ("e3", "e0"):
            assert (await m.handle(void(name, event_id=f"v-{name}"))).outcome is Outcome.ACCEPTED
        await m.handle_batch(list(later))
        await plain.handle_batch([*elsewhere, *(one for one in fills if one.event_id not in {"e3", "e0"})])
        assert m.digest() == plain.digest()
        assert not m.snapshot().failed


async def test_a_cancelled_void_still_ends_what_it_began() -> None:
    async with monitor() as m:
        await m.handle_batch([fill(Side.BUY, "1", "100", event_id="a"), fill(Side.BUY, "1", "100", event_id="b")])
        task = asyncio.create_task(m.handle(void("a")))
        await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        assert (await m.handle(void("b", event_id="v2"))).outcome is Outcome.ACCEPTED
        assert strategy(m).holdings[0].quantity == 0


class Unsure(Journal):
    """A journal whose appends fail: before the commit, or behind it, so that what was committed comes to light later."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.failing: set[str] = set()
        """Ids of events of which an append fails, once."""
        self.unsure: set[str] = set()
        """Ids of events of which an append fails although it was committed, once."""
        self.first: list[AnyAccountEvent] = []
        """Appended before the next append of somebody else."""

    async def append(self, append: Append) -> None:
        names = {event.event_id for event in append.events}
        if failing := names & self.failing:
            self.failing -= failing
            raise JournalError("the disk is full", retryable=True)
        first, self.first = self.first, []
        for event in first:
            with suppress(JournalError):
                await super().append(Append([event]))
        await super().append(append)

    async def work(self) -> AsyncGenerator[Step, None]:
        async for step in super().work():
            if isinstance(step, Committed) and (unsure := {step.appends[0].events[0].event_id} & self.unsure):
                self.unsure -= unsure
                (append,) = step.appends
                yield Recovered(self.last_sequence, append.events[0])
                append.done.set_exception(JournalError("the connection broke", retryable=True))
            else:
                yield step


@pytest.mark.parametrize("keeps", [False, True], ids=["not durable", "durable after all"])
async def test_a_void_that_failed_in_the_journal_can_be_sent_again(keeps: bool) -> None:
    journal = Unsure()
    async with journal:
        m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await m.handle_batch([fill(Side.BUY, "1", "100", event_id="a"), fill(Side.BUY, "1", "100", event_id="b")])
        before = m.digest()
        (journal.unsure if keeps else journal.failing).add("v")
        with pytest.raises(JournalError):
            await m.handle(void("a"))
        assert (m.digest() == before) is not keeps
        await m.handle(fill(Side.BUY, "1", "100", event_id="c"))
        assert (await m.handle(void("a"))).outcome is (Outcome.DUPLICATE if keeps else Outcome.ACCEPTED)
        assert strategy(m).holdings[0].quantity == 2
        assert (await m.handle(void("b", event_id="v2"))).outcome is Outcome.ACCEPTED
        assert strategy(m).holdings[0].quantity == 1


async def test_a_void_that_turns_out_durable_while_another_is_worked_out_counts_in_both() -> None:
    journal = Unsure()
    async with journal:
        m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await m.handle_batch([fill(Side.BUY, "1", f"10{i}", event_id=f"e{i}") for i in range(3)])
        journal.first = [void("e0", event_id="lost")]
        journal.unsure.add("lost")
        assert (await m.handle(void("e1", event_id="v1"))).outcome is Outcome.ACCEPTED
        assert strategy(m).holdings[0].quantity == 1
        assert strategy(m).voided_fills == 2
        assert not m.snapshot().failed


async def test_a_monitor_whose_books_cannot_follow_refuses_events_instead_of_letting_them_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise JournalError("the history cannot be read")

    journal = Unsure()
    async with journal:
        m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await m.handle(fill(Side.BUY, "1", "100", event_id="a"))
        journal.first = [void("a", event_id="lost")]
        journal.unsure.add("lost")
        monkeypatch.setattr("genesis.monitoring.strategy_monitor.correct", broken)
        with capture_logs() as logs:
            for event_id in ("b", "c"):
                with pytest.raises(JournalError, match="is not open"):
                    await asyncio.wait_for(m.handle(fill(Side.BUY, "1", "100", event_id=event_id)), SOON)
        assert [log["log_level"] for log in logs] == ["error"]


async def test_a_void_without_its_history_leaves_the_strategy_out_instead_of_telling_wrong_figures() -> None:
    async with Journal(":memory:") as journal:
        m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await m.handle(fill(Side.BUY, "1", "100", event_id="a"))
        with capture_logs() as logs:
            m.accounts.book(void("a"))
        assert logs[0]["event"] == "booking failed: the strategy is left out"
        assert m.snapshot().failed == {"alpha": "ValueError: void 'v': the history of the fill 'a' was not read"}


def without_voided(events: Sequence[AnyEvent], accepted: Sequence[bool]) -> list[AnyEvent]:
    voids = [event for event, taken in zip(events, accepted, strict=True) if isinstance(event, Void) and taken]
    gone = {(one.source, one.voids) for one in voids}
    return [
        event
        for event in events
        if not isinstance(event, Void) and not (isinstance(event, Fill) and (event.source, event.event_id) in gone)
    ]


async def as_if_it_never_came(events: Sequence[AnyEvent], market: Market) -> None:
    configured = MonitorSettings(statistics=NO_GRID, **market)
    async with Journal(":memory:") as one, Journal(":memory:") as other:
        voiding = StrategyPerformanceMonitor(configured, rules(), one)
        accepted = [(await voiding.handle(event)).outcome is Outcome.ACCEPTED for event in events]
        never = StrategyPerformanceMonitor(configured, rules(), other)
        await never.handle_batch(without_voided(events, accepted))
        assert voiding.digest() == never.digest()
        replayed = StrategyPerformanceMonitor(configured, rules(), one)
        await replayed.restore()
        assert replayed.digest() == never.digest()
        assert not voiding.snapshot().failed
        for theirs in never.snapshot().strategies:
            ours, account = strategy(voiding, theirs.name).account, theirs.account
            assert (ours.realized, ours.unrealized, ours.fees) == (account.realized, account.unrealized, account.fees)
            assert (ours.funding, ours.equity, ours.net_pnl) == (account.funding, account.equity, account.net_pnl)


@settings(max_examples=examples(40), phases=PHASES)
@given(histories(PLAIN, length=30, voids=10) | histories(WILD, length=20, voids=10), st.sampled_from(MARKETS))
def test_after_voids_the_books_are_those_of_a_history_without_the_fills(events: list[AnyEvent], market: Market) -> None:
    with capture_logs():
        asyncio.run(as_if_it_never_came(events, market))
