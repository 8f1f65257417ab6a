"""Slippage, shortfall and what signals missed: by hand, through voids, currencies and restarts, and the identity behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genesis.analytics.shortfall import ExecutionFigures
from genesis.core.models import AnyEvent, MarketTrade, Side, SignalEnd, Void
from genesis.core.receipt import Outcome
from genesis.ledger import decisions
from genesis.ledger.execution import KEPT_FILLS
from genesis.ledger.journal import Journal
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import StatisticsSettings
from tests.search import examples
from tests.unit.monitoring.account import at, capital, fill, monitor, quote, rules, signal, strategy

D = Decimal


def end(of: str, seconds: float = 10, price: str | None = None, owner: str = "alpha", event_id: str = "") -> SignalEnd:
    return SignalEnd(
        time=at(seconds),
        event_id=event_id or f"end-{of}",
        strategy=owner,
        signal_id=of,
        price=None if price is None else D(price),
    )


def void(of: str, seconds: float = 20) -> Void:
    return Void(time=at(seconds), event_id=f"void-{of}", strategy="alpha", voids=of)


def sized(event_id: str, side: Side, price: str, quantity: str, seconds: float = 0) -> AnyEvent:
    return msgspec.structs.replace(signal(event_id, side, price, seconds=seconds), quantity=D(quantity))


async def execution(*events: AnyEvent, settings: MonitorSettings | None = None) -> ExecutionFigures:
    async with monitor(settings=settings) as m:
        for event in events:
            assert (await m.handle(event)).outcome is Outcome.ACCEPTED
        return strategy(m).execution


# A signal for 10 at 100; the order meets 101 to 103, buys 6 at 103.5 for a fee of 3; the rest is given up at a mid of 110.
BUY = (
    sized("s", Side.BUY, "100", "10"),
    quote("101", "103", seconds=1),
    fill(Side.BUY, "6", "103.5", fee="3", signal_id="s", seconds=2, event_id="f"),
    quote("109", "111", seconds=3),
    end("s"),
)
SELL = (
    sized("s", Side.SELL, "100", "10"),
    quote("97", "99", seconds=1),
    fill(Side.SELL, "6", "96.5", fee="-3", signal_id="s", seconds=2, event_id="f"),
    quote("89", "91", seconds=3),
    end("s"),
)


async def test_the_shortfall_of_a_buy_by_hand() -> None:
    found = await execution(*BUY)
    assert found.shortfall == {"delay": 12, "spread": 6, "impact": 3, "fees": 3, "opportunity": 40}
    assert (found.measured_fills, found.unmeasured_fills, found.measured_signals, found.unmeasured_signals) == (1, 0, 1, 0)
    assert (found.slippage, found.mean_slippage_ratio) == (21, pytest.approx(0.035))


async def test_the_shortfall_of_a_sell_by_hand() -> None:
    found = await execution(*SELL)
    assert found.shortfall == {"delay": 12, "spread": 6, "impact": 3, "fees": -3, "opportunity": 40}
    assert (found.slippage, found.mean_slippage_ratio) == (21, pytest.approx(0.035))


async def test_a_makers_fill_earns_the_spread_in_the_impact() -> None:
    found = await execution(sized("s", Side.BUY, "100", "1"), quote("99", "101"), fill(Side.BUY, "1", "99", signal_id="s"))
    assert (found.shortfall["delay"], found.shortfall["spread"], found.shortfall["impact"]) == (0, 1, -2)
    assert found.slippage == -1


async def test_a_fill_that_lacks_a_price_is_in_no_part_of_the_shortfall_and_counted() -> None:
    blind = fill(Side.BUY, "1", "90", fee="7", signal_id="s")
    found = await execution(signal("s", Side.BUY, "100"), blind)
    assert {found.undefined[f"shortfall_{part}"] for part in ("delay", "spread", "impact", "fees")} == {"no_measured_fills"}
    assert found.shortfall["fees"] is None
    assert (found.measured_fills, found.unmeasured_fills, found.slippage) == (0, 1, -10)
    both = await execution(quote("99", "101"), fill(Side.BUY, "1", "90", fee="7"), *BUY[:1], *BUY[2:3])
    assert (both.shortfall["fees"], both.measured_fills, both.unmeasured_fills) == (3, 1, 1)


async def test_without_signals_slippage_and_opportunity_are_not_known() -> None:
    found = await execution(quote("99", "101"), fill(Side.BUY, "1", "101"))
    assert found.shortfall["opportunity"] is found.mean_slippage_ratio is None
    assert found.undefined["shortfall_opportunity"] == "no_signals"
    assert found.undefined["mean_slippage_ratio"] == "no_decision_price"


async def test_the_mean_slippage_is_weighted_by_value_over_symbols_at_their_rates() -> None:
    euros = MonitorSettings(conversions={"EUR": "EURUSDT"}, symbol_currencies={"ETHEUR": "EUR"})
    decided = {"decision_price": D(100)}
    events = [
        msgspec.structs.replace(fill(Side.BUY, "1", "101"), **decided),
        msgspec.structs.replace(fill(Side.SELL, "3", "101"), **decided),
        msgspec.structs.replace(fill(Side.BUY, "1", "110", symbol="ETHEUR"), **decided),
    ]
    found = await execution(*events, settings=euros)
    assert (found.slippage, found.undefined["mean_slippage_ratio"]) == (None, "no_conversion")
    assert [(one.symbol, one.mean_slippage_ratio) for one in found.symbols] == [
        ("BTCUSDT", pytest.approx(-0.005)),
        ("ETHEUR", pytest.approx(0.1)),
    ]
    found = await execution(*events, quote("2", "2", "EURUSDT"), settings=euros)
    assert (found.slippage, found.mean_slippage_ratio) == (18, pytest.approx(18 / 600))


async def test_a_fee_in_another_currency_is_worth_what_its_mark_says_now() -> None:
    bnb = MonitorSettings(conversions={"BNB": "BNBUSDT"})
    paid = msgspec.structs.replace(BUY[2], fee_currency="BNB")
    assert (await execution(*BUY[:2], paid, settings=bnb)).undefined["shortfall_fees"] == "no_conversion"
    found = await execution(*BUY[:2], paid, quote("600", "600", "BNBUSDT"), settings=bnb)
    assert found.shortfall["fees"] == 1800


@pytest.mark.parametrize("events", [BUY, SELL])
async def test_a_void_takes_slippage_and_shortfall_out_and_gives_the_opportunity_back(events: Sequence[AnyEvent]) -> None:
    found = await execution(*events, void("f"))
    assert {found.shortfall[part] for part in ("delay", "spread", "impact", "fees")} == {None}
    assert (found.slippage, found.shortfall["opportunity"]) == (None, 100)
    assert (found.measured_fills, found.unmeasured_fills, found.recent_fills) == (1, 0, ())


async def test_after_a_void_the_figures_are_those_of_the_history_without_the_fill() -> None:
    more = fill(Side.BUY, "2", "104", fee="1", signal_id="s", seconds=2.5, event_id="g")
    events = [*BUY[:3], more, *BUY[3:]]
    corrected, never = await execution(*events, void("g")), await execution(*BUY)
    assert (corrected.shortfall, corrected.mean_slippage_ratio) == (never.shortfall, never.mean_slippage_ratio)
    assert corrected.recent_fills == never.recent_fills


async def test_a_fill_after_the_end_of_its_signal_takes_its_part_out_of_the_opportunity() -> None:
    late = fill(Side.BUY, "3", "110", signal_id="s", seconds=11)
    assert (await execution(*BUY, late)).shortfall["opportunity"] == 10
    more = fill(Side.BUY, "9", "110", signal_id="s", seconds=12)
    assert (await execution(*BUY, late, more)).shortfall["opportunity"] == 0


async def test_a_signal_filled_in_full_misses_nothing_and_is_not_counted() -> None:
    full = msgspec.structs.replace(BUY[2], quantity=D(10))
    found = await execution(*BUY[:2], full, *BUY[3:])
    assert (found.shortfall["opportunity"], found.measured_signals, found.unmeasured_signals) == (0, 0, 0)


async def test_the_first_end_counts_and_one_of_another_strategy_or_signal_does_not() -> None:
    strangers = (end("s", 4, owner="beta", event_id="x"), end("other", 5))
    later = (*strangers, *BUY[4:], quote("199", "201", seconds=11), end("s", 12, event_id="again"))
    assert (await execution(*BUY[:4], *later)).shortfall["opportunity"] == 40


async def test_an_end_is_at_the_last_quote_before_it_at_its_own_price_or_at_a_trade() -> None:
    after = quote("119", "121", seconds=12)
    assert (await execution(*BUY[:4], after, end("s", 10))).shortfall["opportunity"] == 40
    assert (await execution(*BUY[:4], after, end("s", 10, "120"))).shortfall["opportunity"] == 80
    trade = MarketTrade(time=at(1), symbol="BTCUSDT", price=D(107), quantity=D(1))
    assert (await execution(BUY[0], trade, end("s"))).shortfall["opportunity"] == 70


async def test_an_end_without_a_mark_is_counted_and_misses_nothing_that_is_known() -> None:
    found = await execution(BUY[0], end("s"))
    assert (found.shortfall["opportunity"], found.measured_signals, found.unmeasured_signals) == (0, 0, 1)


async def test_a_signal_expires_at_the_mark_of_that_moment() -> None:
    hour = 3600.0
    before, after = quote("119", "121", seconds=hour - 0.001), quote("199", "201", seconds=hour)
    assert (await execution(*BUY[:4], before)).shortfall["opportunity"] == 0
    assert (await execution(*BUY[:4], before, after)).shortfall["opportunity"] == 80
    assert (await execution(*BUY[:4], before, capital("1", seconds=2 * hour))).shortfall["opportunity"] == 80


async def test_the_expiry_is_the_configured_one_also_for_the_younger_signals() -> None:
    soon = MonitorSettings(statistics=StatisticsSettings(signal_expiry=timedelta(seconds=10)))
    events = [sized(f"s{number}", Side.BUY, "100", "1", seconds=5 * number) for number in range(3)]
    quotes = [quote(str(100 + second), str(100 + second), seconds=second) for second in range(1, 31)]
    ordered = sorted([*events, *quotes], key=lambda event: event.time)
    # They expire at 10, 15 and 20 seconds, each before the quote of that second: at 109, 114 and 119.
    assert (await execution(*ordered, settings=soon)).shortfall["opportunity"] == 9 + 14 + 19


async def test_the_oldest_signal_ends_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "KEPT_SIGNALS", 2)
    news = [sized(f"s{number}", Side.BUY, "100", "1", seconds=number) for number in range(3)]
    found = await execution(quote("105", "105"), *news)
    assert (found.shortfall["opportunity"], found.measured_signals) == (5, 1)


async def test_signals_that_ended_without_a_fill_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions, "KEPT_UNFILLED", 1)
    idle = [event for n in range(3) for event in (sized(f"i{n}", Side.BUY, "100", "1", seconds=11), end(f"i{n}", 11))]
    late = fill(Side.BUY, "3", "110", signal_id="s", seconds=12)
    found = await execution(*BUY, *idle, late, *(fill(Side.BUY, "1", "110", signal_id=f"i{n}", seconds=13) for n in range(3)))
    assert found.shortfall["opportunity"] == 10 + 10 + 10
    assert [one.decision_price for one in found.recent_fills[-3:]] == [None, None, 100]


async def test_signals_open_and_ended_are_known_after_a_restart_and_after_a_replay(tmp_path: Path) -> None:
    for saved in (True, False):
        path = tmp_path / f"{saved}.db"
        async with monitor(path) as before:
            for event in BUY:
                await before.handle(event)
            await before.handle(sized("open", Side.SELL, "110", "2", seconds=11))
            expected = strategy(before).execution
            if saved:
                await before.save_snapshot()
        async with Journal(path) as journal:
            after = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
            await after.restore()
            assert strategy(after).execution == expected
            await after.handle(quote("99", "101", seconds=12))
            await after.handle(fill(Side.SELL, "1", "99", signal_id="open", seconds=13))
            await after.handle(end("open", 14))
            found = strategy(after).execution
            assert found.shortfall["opportunity"] == 40 + 10
            assert found.recent_fills[-1].delay_seconds == 2


async def test_the_last_fills_are_told_one_by_one() -> None:
    fills = [fill(Side.BUY, "1", str(100 + number), signal_id="s", seconds=number + 1) for number in range(KEPT_FILLS + 2)]
    found = await execution(sized("s", Side.BUY, "100", "99"), *fills, fill(Side.SELL, "2", "90", seconds=99))
    assert len(found.recent_fills) == KEPT_FILLS
    first, last = found.recent_fills[0], found.recent_fills[-1]
    assert (first.price, first.slippage_ratio, first.delay_seconds) == (103, pytest.approx(0.03), 4)
    assert (last.side, last.quantity, last.decision_price, last.slippage_ratio, last.delay_seconds) == (
        Side.SELL,
        2,
        None,
        None,
        None,
    )


async def test_a_decision_price_that_the_sender_tells_wants_no_signal() -> None:
    found = await execution(quote("99", "101"), msgspec.structs.replace(fill(Side.SELL, "2", "99"), decision_price=D(100)))
    assert (found.slippage, found.shortfall["spread"], found.measured_fills) == (2, 2, 1)


# ---- paper less real

PRICES = st.decimals("0.01", "300", places=2)
SIZES = st.decimals("0.001", "50", places=3)
FEES = st.decimals("-2", "2", places=4)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(Side),
        PRICES,  # decided at
        st.lists(st.tuples(SIZES, PRICES, PRICES, st.decimals("0", "1", places=2), FEES), max_size=4),  # fills
        SIZES,  # what is left at the end
        PRICES,  # the mid at the end
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=examples(40))
@given(ORDERS)
def test_the_parts_add_up_to_paper_less_real_profit(
    orders: list[tuple[Side, Decimal, list[tuple[Decimal, ...]], Decimal, Decimal]],
) -> None:
    """The paper portfolio trades each signal in full at its price; both are valued at the mark of the signal's end."""
    events: list[AnyEvent] = []
    paper, real = Fraction(0), Fraction(0)
    for number, (side, decided, fills, left, last) in enumerate(orders):
        size = sum((quantity for quantity, *_ in fills), left)
        events.append(sized(f"s{number}", side, str(decided), str(size), seconds=len(events)))
        paper += side.sign * Fraction(size) * (Fraction(last) - Fraction(decided))
        for quantity, price, mid, half, fee in fills:
            events.append(quote(str(mid - min(half, mid / 2)), str(mid + min(half, mid / 2)), seconds=len(events)))
            met = fill(side, str(quantity), str(price), fee=str(fee), signal_id=f"s{number}", seconds=len(events))
            events.append(met)
            real += side.sign * Fraction(quantity) * (Fraction(last) - Fraction(price)) - Fraction(fee)
        events.append(quote(str(last), str(last), seconds=len(events)))
        events.append(end(f"s{number}", len(events)))
    found = asyncio.run(execution(*events))
    assert sum(Fraction(amount) for amount in found.shortfall.values() if amount is not None) == paper - real
    assert found.unmeasured_fills == 0
