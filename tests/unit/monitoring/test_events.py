"""What becomes of an event: booked, late, refused or counted; and which events move a mark."""

import asyncio
from collections import Counter
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from genesis.core.errors import JournalError
from genesis.core.models import Depth, Level, MarketTrade, Side
from genesis.core.receipt import Outcome
from genesis.database.address import address
from genesis.ledger.journal import Journal
from genesis.ledger.periods import Period
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.events import EventSettings
from genesis.settings.monitor import MonitorSettings
from genesis.settings.strategies import StrategySettings
from tests.behind import somebody_else
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, rules, signal, strategy

DAY = 24 * 3600


async def test_a_position_without_a_mark_leaves_its_value_unknown_not_zero() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(fill(Side.BUY, "2", "100", fee="1"))
        alpha, portfolio = strategy(m), m.snapshot().portfolio
        assert alpha.account.equity is None
        assert alpha.account.fees == 1
        assert alpha.undefined["equity"] == alpha.undefined["drawdown_ratio"] == "no_mark"
        assert portfolio.account.net_pnl is None
        assert portfolio.undefined["tier"] == "no_mark"
        await m.handle(MarketTrade(time=at(1), symbol="BTCUSDT", price=Decimal(90), quantity=Decimal(1)))
        assert strategy(m).account.equity == 979
        assert strategy(m).account.drawdown_ratio == pytest.approx(0.021)


async def test_a_trade_marks_only_what_was_never_quoted() -> None:
    async with monitor() as m:
        await m.handle(fill(Side.BUY, "1", "100"))
        await m.handle(quote("101", "103"))
        await m.handle(MarketTrade(time=at(1), symbol="BTCUSDT", price=Decimal(90), quantity=Decimal(1)))
        assert strategy(m).account.unrealized == 2


async def test_a_quote_older_than_the_mark_is_late_and_changes_nothing() -> None:
    async with monitor() as m:
        await m.handle(fill(Side.BUY, "1", "100"))
        await m.handle(quote("101", "103", seconds=2))
        assert (await m.handle(quote("1", "2", seconds=1))).outcome is Outcome.LATE
        assert strategy(m).account.unrealized == 2


@pytest.mark.parametrize("other", [{"strategy": "beta"}, {"symbol": "ETHUSDT"}, {"side": Side.SELL}])
async def test_another_strategys_symbols_or_sides_signal_decided_nothing(other: dict[str, Any]) -> None:
    async with monitor() as m:
        await m.handle(signal("s1", Side.BUY, "100"))
        arguments: dict[str, Any] = {"side": Side.BUY, "quantity": "1", "price": "101", "signal_id": "s1"} | other
        await m.handle(fill(**arguments))
        name = other.get("strategy", "alpha")
        assert strategy(m, name).slippage_adverse.counts[-1] == strategy(m, name).slippage_favourable.counts[-1] == 0


async def test_a_repeat_and_a_conflict_change_nothing_and_are_counted() -> None:
    async with monitor() as m:
        first = fill(Side.BUY, "1", "100", event_id="a")
        other = fill(Side.BUY, "9", "100", event_id="a")
        receipts = await m.handle_batch([first, first, other])
        assert [r.outcome for r in receipts] == [Outcome.ACCEPTED, Outcome.DUPLICATE, Outcome.CONFLICT]
        assert "other content" in str(receipts[2].error)
        assert strategy(m).holdings[0].quantity == 1
        outcomes = m.telemetry.kinds[type(first)].outcomes
        assert (outcomes["accepted"], outcomes["duplicate"], outcomes["conflict"]) == (1, 1, 1)


async def test_period_pnl_starts_at_midnight_of_the_accounts_zone() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "1", "100"))
        await m.handle(quote("107", "107", seconds=1))
        await m.handle(quote("110", "110", seconds=DAY))
        account = strategy(m).account
        assert account.period_pnl == {Period.DAY: 3, Period.WEEK: 10, Period.MONTH: 10}
        await m.handle(quote("111", "111", seconds=5 * DAY))
        assert strategy(m).account.period_pnl == {Period.DAY: 1, Period.WEEK: 1, Period.MONTH: 11}
        assert m.snapshot().portfolio.account.period_pnl == strategy(m).account.period_pnl


async def test_an_event_that_cannot_be_made_durable_is_not_booked(tmp_path: Path) -> None:
    async with monitor(tmp_path / "j.db") as m:
        await m.handle(capital("1000"))
        with somebody_else(address(tmp_path / "j.db")) as connection:
            connection.exec_driver_sql("DROP TABLE journal_event")
        with pytest.raises(JournalError, match="no such table"):
            await m.handle(capital("1", seconds=1))
        assert strategy(m).account.capital == 1000


async def test_a_cancelled_caller_leaves_no_event_durable_but_unbooked() -> None:
    async with monitor() as m:
        task = asyncio.create_task(m.handle(capital("1000")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await m.save_snapshot()
        assert strategy(m).account.capital == 1000


async def test_the_callers_decimal_context_does_not_matter_and_is_kept() -> None:
    async with monitor() as m:
        with localcontext() as context:
            context.prec = 3
            await m.handle(capital("123456.789"))
            await m.handle(quote("1.23456", "1.23457"))
            await m.handle(fill(Side.BUY, "1000.001", "1.234567"))
            account = strategy(m).account
            assert context.prec == 3
        assert account.equity == Decimal("123456.789") + Decimal("1000.001") * (Decimal("1.234565") - Decimal("1.234567"))


async def test_depth_is_taken_in_and_counted() -> None:
    async with monitor() as m:
        depth = Depth(time=at(0), symbol="BTCUSDT", bids=(), asks=())
        assert (await m.handle(depth)).outcome is Outcome.ACCEPTED
        assert m.telemetry.kinds[Depth].outcomes["accepted"] == 1


async def test_only_what_a_symbol_is_marked_at_keeps_its_mark_fresh() -> None:
    """Trades and depth go on while quotes have stopped: the mark is stale all the same."""
    async with monitor() as m:

        def fresh() -> set[str]:
            return set(m.snapshot().mark_timestamps)

        level = Level(Decimal(1), Decimal(1))
        await m.handle(Depth(time=at(0), symbol="BTC", bids=(level,), asks=()))
        assert fresh() == set()
        await m.handle(MarketTrade(time=at(0), symbol="BTC", price=Decimal(1), quantity=Decimal(1)))
        assert fresh() == {"BTC"}
        await m.handle(quote("1", "1", "BTC"))
        marked = m.snapshot().mark_timestamps
        await m.handle(MarketTrade(time=at(DAY), symbol="BTC", price=Decimal(9), quantity=Decimal(1)))
        await m.handle(Depth(time=at(DAY), symbol="BTC", bids=(level,), asks=()))
        assert m.snapshot().mark_timestamps == marked
        assert m.snapshot().time == at(DAY)


async def test_other_strategies_and_rules_are_followed_between_events_and_none_is_lost_or_booked_twice() -> None:
    expected = StrategySettings(capital=Decimal(1000), expected_slippage_ratio=Decimal("0.0005"))
    refusing = MonitorSettings(events=EventSettings(unknown_strategies="refuse"))
    async with Journal(":memory:") as journal:
        m = StrategyPerformanceMonitor(refusing, rules(), journal, configured={"alpha": expected})
        await m.restore()
        await m.handle(quote("100", "100"))
        assert (await m.handle(capital("1000", "beta"))).outcome is Outcome.REJECTED
        assert (await m.handle(capital("20000"))).outcome is Outcome.ACCEPTED
        await m.handle(fill(Side.BUY, "1", "100.1"))
        assert strategy(m).execution.expected_slippage_ratio == Decimal("0.0005")
        before = m.snapshot().portfolio.tier
        assert before is not None
        sent = [[fill(Side.BUY, "1", "100") for _ in range(20)] for _ in range(10)]
        under_way = [asyncio.ensure_future(m.handle_batch(batch)) for batch in sent]
        stricter = {name: tier.model_copy(update={"max_positions": 77}) for name, tier in rules().tiers.items()}
        other = expected.model_copy(update={"expected_slippage_ratio": Decimal("0.0007")})
        for _ in range(10):
            await asyncio.sleep(0)
            m.follow(rules().model_copy(update={"tiers": stricter}), {"alpha": other, "beta": expected})
        receipts = [receipt for batch in await asyncio.gather(*under_way) for receipt in batch]
        assert Counter(receipt.outcome for receipt in receipts) == {Outcome.ACCEPTED: 200}
        assert strategy(m).holdings[0].quantity == 201
        assert journal.count == 202
        assert strategy(m).execution.expected_slippage_ratio == Decimal("0.0007")
        after = m.snapshot().portfolio.tier
        assert after is not None
        assert (before.name, after.max_positions) == (after.name, 77)
        assert (await m.handle(capital("1000", "beta"))).outcome is Outcome.ACCEPTED
        assert strategy(m, "beta").configured
