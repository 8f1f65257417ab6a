"""Recorded order books and trades: what a market can take, and what follows for a strategy's capacity."""

from __future__ import annotations

import csv
import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.analytics.capacity import CapacityFigures, Limit
from genesis.analytics.liquidity import VolumeWindow, near_depth
from genesis.core.models import CapitalFlow, Depth, Fill, Level, MarketTrade, Quote, Side
from genesis.core.money import exact_arithmetic
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.capacities import Capacities, Money
from genesis.settings.monitor import MonitorSettings

FOLDER = os.environ.get("GENESIS_TEST_DATA")
EVERY = 16
"""Of the recorded books; one comes each second."""
MICROSECOND = timedelta(microseconds=1)

pytestmark = pytest.mark.skipif(not FOLDER, reason="GENESIS_TEST_DATA does not name a folder of recorded market data")


def rows(name: str) -> Iterator[dict[str, str]]:
    with gzip.open(Path(FOLDER or "") / name, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def time_of(row: dict[str, str]) -> datetime:
    return datetime.fromtimestamp(0, UTC) + int(row["recv_time_ns"]) // 1000 * MICROSECOND


def side_of(row: dict[str, str], side: str) -> tuple[Level, ...]:
    levels = ((row[f"{side}_price_{n}"], row[f"{side}_qty_{n}"]) for n in range(1, 21))
    return tuple(Level(Decimal(price), Decimal(size)) for price, size in levels if price and Decimal(size) > 0)


def books() -> Iterator[Depth]:
    for number, row in enumerate(rows("binance_l2_top20_1s_20240808.csv.gz")):
        if number % EVERY == 0:
            symbol = f"{row['symbol']}.{row['market']}"
            yield Depth(time=time_of(row), symbol=symbol, bids=side_of(row, "bid"), asks=side_of(row, "ask"))


def deeper(book: Depth, factor: int) -> Depth:
    def side(levels: tuple[Level, ...]) -> tuple[Level, ...]:
        return tuple(Level(level.price, level.size * factor) for level in levels)

    return Depth(time=book.time, symbol=book.symbol, bids=side(book.bids), asks=side(book.asks))


def capacity_in(book: Depth, size: Decimal, settings: MonitorSettings) -> CapacityFigures:
    """Of a strategy that made two orders of this size in a day, seen in this book."""
    accounts, start, price = Accounts(settings), book.time - timedelta(days=1), book.bids[0].price
    with exact_arithmetic():
        accounts.book(CapitalFlow(time=start, event_id="c", strategy="s", amount=Decimal(1_000_000)))
        accounts.mark(Quote(time=start, symbol=book.symbol, bid=price, ask=price))
        for number, (side, paid) in enumerate(((Side.BUY, price), (Side.SELL, price * Decimal("1.01")))):
            accounts.book(
                Fill(
                    time=start + timedelta(hours=1),
                    event_id=f"f{number}",
                    strategy="s",
                    symbol=book.symbol,
                    side=side,
                    quantity=size,
                    price=paid,
                )
            )
        for hour in range(1, 24):
            traded = start + timedelta(hours=hour)
            accounts.mark(MarketTrade(time=traded, symbol=book.symbol, price=price, quantity=Decimal(1000)))
        accounts.mark(book)
        ledger = accounts.ledger
        capacities = Capacities(settings.statistics, accounts.markets, ledger.rates, ledger.time, lambda _: 0.03)
        held = ledger.books["s"]
        return capacities.figures(held, accounts.records["s"].orders, Money(held.net_pnl, held.fees, ""))


@pytest.mark.parametrize("reach", ["0.00002", "0.001"])
@pytest.mark.parametrize("share", ["0.001", "0.1", "5"])
def test_in_a_book_of_twice_the_depth_a_strategy_never_has_less_capacity(reach: str, share: str) -> None:
    settings = MonitorSettings.model_validate({"statistics": {"capacity": {"depth_ratio": reach}}})
    checked = rose = 0
    for book in books():
        size = round(sum((level.size for level in book.bids), Decimal(0)) * Decimal(share), 8)
        once, twice = capacity_in(book, size, settings), capacity_in(deeper(book, 2), size, settings)
        assert once.capacity is not None
        assert twice.capacity is not None
        assert twice.capacity >= once.capacity
        assert twice.limits[Limit.DEPTH] == pytest.approx(2 * once.limits[Limit.DEPTH], rel=1e-12)
        if once.binding_limit is Limit.DEPTH and once.capacity:  # 0 where half the spread is more than the reach
            assert twice.capacity > once.capacity
        checked += 1
        rose += twice.capacity > once.capacity
    assert checked > 200
    assert rose > checked / 3 or share == "0.001"  # small orders find room, and another limit binds


@pytest.mark.parametrize("reach", ["0.00001", "0.0001", "0.01"])
def test_the_depth_within_reach_is_that_of_a_plain_sum_and_grows_with_the_reach(reach: str) -> None:
    wide = Decimal(reach)
    for book in books():
        near, nearer = near_depth(book, wide), near_depth(book, wide / 2)
        mid = (book.bids[0].price + book.asks[0].price) / 2
        bids = sum(float(level.price * level.size) for level in book.bids if abs(level.price / mid - 1) <= wide)
        asks = sum(float(level.price * level.size) for level in book.asks if abs(level.price / mid - 1) <= wide)
        assert near is not None
        assert nearer is not None
        assert (near.bid_value, near.ask_value) == pytest.approx((bids, asks), rel=1e-12)
        assert near.bid_value >= nearer.bid_value
        assert near.ask_value >= nearer.ask_value


def test_the_volume_of_a_day_is_the_recorded_one_scaled_from_the_time_it_was_recorded_in() -> None:
    trades = [row for row in rows("binance_trades_20240808.csv.gz") if (row["market"], row["symbol"]) == ("spot", "BTCUSDT")]
    window = VolumeWindow.starting(time_of(trades[0]))
    with exact_arithmetic():
        for row in trades:
            window.trade(MarketTrade(time=time_of(row), symbol="B", price=Decimal(row["price"]), quantity=Decimal(row["qty"])))
    volume = window.volume(time_of(trades[-1]))
    seconds = (time_of(trades[-1]) - time_of(trades[0])).total_seconds()
    assert volume is not None
    assert volume.observed_seconds == seconds
    assert volume.quantity == pytest.approx(sum(float(row["qty"]) for row in trades) * 86_400 / seconds, rel=1e-12)
    assert volume.value == pytest.approx(
        sum(float(row["qty"]) * float(row["price"]) for row in trades) * 86_400 / seconds, rel=1e-12
    )
