"""One event in, one snapshot out."""

import asyncio
from collections import Counter
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest

from genesis.core.config import MonitorSettings, StrategySettings
from genesis.core.errors import JournalError
from genesis.core.event_config import EventSettings
from genesis.core.models import CapitalFlow, Depth, Funding, MarketTrade, Side
from genesis.ledger.book import Book
from genesis.ledger.journal import Journal
from genesis.ledger.periods import Period
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.monitoring.telemetry import Outcome
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, rules, signal, strategy


async def test_real_time_pnl_tracking_updates_correctly() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(fill(Side.BUY, "2", "100", fee="0.5"))
        await m.handle(quote("109", "111"))
        account = strategy(m).account
        assert (account.realized, account.unrealized, account.fees) == (0, 20, Decimal("0.5"))
        assert (account.net_pnl, account.equity) == (Decimal("19.5"), Decimal("1019.5"))
        await m.handle(fill(Side.SELL, "1", "120", seconds=1))
        await m.handle(Funding(time=at(2), event_id="x", strategy="alpha", symbol="BTCUSDT", amount=Decimal("-0.25")))
        account = strategy(m).account
        assert (account.realized, account.unrealized, account.funding) == (20, 10, Decimal("-0.25"))
        assert account.equity == Decimal("1029.25")


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


async def test_drawdown_follows_every_tick_and_keeps_the_deepest() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(quote("99", "101"))
        await m.handle(fill(Side.BUY, "5", "100"))
        for second, price in enumerate((110, 80, 105), start=1):
            await m.handle(quote(str(price), str(price), seconds=second))
        account = strategy(m).account
        assert account.max_drawdown_ratio == pytest.approx(150 / 1050)
        assert account.drawdown_ratio == pytest.approx(25 / 1050)
        assert account.drawdown == 25
        assert account.under_water_seconds == 2
        await m.handle(quote("110", "110", seconds=9))
        assert strategy(m).account.last_recovery_seconds == 7


async def test_a_flip_closes_one_round_trip_with_its_share_of_the_fee_and_opens_the_next() -> None:
    async with monitor() as m:
        await m.handle(fill(Side.BUY, "1", "100", fee="1"))
        await m.handle(fill(Side.SELL, "3", "110", fee="3"))
        await m.handle(fill(Side.BUY, "2", "120", fee="2"))
        trades = strategy(m).trades
        assert (trades.wins, trades.losses) == (1, 1)
        assert (trades.gross_profit, trades.gross_loss) == (8, 24)
        assert trades.win_rate == pytest.approx(0.5)
        assert trades.profit_factor == pytest.approx(8 / 24)
        assert trades.expectancy == pytest.approx(-8)


async def test_round_trip_figures_without_trades_or_losses_say_why_they_are_missing() -> None:
    async with monitor() as m:
        await m.handle(capital("1000"))
        assert strategy(m).undefined["win_rate"] == strategy(m).undefined["profit_factor"] == "no_round_trips"
        await m.handle(fill(Side.SELL, "1", "100"))
        await m.handle(fill(Side.BUY, "1", "90"))
        assert strategy(m).trades.win_rate == 1
        assert strategy(m).undefined["profit_factor"] == "no_losses"
        assert "win_rate" not in strategy(m).undefined


async def test_slippage_is_measured_against_the_signals_price_by_direction() -> None:
    async with monitor() as m:
        await m.handle(signal("s1", Side.BUY, "100"))
        await m.handle(fill(Side.BUY, "1", "100.1", signal_id="s1", seconds=0.2))
        await m.handle(fill(Side.BUY, "1", "99.9", signal_id="s1", seconds=0.4))
        await m.handle(fill(Side.BUY, "1", "50", signal_id="never told"))
        await m.handle(fill(Side.BUY, "1", "50"))
        alpha = strategy(m)
        assert alpha.slippage_adverse.sum == pytest.approx(0.001)
        assert alpha.slippage_favourable.sum == pytest.approx(0.001)
        assert alpha.slippage_adverse.counts[-1] == alpha.slippage_favourable.counts[-1] == 1
        assert alpha.fill_delay.sum == pytest.approx(0.6)


@pytest.mark.parametrize("other", [{"strategy": "beta"}, {"symbol": "ETHUSDT"}, {"side": Side.SELL}])
async def test_another_strategys_symbols_or_sides_signal_decided_nothing(other: dict[str, Any]) -> None:
    async with monitor() as m:
        await m.handle(signal("s1", Side.BUY, "100"))
        arguments: dict[str, Any] = {"side": Side.BUY, "quantity": "1", "price": "101", "signal_id": "s1"} | other
        await m.handle(fill(**arguments))
        name = other.get("strategy", "alpha")
        assert strategy(m, name).slippage_adverse.counts[-1] == strategy(m, name).slippage_favourable.counts[-1] == 0


async def test_a_sell_above_its_signals_price_is_favourable() -> None:
    async with monitor() as m:
        await m.handle(signal("s1", Side.SELL, "100"))
        await m.handle(fill(Side.SELL, "1", "101", signal_id="s1"))
        assert strategy(m).slippage_favourable.sum == pytest.approx(0.01)
        assert strategy(m).slippage_adverse.counts[-1] == 0


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
    day = 24 * 3600
    async with monitor() as m:
        await m.handle(capital("1000"))
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "1", "100"))
        await m.handle(quote("107", "107", seconds=1))
        await m.handle(quote("110", "110", seconds=day))
        account = strategy(m).account
        assert account.period_pnl == {Period.DAY: 3, Period.WEEK: 10, Period.MONTH: 10}
        await m.handle(quote("111", "111", seconds=5 * day))
        assert strategy(m).account.period_pnl == {Period.DAY: 1, Period.WEEK: 1, Period.MONTH: 11}
        assert m.snapshot().portfolio.account.period_pnl == strategy(m).account.period_pnl


async def test_the_tier_follows_the_equity_and_the_daily_loss_its_limit() -> None:
    async with monitor() as m:
        await m.handle(capital("2100"))
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "10", "100"))
        await m.handle(quote("95", "95", seconds=1))
        portfolio = m.snapshot().portfolio
        assert portfolio.tier is not None
        assert (portfolio.tier.name, portfolio.daily_loss_used_ratio) == ("HUNTER", pytest.approx(0.5))
        await m.handle(quote("85", "85", seconds=2))
        portfolio = m.snapshot().portfolio
        assert portfolio.tier is not None
        assert (portfolio.tier.name, portfolio.daily_loss_used_ratio) == ("SNIPER", pytest.approx(150 / 25))


async def test_an_account_below_the_smallest_tier_has_none_and_says_so() -> None:
    async with monitor() as m:
        await m.handle(capital("499"))
        portfolio = m.snapshot().portfolio
        assert portfolio.tier is None
        assert portfolio.undefined["tier"] == "below_smallest_tier"
        assert portfolio.undefined["daily_loss_used_ratio"] == "below_smallest_tier"


async def test_the_portfolio_is_the_sum_of_its_strategies_and_transfers_are_no_drawdown() -> None:
    async with monitor() as m:
        await m.handle_batch([capital("1000"), capital("1000", "beta"), quote("100", "100")])
        await m.handle_batch([fill(Side.BUY, "2", "100"), fill(Side.SELL, "3", "100", strategy="beta")])
        await m.handle(quote("90", "90", seconds=1))
        await m.handle_batch([capital("-400", seconds=2), capital("400", "beta", seconds=2)])
        account = m.snapshot().portfolio.account
        assert (account.capital, account.equity) == (2000, 2010)
        assert account.drawdown_ratio == 0
        assert strategy(m).account.drawdown_ratio == pytest.approx(0.02)


async def test_a_restart_gives_the_same_picture_with_marks_drawdown_and_periods(tmp_path: Path) -> None:
    async with monitor(tmp_path / "j.db") as m:
        await m.handle_batch([capital("1000"), signal("s", Side.BUY, "100"), quote("100", "100")])
        await m.handle(fill(Side.BUY, "2", "101", fee="1", signal_id="s"))
        for second, price in enumerate(("120", "90", "95"), start=1):
            await m.handle(quote(price, price, seconds=second))
        await m.save_snapshot()
        await m.handle(fill(Side.SELL, "1", "95", seconds=5))
        before, portfolio = strategy(m), m.snapshot().portfolio
    async with monitor(tmp_path / "j.db") as m:
        after = strategy(m)
        assert after.account == before.account
        assert (after.holdings, after.trades, after.undefined) == (before.holdings, before.trades, before.undefined)
        assert after.slippage_adverse == before.slippage_adverse
        assert after.last_event_timestamp is None
        assert m.snapshot().portfolio == portfolio
        assert m.snapshot().mark_timestamps == {"BTCUSDT": at(3).timestamp()}


async def test_an_event_that_cannot_be_made_durable_is_not_booked(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j.db") as journal:
        m = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await m.handle(capital("1000"))

        def refuse_writes() -> None:
            with journal._store.database.connection.begin():
                journal._store.database.connection.exec_driver_sql("PRAGMA query_only = 1")

        await journal._run(refuse_writes)
        with pytest.raises(JournalError):
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


async def test_one_strategys_fault_leaves_the_others_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    async with monitor() as m:
        await m.handle_batch([capital("1000"), capital("1000", "beta")])
        original = Book.move_capital

        def broken(self: Book, flow: CapitalFlow) -> None:
            if self.strategy == "beta":
                raise ZeroDivisionError("broken")
            original(self, flow)

        monkeypatch.setattr(Book, "move_capital", broken)
        await m.handle_batch([capital("1", "beta"), capital("1")])
        snapshot = m.snapshot()
        assert [s.name for s in snapshot.strategies] == ["alpha"]
        assert snapshot.failed == {"beta": "ZeroDivisionError: broken"}
        assert strategy(m).account.capital == 1001


async def test_depth_is_taken_in_and_counted() -> None:
    async with monitor() as m:
        depth = Depth(time=at(0), symbol="BTCUSDT", bids=(), asks=())
        assert (await m.handle(depth)).outcome is Outcome.ACCEPTED
        assert m.telemetry.kinds[Depth].outcomes["accepted"] == 1


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
