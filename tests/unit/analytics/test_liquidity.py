"""The volume of a day and the depth near the mid, from market events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics.liquidity import DEPTH_LASTS, Markets, NearDepth, VolumeWindow, near_depth
from genesis.core.models import Depth, Level, MarketTrade

START = datetime(2026, 1, 7, 12, tzinfo=UTC)
DAY = 86_400.0
REACH = Decimal("0.001")


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def trade(seconds: float, quantity: str = "2", price: str = "10", symbol: str = "B") -> MarketTrade:
    return MarketTrade(time=at(seconds), symbol=symbol, price=Decimal(price), quantity=Decimal(quantity))


def watched(*trades: MarketTrade) -> VolumeWindow:
    window = VolumeWindow.starting(trades[0].time)
    for one in trades:
        window.trade(one)
    return window


def book(bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]], seconds: float = 0, symbol: str = "B") -> Depth:
    def levels(side: Sequence[tuple[str, str]]) -> tuple[Level, ...]:
        return tuple(Level(Decimal(price), Decimal(size)) for price, size in side)

    return Depth(time=at(seconds), symbol=symbol, bids=levels(bids), asks=levels(asks))


def test_what_was_seen_of_a_day_is_scaled_to_the_whole_of_it() -> None:
    volume = watched(trade(0), trade(1800), trade(5400, "4", "20")).volume(at(7200))
    assert volume is not None
    assert volume.observed_seconds == 7200
    assert volume.quantity == pytest.approx(8 * 12, rel=1e-15)
    assert volume.value == pytest.approx((20 + 20 + 80) * 12, rel=1e-15)


def test_a_trade_counts_for_the_open_hour_and_the_23_after_it() -> None:
    window = watched(trade(60, "100"), trade(3600 * 23 + 60, "1"))
    seen = window.volume(at(3600 * 24 - 1))
    assert seen is not None
    assert seen.quantity * seen.observed_seconds / DAY == pytest.approx(101)
    later = window.volume(at(3600 * 24))
    assert later is not None
    assert later.observed_seconds == 3600 * 23
    assert later.quantity == pytest.approx(1 * 24 / 23)


def test_the_window_is_of_event_time_without_any_trade_too() -> None:
    window = watched(trade(0))
    for hours, observed, quantity in ((23.5, 23.5, 2 * 24 / 23.5), (30, 23, 0)):
        volume = window.volume(at(3600 * hours))
        assert volume is not None
        assert volume.quantity == pytest.approx(quantity)
        assert volume.observed_seconds == 3600 * observed


def test_no_time_at_all_is_no_volume() -> None:
    assert watched(trade(0)).volume(START) is None
    assert Markets(reach=REACH).volume("B", START) is None


def test_a_trade_that_is_older_than_the_latest_is_not_counted_again() -> None:
    first, second = trade(10), trade(20)
    assert watched(first, second, first, second, trade(20)).volume(at(3610)) == watched(
        first, second, second, trade(20)
    ).volume(at(3610))


def test_hours_that_left_the_window_are_forgotten() -> None:
    window = watched(*(trade(3600 * hour) for hour in range(1000)))
    assert len(window.hours) == 23
    volume = window.volume(at(3600 * 1000 - 1))
    assert volume is not None
    assert volume.quantity == pytest.approx(48 * DAY / (DAY - 1))


def test_what_was_not_watched_is_not_observed() -> None:
    window = watched(*(trade(600 * i) for i in range(7)))  # until 3600
    window.leave(at(3700))
    pause = window.volume(at(5000))
    assert pause is not None
    assert pause.observed_seconds == 3700
    window.leave(at(9999))  # a second restart without a trade in between
    for seconds in (10_800, 11_400, 12_000):
        window.trade(trade(seconds))
    volume = window.volume(at(12_000))
    assert volume is not None
    assert volume.observed_seconds == 3700 + 1200
    assert volume.quantity == pytest.approx(20 * DAY / 4900)
    gone = window.volume(at(3600 * 26 + 600))  # the window begins in the gap's last hour
    assert gone is not None
    assert gone.observed_seconds == 3600 * 23 + 600
    assert gone.quantity == pytest.approx(6 * DAY / gone.observed_seconds)


def test_a_restart_in_the_middle_of_an_hour_loses_nothing() -> None:
    trades = [trade(100 * i, str(1 + i % 3)) for i in range(200)]
    whole, parted = watched(*trades), VolumeWindow.starting(START)
    for i, one in enumerate(trades):
        if i % 7 == 3:
            parted = msgspec.json.decode(msgspec.json.encode(parted), type=VolumeWindow)
            parted.leave(one.time)
        parted.trade(one)
    expected, found = whole.volume(at(20_000)), parted.volume(at(20_000))
    assert expected is not None
    assert found is not None
    assert found == pytest.approx(expected, rel=1e-12)
    assert len(parted.hours) == len({hour.number for hour in parted.hours})


@given(
    gaps=st.lists(st.integers(0, 20_000), min_size=1, max_size=120),
    sizes=st.lists(st.integers(1, 1000), min_size=120, max_size=120),
    quiet=st.integers(1, 100_000),
)
def test_the_volume_is_the_sum_over_the_open_hour_and_23_before_over_the_time_observed(
    gaps: list[int], sizes: list[int], quiet: int
) -> None:
    seconds, trades = 0, []
    for gap, size in zip(gaps, sizes, strict=False):
        seconds += gap
        trades.append((seconds, size))
    now = seconds + quiet
    volume = watched(*(trade(when, str(size)) for when, size in trades)).volume(at(now))
    begin = (now // 3600 - 23) * 3600
    observed = now - max(begin, trades[0][0])
    assert volume is not None
    assert volume.observed_seconds == observed
    assert volume.quantity == pytest.approx(sum(s for t, s in trades if t >= begin) * DAY / observed, rel=1e-12)
    assert volume.value == pytest.approx(volume.quantity * 10, rel=1e-12)


def test_depth_counts_the_levels_within_reach_of_the_mid_and_no_other() -> None:
    near = near_depth(
        book([("999.9", "1"), ("999", "2"), ("998.99", "4")], [("1000.1", "3"), ("1001", "5"), ("1002", "9")]), REACH
    )
    assert near is not None
    assert near.bid_value == pytest.approx(999.9 + 2 * 999)
    assert near.ask_value == pytest.approx(3 * 1000.1 + 5 * 1001)
    assert near.value == near.bid_value
    assert near.spread_ratio == pytest.approx(0.2 / 1000)


@pytest.mark.parametrize(("bids", "asks"), [([], [("1", "1")]), ([("1", "1")], []), ([("2", "1")], [("1", "1")])])
def test_without_two_sides_that_part_there_is_no_mid_and_no_depth(
    bids: list[tuple[str, str]], asks: list[tuple[str, str]]
) -> None:
    assert near_depth(book(bids, asks), REACH) is None


def test_the_last_book_counts_until_it_is_old() -> None:
    markets = Markets(reach=REACH)
    markets.book(book([("99", "1")], [("101", "1")]))
    markets.book(book([("100", "1")], [("100", "2")], seconds=60))
    markets.book(book([("1", "1")], [("2", "1")], seconds=30))
    near = NearDepth(time=at(60), spread_ratio=0.0, bid_value=100.0, ask_value=200.0)
    assert markets.depth("B", at(60)) == markets.depth("B", at(60) + DEPTH_LASTS) == near
    assert markets.depth("B", at(60.001) + DEPTH_LASTS) is None
    assert markets.depth("C", at(60)) is None
    markets.book(book([], [("101", "1")], seconds=61))
    assert markets.depth("B", at(61)) is None
    markets.book(book([], [], symbol="C"))
    assert markets.depths == {}


def test_what_is_saved_is_taken_over_but_not_the_depth_of_another_reach() -> None:
    saved = Markets(reach=REACH)
    saved.book(book([("100", "1")], [("100", "2")]))
    for seconds in (0, 7200):
        saved.trade(trade(seconds))
    kept, other = Markets(reach=REACH), Markets(reach=Decimal("0.002"))
    for markets in (kept, other):
        markets.resume(msgspec.json.decode(msgspec.json.encode(saved), type=Markets), at(7200))
    assert kept.depths == saved.depths != {}
    assert other.depths == {}
    assert other.volume("B", at(10_000)) == saved.volume("B", at(7200)) is not None
