"""What the monitor notes on a fill before the journal keeps it: the price that was decided at, and the market that it met."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from genesis.core.models import AnyEvent, Fill, MarketTrade, Side, SignalEnd, same_content
from genesis.core.receipt import Outcome
from genesis.ledger.journal import Journal
from genesis.ledger.mark import KEPT_QUOTES
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.unit.monitoring.account import at, fill, monitor, quote, rules, signal

D = Decimal
_Event = TypeVar("_Event", Fill, SignalEnd)


async def noted(*batches: Sequence[AnyEvent]) -> Fill:
    """The last fill that the journal has, after a monitor took in the batches."""
    return await last_of(Fill, batches)


async def last_of(kind: type[_Event], batches: Sequence[Sequence[AnyEvent]]) -> _Event:
    async with Journal(":memory:") as journal:
        taken = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await taken.restore()
        for batch in batches:
            await taken.handle_batch(batch)
        found = [event async for kept in journal.replay() for _, event in kept if isinstance(event, kind)]
    return found[-1]


def of_signal(**changes: object) -> Fill:
    return msgspec.structs.replace(fill(Side.BUY, "1", "100", signal_id="s", seconds=1), **changes)


async def test_the_decision_price_is_the_signals_of_an_earlier_call_or_of_the_same_batch() -> None:
    for batches in ([[signal("s", Side.BUY, "99.5")], [of_signal()]], [[signal("s", Side.BUY, "99.5"), of_signal()]]):
        assert (await noted(*batches)).decision_price == D("99.5")


async def test_without_a_signal_that_led_to_it_there_is_no_decision_price() -> None:
    for before in (signal("other", Side.BUY, "99"), signal("s", Side.SELL, "99"), signal("s", Side.BUY, "99", "beta")):
        assert (await noted([before, of_signal()])).decision_price is None
    assert (await noted([of_signal(), signal("s", Side.BUY, "99")])).decision_price is None


async def test_the_first_signal_of_an_identity_counts_and_not_one_that_contradicts_it() -> None:
    first, second = signal("s", Side.BUY, "99"), signal("s", Side.BUY, "98")
    assert (await noted([first], [second, of_signal()])).decision_price == 99
    assert (await noted([first, second, of_signal()])).decision_price == 99


async def test_what_the_sender_tells_is_kept() -> None:
    told = of_signal(decision_price=D(97), arrival_price=D(96), arrival_spread=D("0.5"))
    found = await noted([signal("s", Side.BUY, "99"), quote("100", "101"), told])
    assert (found.decision_price, found.arrival_price, found.arrival_spread) == (97, 96, D("0.5"))
    alone = await noted([quote("100", "101"), of_signal(arrival_price=D(96))])
    assert (alone.arrival_price, alone.arrival_spread) == (96, None)


@pytest.mark.parametrize("together", [True, False])
async def test_the_market_at_arrival_is_that_of_the_last_quote_at_or_before_the_fill(together: bool) -> None:
    events: list[AnyEvent] = [
        quote("90", "92", seconds=0.5),
        quote("99", "101.5", seconds=1),
        quote("89", "91", seconds=0.9),  # late, so it never was the market
        quote("110", "112", seconds=1.5),
        quote("1", "2", "ETHUSDT", seconds=1),
        MarketTrade(time=at(1), symbol="BTCUSDT", price=D(50), quantity=D(1)),
        of_signal(),
    ]
    found = await (noted(events) if together else noted(*([event] for event in events)))
    assert (found.arrival_price, found.arrival_spread) == (D("100.25"), D("2.5"))


async def test_without_a_quote_before_it_a_fill_has_no_arrival() -> None:
    trade = MarketTrade(time=at(0), symbol="BTCUSDT", price=D(50), quantity=D(1))
    for market in (trade, quote("99", "101", seconds=2)):
        found = await noted([market], [of_signal()])
        assert found.arrival_price is found.arrival_spread is None


async def test_a_fill_reported_after_more_quotes_than_are_kept_has_no_arrival() -> None:
    older, younger = [quote("99", "101", seconds=1)], [quote("99", "102", seconds=2)] * KEPT_QUOTES
    assert (await noted(older, younger[1:], [of_signal()])).arrival_spread == 2
    assert (await noted(older, younger, [of_signal()])).arrival_price is None


async def test_a_mid_of_more_digits_than_an_event_holds_is_rounded_half_even() -> None:
    found = await noted([quote("1.000000000000000001", "1.000000000000000002"), of_signal()])
    assert found.arrival_price == D("1.000000000000000002")
    assert found.arrival_spread == D("1e-18")


async def test_the_last_quote_is_known_after_a_restart(tmp_path: Path) -> None:
    async with monitor(tmp_path / "j.db") as before:
        await before.handle(quote("99", "101"))
        await before.save_snapshot()
    async with Journal(tmp_path / "j.db") as journal:
        after = StrategyPerformanceMonitor(MonitorSettings(), rules(), journal)
        await after.restore()
        await after.handle(of_signal())
        (found,) = [event async for kept in journal.replay() for _, event in kept if isinstance(event, Fill)]
    assert (found.arrival_price, found.arrival_spread) == (100, 2)


async def test_the_end_of_a_signal_is_at_the_mark_of_a_trade_of_the_same_batch() -> None:
    trades = [MarketTrade(time=at(n), symbol="BTCUSDT", price=D(50 + n), quantity=D(1)) for n in (0, 2, 1)]
    end = SignalEnd(time=at(3), event_id="e", strategy="alpha", signal_id="s")
    together: list[list[AnyEvent]] = [[signal("s", Side.BUY, "99"), *trades, end]]
    apart: list[list[AnyEvent]] = [[signal("s", Side.BUY, "99")], [*trades], [end]]
    for batches in (together, apart):
        assert (await last_of(SignalEnd, batches)).price == 52


async def test_a_repeat_without_the_notes_or_with_others_is_a_duplicate() -> None:
    async with monitor() as m:
        await m.handle_batch([signal("s", Side.BUY, "99"), quote("99", "101")])
        first = of_signal()
        assert (await m.handle(first)).outcome is Outcome.ACCEPTED
        await m.handle(quote("109", "111", seconds=0.5))
        assert (await m.handle(first)).outcome is Outcome.DUPLICATE
        other = {"decision_price": D(1), "arrival_price": D(2), "arrival_spread": D(3)}
        assert (await m.handle(msgspec.structs.replace(first, **other))).outcome is Outcome.DUPLICATE
        assert not same_content(first, msgspec.structs.replace(first, price=D(99)))
