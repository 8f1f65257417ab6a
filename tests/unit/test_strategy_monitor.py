"""What the monitor makes of events, figure by figure: read this first.

Most of it follows the account of tests/fixtures/market_data.json, which is worked out by hand: events of two strategies over a
weekend, and after each of them the figures that it changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from genesis.core.models import AnyEvent, CapitalFlow, Side
from genesis.ledger.book import Book
from genesis.ledger.journal import Journal
from genesis.ledger.periods import Period
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.snapshot import AccountSnapshot, MonitorSnapshot, StrategySnapshot
from tests.cases import every_case
from tests.market_data import ACCOUNT, STEPS, differences, figures_of
from tests.oracle.books import Oracle
from tests.oracle.compare import compare
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, rules, signal, strategy

D = Decimal

MONEY = {"capital", "realized", "unrealized", "fees", "funding", "net_pnl", "equity"}
PERIODS = {period.value for period in Period}
CAUSES = {"cause market", "cause selection", "cause slippage", "cause fees", "cause funding"}
DRAWDOWN = {"drawdown", "drawdown_ratio", "max_drawdown_ratio"}
RECOVERY = {"under_water_seconds", "last_recovery_seconds", "longest_recovery_seconds"}
ROUND_TRIPS = {"wins", "losses", "evens", "unvalued", "gross_profit", "gross_loss", "win_rate", "profit_factor", "expectancy"}
EXECUTION = {"slippage_adverse", "fill_delay"}
POSITIONS = {"position BTC", "value BTC"}
RISK_LIMITS = {"tier", "daily_loss_used_ratio"}


@pytest.fixture
async def watched() -> AsyncIterator[StrategyPerformanceMonitor]:
    """A monitor that has seen nothing yet, with the settings of the account."""
    async with Journal(":memory:") as journal:
        yield StrategyPerformanceMonitor(MonitorSettings(**ACCOUNT), rules(), journal)


async def follow(watched: StrategyPerformanceMonitor, names: set[str]) -> None:
    """Send every event of the account; after each of them, these figures have to be those worked out by hand."""
    with every_case() as case:
        for step in STEPS:
            outcome = (await watched.handle(event_of(step.event))).outcome.value
            for whose, expected in step.expect.items():
                wanted = {name: value for name, value in expected.items() if name in names}
                with case(f"step {step.number}, {whose} ({step.why})"):
                    assert outcome == step.outcome
                    assert differences(figures(watched.snapshot(), whose), wanted) == {}


def event_of(sent: object) -> AnyEvent:
    event: AnyEvent = msgspec.convert(sent, AnyEvent, strict=False)
    return event


def figures(snapshot: MonitorSnapshot, whose: str) -> dict[str, object]:
    """All figures of a strategy, or of the portfolio, under the names that the account uses."""
    if whose == "portfolio":
        portfolio = snapshot.portfolio
        tier = portfolio.tier.name if portfolio.tier else None
        return _of_account(portfolio.account) | {"tier": tier, "daily_loss_used_ratio": portfolio.daily_loss_used_ratio}
    (one,) = (one for one in snapshot.strategies if one.name == whose)
    return _of_account(one.account) | _of_trading(one)


def _of_account(account: AccountSnapshot) -> dict[str, object]:
    periods = {period.value: pnl for period, pnl in account.period_pnl.items()}
    return {field: getattr(account, field) for field in AccountSnapshot.__slots__} | periods


def _of_trading(one: StrategySnapshot) -> dict[str, object]:
    found: dict[str, object] = {field: getattr(one.trades, field) for field in type(one.trades).__slots__}
    for holding in one.holdings:
        found |= {f"position {holding.symbol}": holding.quantity, f"value {holding.symbol}": holding.value}
    found |= {f"cause {cause}": pnl for cause, pnl in one.attribution.causes._asdict().items()}
    return found | {"slippage_adverse": one.slippage_adverse.sum, "fill_delay": one.fill_delay.sum}


def test_no_figure_of_the_account_is_left_out() -> None:
    looked_at = MONEY | PERIODS | CAUSES | DRAWDOWN | RECOVERY | ROUND_TRIPS | EXECUTION | POSITIONS | RISK_LIMITS
    assert figures_of() == looked_at


# Profit and loss


async def test_real_time_pnl_tracking_updates_correctly(watched: StrategyPerformanceMonitor) -> None:
    await follow(watched, MONEY | POSITIONS)


async def test_pnl_of_the_day_week_and_month_starts_at_midnight_of_the_accounts_zone(
    watched: StrategyPerformanceMonitor,
) -> None:
    await follow(watched, PERIODS)


async def test_attribution_names_the_cause_of_every_gain_and_loss(watched: StrategyPerformanceMonitor) -> None:
    await follow(watched, CAUSES)
    for one in watched.snapshot().strategies:
        assert sum(cause or D(0) for cause in one.attribution.causes) == one.account.net_pnl


async def test_attribution_adds_up_to_the_pnl_by_component_and_by_cause() -> None:
    """Bought 2 at 101, decided at 100; hedged by 1 sold at 105; the mark ends at 110."""
    async with monitor() as m:
        await m.handle_batch([capital("1000"), quote("100", "100"), signal("s1", Side.BUY, "100")])
        await m.handle(replace(fill(Side.BUY, "2", "101", fee="1", signal_id="s1"), component="entry"))
        await m.handle(replace(fill(Side.SELL, "1", "105"), component="hedge"))
        await m.handle(quote("110", "110", seconds=1))
        alpha = strategy(m)
        assert {part.component: part.pnl for part in alpha.attribution.parts} == {"entry": 17, "hedge": -5}
        causes = {"market": 0, "selection": 15, "slippage": -2, "fees": -1, "funding": 0}
        assert alpha.attribution.causes._asdict() == causes
        assert alpha.account.net_pnl == 12 == sum(causes.values())


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


# Drawdown and limits


async def test_drawdown_and_recovery_follow_every_mark(watched: StrategyPerformanceMonitor) -> None:
    await follow(watched, DRAWDOWN | RECOVERY)


async def test_drawdown_keeps_the_deepest_and_a_new_peak_ends_it() -> None:
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


async def test_the_tier_follows_the_equity_and_the_daily_loss_its_limit(watched: StrategyPerformanceMonitor) -> None:
    await follow(watched, RISK_LIMITS)
    async with monitor() as m:
        await m.handle(capital("2100"))
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "10", "100"))
        for second, price, name, used in ((1, "95", "HUNTER", 0.5), (2, "85", "SNIPER", 150 / 25)):
            await m.handle(quote(price, price, seconds=second))
            portfolio = m.snapshot().portfolio
            assert portfolio.tier is not None
            assert (portfolio.tier.name, portfolio.daily_loss_used_ratio) == (name, pytest.approx(used))


# Execution


async def test_slippage_and_fill_delay_are_measured_against_the_signal(watched: StrategyPerformanceMonitor) -> None:
    await follow(watched, EXECUTION)


@pytest.mark.parametrize(("side", "better", "worse"), [(Side.BUY, "99.9", "100.3"), (Side.SELL, "100.1", "99.7")])
async def test_slippage_is_adverse_or_favourable_by_the_side_of_the_order(side: Side, better: str, worse: str) -> None:
    async with monitor() as m:
        await m.handle(signal("s1", side, "100"))
        await m.handle(fill(side, "1", better, signal_id="s1", seconds=0.2))
        await m.handle(fill(side, "1", worse, signal_id="s1", seconds=0.4))
        await m.handle(fill(side, "1", "50", signal_id="never told"))
        await m.handle(fill(side, "1", "50"))
        alpha = strategy(m)
        assert (alpha.slippage_favourable.sum, alpha.slippage_adverse.sum) == pytest.approx((0.001, 0.003))
        assert alpha.slippage_adverse.counts[-1] == alpha.slippage_favourable.counts[-1] == 1
        assert alpha.fill_delay.sum == pytest.approx(0.6)


# Round trips


async def test_win_rate_profit_factor_and_expectancy_count_round_trips(watched: StrategyPerformanceMonitor) -> None:
    await follow(watched, ROUND_TRIPS)


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


# What holds for all figures


async def test_an_independent_oracle_comes_to_the_same_figures(watched: StrategyPerformanceMonitor) -> None:
    oracle = Oracle(zone=ACCOUNT["time_zone"], currency=ACCOUNT["reporting_currency"], conversions=ACCOUNT["conversions"])
    for step in STEPS:
        event = event_of(step.event)
        assert (await watched.handle(event)).outcome.value == oracle.handle(event)
        compare(watched.snapshot(), oracle)


async def test_a_figure_that_cannot_be_computed_is_absent_with_its_reason() -> None:
    async with monitor() as m:
        await m.handle(capital("499"))
        portfolio = m.snapshot().portfolio
        assert portfolio.tier is None
        assert portfolio.undefined["tier"] == portfolio.undefined["daily_loss_used_ratio"] == "below_smallest_tier"
        assert strategy(m).undefined["win_rate"] == strategy(m).undefined["profit_factor"] == "no_round_trips"
        await m.handle(fill(Side.SELL, "1", "100"))
        await m.handle(fill(Side.BUY, "1", "90"))
        assert strategy(m).trades.win_rate == 1
        assert strategy(m).undefined["profit_factor"] == "no_losses"
        assert "win_rate" not in strategy(m).undefined


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
