"""Other currencies than the reporting one: kept exactly, valued at the mark, unknown without one, never taken as 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from genesis.core.models import AnyAccountEvent, Fill, Funding, MarketTrade, Side
from genesis.core.money import entry_ratio
from genesis.core.receipt import Outcome
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.snapshot import AccountSnapshot
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, rules, strategy

D = Decimal
BNB = MonitorSettings(conversions={"BNB": "BNBUSDT"})
BTC_PAIRS = MonitorSettings(conversions={"BTC": "BTCUSDT"}, symbol_currencies={"ETHBTC": "BTC", "SOLBTC": "BTC"})


def money(account: AccountSnapshot) -> tuple[Decimal | None, ...]:
    return account.realized, account.unrealized, account.fees, account.funding, account.equity


async def journaled(journal: Journal) -> Sequence[AnyAccountEvent]:
    return [event async for batch in journal.replay() for _, event in batch]


async def test_a_fee_in_another_currency_is_worth_its_mark_of_now() -> None:
    async with monitor(settings=BNB) as m:
        await m.handle(capital("1000"))
        await m.handle(quote("600", "600", "BNBUSDT"))
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "1", "100", fee="0.01", fee_currency="BNB"))
        assert money(strategy(m).account) == (0, 0, 6, 0, 994)
        await m.handle(quote("700", "702", "BNBUSDT", seconds=1))
        assert money(strategy(m).account) == (0, 0, D("7.01"), 0, D("992.99"))
        assert m.snapshot().portfolio.account.equity == D("992.99")


@pytest.mark.parametrize("settings", [MonitorSettings(), BNB], ids=["no conversion", "no mark of the conversion"])
async def test_without_a_rate_the_fill_is_booked_and_what_depends_on_the_fee_is_unknown(settings: MonitorSettings) -> None:
    async with monitor(settings=settings) as m:
        await m.handle(capital("1000"))
        await m.handle(capital("500", strategy="beta"))
        await m.handle(quote("110", "110"))
        receipt = await m.handle(fill(Side.BUY, "1", "100", fee="0.01", fee_currency="BNB"))
        assert receipt.outcome is Outcome.ACCEPTED
        alpha, portfolio = strategy(m), m.snapshot().portfolio
        assert alpha.holdings[0].quantity == 1
        assert (alpha.holdings[0].value, alpha.holdings[0].unrealized) == (110, 10)
        assert money(alpha.account) == (0, None, None, 0, None)
        assert {alpha.undefined[figure] for figure in ("fees", "unrealized", "net_pnl", "equity", "drawdown_ratio")} == {
            "no_conversion"
        }
        assert alpha.undefined["day_pnl"] == "no_conversion"
        assert "realized" not in alpha.undefined
        assert strategy(m, "beta").account.equity == 500
        assert portfolio.account.equity is portfolio.account.fees is portfolio.tier is None
        assert portfolio.undefined["tier"] == portfolio.undefined["fees"] == "no_conversion"


async def test_a_conversion_that_is_marked_later_makes_everything_known() -> None:
    async with monitor(settings=BNB) as m:
        await m.handle(capital("1000"))
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "1", "100", fee="0.01", fee_currency="BNB"))
        await m.handle(quote("600", "600", "BNBUSDT"))
        assert money(strategy(m).account) == (0, 0, 6, 0, 994)
        assert strategy(m).account.drawdown_ratio == pytest.approx(0.006)
        assert m.snapshot().portfolio.account.equity == 994


async def test_a_fee_of_nothing_in_an_unknown_currency_matters_to_nothing() -> None:
    async with monitor() as m:
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "1", "100", fee="0", fee_currency="BNB"))
        assert strategy(m).account.equity == 0


async def test_what_comes_to_nothing_in_an_unknown_currency_matters_no_longer() -> None:
    async with monitor() as m:
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "1", "100", fee="0.5", fee_currency="BNB"))
        await m.handle(fill(Side.BUY, "1", "100", fee="-0.5", fee_currency="BNB"))
        assert money(strategy(m).account) == (0, 0, 0, 0, 0)
        assert m.snapshot().portfolio.account.equity == 0


async def test_a_symbol_quoted_in_another_currency_moves_with_its_price_and_with_the_rate() -> None:
    async with monitor(settings=BTC_PAIRS) as m:
        await m.handle(quote("50000", "50000"))
        await m.handle(quote("0.05", "0.05", "ETHBTC"))
        await m.handle(fill(Side.BUY, "10", "0.04", symbol="ETHBTC", fee="0.001"))
        assert money(strategy(m).account) == (0, 5000, 50, 0, 4950)
        await m.handle(quote("0.06", "0.06", "ETHBTC", seconds=1))
        assert money(strategy(m).account) == (0, 10000, 50, 0, 9950)
        await m.handle(quote("40000", "40000", seconds=2))
        assert money(strategy(m).account) == (0, 8000, 40, 0, 7960)
        holding = strategy(m).holdings[0]
        assert (holding.value, holding.unrealized) == (24000, 8000)
        await m.handle(fill(Side.SELL, "10", "0.06", symbol="ETHBTC", seconds=3))
        assert money(strategy(m).account) == (8000, 0, 40, 0, 7960)
        await m.handle(quote("10000", "10000", seconds=4))
        assert money(strategy(m).account) == (2000, 0, 10, 0, 1990)


async def test_one_quote_that_moves_a_position_and_a_rate_is_one_tick() -> None:
    """The position gains what the fee loses: the equity never leaves its peak."""
    async with monitor(settings=MonitorSettings(conversions={"BTC": "BTCUSDT"})) as m:
        await m.handle(capital("1000"))
        await m.handle(quote("100", "100"))
        await m.handle(fill(Side.BUY, "1", "100", fee="1", fee_currency="BTC"))
        for second, price in enumerate(("90", "200", "1"), start=1):
            await m.handle(quote(price, price, seconds=second))
        account = strategy(m).account
        assert account.equity == 900
        assert account.max_drawdown_ratio == pytest.approx(0.1)
        assert account.last_recovery_seconds is None


async def test_funding_in_another_currency_is_valued_as_a_fee_is() -> None:
    async with monitor(settings=BNB) as m:
        await m.handle(quote("600", "600", "BNBUSDT"))
        payment = Funding(time=at(1), event_id="x", strategy="alpha", symbol="BTCUSDT", amount=D("-0.5"), currency="BNB")
        await m.handle(payment)
        assert money(strategy(m).account) == (0, 0, 0, -300, -300)


async def test_a_round_trip_is_charged_at_the_rate_when_the_fee_came_and_stays_so_after_a_replay(tmp_path: Path) -> None:
    async with Journal(tmp_path / "j.db") as journal:
        m = StrategyPerformanceMonitor(BNB, rules(), journal)
        await m.handle(quote("600", "600", "BNBUSDT"))
        await m.handle(fill(Side.BUY, "1", "100", fee="0.01", fee_currency="BNB"))
        await m.handle(quote("900", "900", "BNBUSDT", seconds=1))
        await m.handle(fill(Side.SELL, "1", "110", fee="0.01", fee_currency="BNB"))
        trades, digest = strategy(m).trades, m.digest()
        assert (trades.losses, trades.gross_loss) == (1, 5)
        assert strategy(m).account.fees == 18
    async with Journal(tmp_path / "j.db") as journal:
        replayed = StrategyPerformanceMonitor(BNB, rules(), journal)
        await replayed.restore()
        assert replayed.digest() == digest
        assert strategy(replayed).trades == trades
        assert strategy(replayed).account.fees is None


async def test_a_round_trip_without_a_rate_is_counted_and_left_out_of_the_win_rate() -> None:
    async with monitor() as m:
        await m.handle(fill(Side.BUY, "1", "100", fee="0.01", fee_currency="BNB"))
        await m.handle(fill(Side.SELL, "1", "110"))
        alpha = strategy(m)
        assert (alpha.trades.unvalued, alpha.trades.win_rate) == (1, None)
        assert {alpha.undefined[figure] for figure in ("win_rate", "profit_factor", "expectancy")} == {"no_conversion"}
        await m.handle(fill(Side.BUY, "1", "100"))
        await m.handle(fill(Side.SELL, "1", "110"))
        trades = strategy(m).trades
        assert (trades.wins, trades.unvalued, trades.win_rate, trades.expectancy) == (1, 1, 1.0, 10.0)


async def test_gross_profit_of_another_currency_is_valued_now_and_unknown_without_a_rate() -> None:
    async with monitor(settings=BTC_PAIRS) as m:
        await m.handle(fill(Side.BUY, "1", "0.04", symbol="ETHBTC"))
        await m.handle(fill(Side.SELL, "1", "0.05", symbol="ETHBTC"))
        await m.handle(fill(Side.BUY, "1", "0.04", symbol="ETHBTC"))
        await m.handle(fill(Side.SELL, "1", "0.02", symbol="ETHBTC"))
        alpha = strategy(m)
        assert (alpha.trades.win_rate, alpha.trades.gross_profit, alpha.trades.profit_factor) == (0.5, None, None)
        assert (alpha.undefined["profit_factor"], alpha.undefined["expectancy"]) == ("no_conversion", "no_conversion")
        await m.handle(quote("50000", "50000"))
        trades = strategy(m).trades
        assert (trades.gross_profit, trades.gross_loss, trades.profit_factor, trades.expectancy) == (500, 1000, 0.5, -250.0)


async def test_the_rate_is_noted_in_the_journal_in_the_currency_of_the_symbol() -> None:
    settings = MonitorSettings(conversions={"BNB": "BNBUSDT", "BTC": "BTCUSDT"}, symbol_currencies={"ETHBTC": "BTC"})
    async with Journal(":memory:") as journal:
        m = StrategyPerformanceMonitor(settings, rules(), journal)
        await m.handle_batch(
            [
                fill(Side.BUY, "1", "0.05", symbol="ETHBTC", fee="1", fee_currency="BNB", event_id="unknown"),
                quote("600", "600", "BNBUSDT"),
                quote("70000", "70000"),
                quote("1", "1", "BNBUSDT", seconds=-1),
                MarketTrade(time=at(1), symbol="BNBUSDT", price=D(2), quantity=D(1)),
                fill(Side.BUY, "1", "0.05", symbol="ETHBTC", fee="1", fee_currency="BNB", event_id="cross"),
                fill(Side.BUY, "1", "0.05", symbol="ETHBTC", fee="1", fee_currency="USDT", event_id="inverse"),
                fill(Side.BUY, "1", "0.05", symbol="ETHBTC", fee="1", fee_currency="BTC", event_id="same"),
                fill(Side.BUY, "1", "0.05", symbol="ETHBTC", fee="0", fee_currency="BNB", event_id="nothing"),
                fill(Side.BUY, "1", "69000", fee="0.001", fee_currency="BTC", event_id="own price"),
            ]
        )
        rates = {event.event_id: event.fee_rate for event in await journaled(journal) if isinstance(event, Fill)}
    assert rates == {
        "unknown": None,
        "cross": D("0.008571428571428571"),
        "inverse": D("0.000014285714285714"),
        "same": None,
        "nothing": None,
        "own price": 69000,
    }


@pytest.mark.parametrize(
    ("part", "whole", "rate"),
    [("1", "3", "0.333333333333333333"), ("2", "3", "0.666666666666666667"), ("1e-18", "3", None), ("1e14", "1e-4", None)],
)
def test_a_rate_has_as_many_digits_as_an_event_holds_or_is_not_known(part: str, whole: str, rate: str | None) -> None:
    assert entry_ratio(D(part), D(whole)) == (None if rate is None else D(rate))


async def test_a_rate_that_the_sender_gives_is_kept_and_a_repeat_with_another_is_a_duplicate() -> None:
    async with monitor(settings=BNB) as m:
        await m.handle(quote("600", "600", "BNBUSDT"))
        bought = replace_rate(fill(Side.BUY, "1", "100", fee="1", fee_currency="BNB", event_id="a"), D(500))
        await m.handle(bought)
        await m.handle(quote("700", "700", "BNBUSDT", seconds=1))
        assert (await m.handle(replace_rate(bought, None))).outcome is Outcome.DUPLICATE
        assert (await m.handle(replace_rate(bought, D(9)))).outcome is Outcome.DUPLICATE
        await m.handle(fill(Side.SELL, "1", "700"))
        assert strategy(m).trades.gross_profit == 100


def replace_rate(event: Fill, rate: Decimal | None) -> Fill:
    return Fill(**{field: getattr(event, field) for field in event.__struct_fields__} | {"fee_rate": rate})


async def restarted(path: Path, before: MonitorSettings, after: MonitorSettings, events: Sequence[object]) -> AccountSnapshot:
    """The account after the events, a saved state, and a restart with other settings."""
    async with Journal(path) as journal:
        m = StrategyPerformanceMonitor(before, rules(), journal)
        for event in events:
            await m.handle(event)  # type: ignore[arg-type]
        await m.save_snapshot()
    async with Journal(path) as journal:
        m = StrategyPerformanceMonitor(after, rules(), journal)
        await m.restore()
        return strategy(m).account


async def test_a_conversion_that_is_configured_later_values_the_saved_books(tmp_path: Path) -> None:
    events = [
        capital("1000"),
        quote("600", "600", "BNBUSDT"),
        quote("100", "100"),
        fill(Side.BUY, "1", "100"),
        quote("90", "90", seconds=1),
        fill(Side.BUY, "1", "90", fee="0.01", fee_currency="BNB", seconds=2),
    ]
    account = await restarted(tmp_path / "j.db", MonitorSettings(), BNB, events)
    assert money(account) == (0, -10, 6, 0, 984)
    assert account.max_drawdown_ratio == pytest.approx(0.01)


async def test_a_symbol_that_is_configured_in_another_currency_later_is_booked_anew(tmp_path: Path) -> None:
    events = [
        quote("50000", "50000"),
        quote("0.05", "0.05", "ETHBTC"),
        fill(Side.BUY, "10", "0.04", symbol="ETHBTC"),
        fill(Side.SELL, "10", "0.05", symbol="ETHBTC"),
    ]
    account = await restarted(tmp_path / "j.db", MonitorSettings(), BTC_PAIRS, events)
    assert (account.realized, account.undefined["realized"]) == (None, "no_conversion")


async def test_the_same_settings_after_a_restart_give_the_same_money(tmp_path: Path) -> None:
    events = [
        capital("1000"),
        quote("50000", "50000"),
        quote("0.05", "0.05", "ETHBTC"),
        fill(Side.BUY, "10", "0.04", symbol="ETHBTC", fee="3", fee_currency="BTC"),
        fill(Side.SELL, "4", "0.05", symbol="ETHBTC", fee="1", fee_currency="USDT"),
    ]
    async with monitor(settings=BTC_PAIRS) as m:
        for event in events:
            await m.handle(event)  # type: ignore[arg-type]
        expected = strategy(m).account
    assert await restarted(tmp_path / "j.db", BTC_PAIRS, BTC_PAIRS, events) == replace(expected)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"conversions": {"USDT": "X"}}, "is the reporting currency, which is not converted"),
        (
            {"conversions": {"ETH": "ETHBTC"}, "symbol_currencies": {"ETHBTC": "BTC"}},
            "is quoted in BTC; name a symbol that is quoted in the reporting currency USDT",
        ),
    ],
)
def test_a_conversion_that_converts_nothing_is_refused(settings: dict[str, dict[str, str]], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        MonitorSettings.model_validate(settings)
