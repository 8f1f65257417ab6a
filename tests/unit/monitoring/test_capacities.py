"""How much capital a strategy can take: its book and its orders against the markets of now."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from math import sqrt

import msgspec
import numpy as np
import pytest
from scipy.optimize import brentq

from genesis.analytics.capacity import CapacityFigures, Limit
from genesis.analytics.liquidity import DEPTH_LASTS
from genesis.core.models import AnyEvent, Depth, Level, MarketEvent, MarketTrade, Quote, Side, Void
from genesis.core.money import exact_arithmetic
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.analysis import Analysis
from genesis.monitoring.capacities import Capacities, Money
from genesis.settings.monitor import MonitorSettings
from tests.unit.monitoring.account import at, capital, fill, monitor, quote

DAY = 86_400.0
HOUR = 3_600.0
BTC = "BTCUSDT"


def depth(bid_size: str = "10", ask_size: str = "20", symbol: str = BTC, seconds: float = DAY) -> Depth:
    bids, asks = (Level(Decimal("99.95"), Decimal(bid_size)),), (Level(Decimal("100.05"), Decimal(ask_size)),)
    return Depth(time=at(seconds), symbol=symbol, bids=bids, asks=asks)


def market(symbol: str = BTC, quantity: str = "1000") -> list[AnyEvent]:
    """1,000 units an hour at 100; the last book holds 10 units at 99.95 and 20 at 100.05."""
    trades: list[AnyEvent] = [
        MarketTrade(time=at(HOUR * (hour + 0.5)), symbol=symbol, price=Decimal(100), quantity=Decimal(quantity))
        for hour in range(24)
    ]
    return [quote("99.95", "100.05", symbol), *trades, quote("109.95", "110.05", symbol, seconds=DAY), depth(symbol=symbol)]


def trading(symbol: str = BTC) -> list[AnyEvent]:
    """4 bought at 100 in two fills of one order, and sold at 110; the spread was 0.1."""

    def one(side: Side, quantity: str, price: str, order: str, hours: float) -> AnyEvent:
        made = fill(side, quantity, price, fee="0.5", symbol=symbol, signal_id=order, seconds=HOUR * hours)
        return msgspec.structs.replace(made, arrival_price=Decimal(price), arrival_spread=Decimal("0.1"))

    return [
        one(Side.BUY, "1", "100", "o1", 2),
        one(Side.BUY, "3", "100", "o1", 3),
        one(Side.SELL, "4", "110", "o2", 4),
    ]


def settings(**values: object) -> MonitorSettings:
    return MonitorSettings.model_validate({"statistics": {"capacity": values}})


def accounts_of(events: Iterable[AnyEvent], configured: MonitorSettings | None = None) -> Accounts:
    accounts = Accounts(configured or MonitorSettings())
    with exact_arithmetic():
        for event in sorted(events, key=lambda event: event.time):
            if isinstance(event, MarketEvent):
                accounts.mark(event)
            else:
                accounts.book(event)
    assert accounts.failed == {}
    return accounts


def figures(accounts: Accounts, configured: MonitorSettings | None = None, volatility: float | None = 0.02) -> CapacityFigures:
    ledger, book = accounts.ledger, accounts.ledger.books["alpha"]
    statistics = (configured or MonitorSettings()).statistics
    with exact_arithmetic():
        told = Capacities(statistics, accounts.markets, ledger.rates, ledger.time, lambda symbol: volatility)
        money = Money(book.net_pnl, book.fees, "no_mark")
        return told.figures(book, accounts.records["alpha"].orders, money)


WHOLE = [capital("10000"), *market(), *trading()]
IMPACT = 0.02 / sqrt(24_000) * (sqrt(4) * 400 + sqrt(4) * 440)
"""Of a day: 24,000 units a day, two orders of 4 units."""


def test_a_case_by_hand() -> None:
    told = figures(accounts_of(WHOLE))
    assert told.days == 1.0
    assert told.edge is not None
    assert told.edge.net == pytest.approx(40 - 1.5)
    assert told.edge.linear == pytest.approx(1.5 + 8 * 0.05)
    assert told.edge.impact == pytest.approx(IMPACT, rel=1e-12)
    (symbol,) = told.symbols
    assert (symbol.orders, symbol.turnover, symbol.order_value) == (2, 840.0, 420.0)
    assert symbol.volume == pytest.approx(2_400_000)
    assert symbol.volume_observed_seconds == 23 * HOUR
    assert symbol.depth == pytest.approx(999.5)
    assert symbol.spread_ratio == pytest.approx(0.001)
    assert told.limits == {
        Limit.EDGE: pytest.approx(10_000 * 4 / 9 * ((38.5 + IMPACT) / IMPACT) ** 2),
        Limit.PARTICIPATION: pytest.approx(10_000 * 0.05 * 2_400_000 / 840),
        Limit.DEPTH: pytest.approx(10_000 * 999.5 / 420),
    }
    assert told.capacity == told.limits[Limit.DEPTH]
    assert told.used_ratio == pytest.approx(420 / 999.5)
    assert (told.binding_limit, told.binding_symbol) == (Limit.DEPTH, BTC)
    assert (told.impact_coefficient, told.calibrated_on) == (1.0, 0)
    assert told.undefined == {}


@pytest.mark.parametrize(
    ("values", "limit", "factor"),
    [
        ({"participation_ratio": 0.1}, Limit.PARTICIPATION, 2),
        ({"participation_ratio": 0.025}, Limit.PARTICIPATION, 0.5),
        ({"depth_ratio": 0.0001}, Limit.DEPTH, 0),
    ],
)
def test_the_settings_move_their_limits(values: dict[str, object], limit: Limit, factor: float) -> None:
    before = figures(accounts_of(WHOLE))
    configured = settings(**values)
    after = figures(accounts_of(WHOLE, configured), configured)
    assert after.limits[limit] == pytest.approx(before.limits[limit] * factor)
    others = set(Limit) - {limit}
    assert {one: after.limits[one] for one in others} == {one: before.limits[one] for one in others}


def test_twice_the_coefficient_is_twice_the_impact() -> None:
    configured = settings(impact_coefficient=2)
    edge = figures(accounts_of(WHOLE, configured), configured).edge
    assert edge is not None
    assert edge.impact == pytest.approx(2 * IMPACT)


def test_without_any_depth_within_reach_there_is_no_room_and_no_ratio() -> None:
    configured = settings(depth_ratio=0.0001)
    told = figures(accounts_of(WHOLE, configured), configured)
    assert told.capacity == 0
    assert told.used_ratio is None
    assert told.undefined == {"capacity_used_ratio": "no_capacity"}


ALL = {"capacity", "capacity_used_ratio", "capacity_edge", "capacity_participation", "capacity_depth"}
TOLD = {"capacity", "capacity_used_ratio", "capacity_edge"}


@pytest.mark.parametrize(
    ("events", "volatility", "undefined"),
    [
        ([capital("10000"), *market()], 0.02, dict.fromkeys(ALL, "warming_up")),
        ([capital("10000"), quote("99", "101"), fill(Side.BUY, "1", "100", seconds=1799)], 0.02,
         dict.fromkeys(ALL, "warming_up")),
        ([*market(), *trading()], 0.02, dict.fromkeys(ALL, "no_capital")),
        (WHOLE, None, dict.fromkeys(TOLD, "warming_up")),
        (WHOLE, 0.0, dict.fromkeys(TOLD, "zero_variance")),
        ([event for event in WHOLE if not isinstance(event, MarketTrade)], 0.02,
         dict.fromkeys({*TOLD, "capacity_participation"}, "no_volume")),
        ([event for event in WHOLE if not isinstance(event, Depth)], 0.02, {"capacity_depth": "no_depth"}),
        ([capital("10000"), *market(), fill(Side.BUY, "1", "100", fee="900", seconds=HOUR)], 0.02,
         dict.fromkeys(TOLD, "no_edge")),
        ([*WHOLE, fill(Side.BUY, "1", "1", symbol="never quoted", seconds=HOUR)], 0.02,
         dict.fromkeys(TOLD, "no_mark") | {"capacity_participation": "no_volume", "capacity_depth": "no_depth"}),
    ],
    ids=["no fill", "no time", "no capital", "no volatility", "no variance", "no trade", "no book", "no edge", "unseen symbol"],
)  # fmt: skip
def test_what_cannot_be_told_has_its_reason(
    events: list[AnyEvent], volatility: float | None, undefined: dict[str, str]
) -> None:
    told = figures(accounts_of(events), volatility=volatility)
    assert told.undefined == undefined
    assert (told.capacity is None) == ("capacity" in undefined)
    assert {limit for limit in Limit if f"capacity_{limit.value}" not in undefined} == set(told.limits)


def test_a_volume_that_was_seen_for_too_short_is_not_told() -> None:
    few = [event for event in WHOLE if not isinstance(event, MarketTrade)]
    late = MarketTrade(time=at(DAY - 1790), symbol=BTC, price=Decimal(100), quantity=Decimal(1))
    told = figures(accounts_of([*few, late]))
    assert told.undefined == dict.fromkeys({*TOLD, "capacity_participation"}, "warming_up")
    early = msgspec.structs.replace(late, time=at(DAY - 1800))
    assert figures(accounts_of([*few, early])).undefined == {}


@pytest.mark.parametrize(("seconds", "known"), [(1799, False), (1800, True)])
def test_a_strategy_that_is_too_young_has_no_figures_of_a_day(seconds: float, known: bool) -> None:
    young: list[AnyEvent] = [
        capital("10000"),
        quote("99", "101"),
        fill(Side.BUY, "1", "100"),
        quote("99", "101", seconds=seconds),
    ]
    assert bool(figures(accounts_of(young)).symbols) is known


def test_an_old_book_says_nothing_of_now() -> None:
    old = [event for event in WHOLE if not isinstance(event, Depth)]
    assert figures(accounts_of([*old, depth(seconds=DAY - DEPTH_LASTS.total_seconds())])).undefined == {}
    told = figures(accounts_of([*old, depth(seconds=DAY - DEPTH_LASTS.total_seconds() - 1)]))
    assert told.undefined == {"capacity_depth": "no_depth"}
    assert told.capacity == told.limits[Limit.PARTICIPATION]


def test_the_symbol_that_leaves_least_room_binds() -> None:
    thin = [*market("THIN", "1"), *trading("THIN")]
    told = figures(accounts_of([*WHOLE, *thin]))
    assert (told.binding_limit, told.binding_symbol) == (Limit.PARTICIPATION, "THIN")
    assert told.limits[Limit.PARTICIPATION] == pytest.approx(10_000 * 0.05 * 2_400 / 840)
    assert told.edge is not None
    assert told.edge.impact == pytest.approx(IMPACT * (1 + sqrt(1000)))


def test_amounts_in_another_currency_are_valued_at_its_rate() -> None:
    configured = MonitorSettings.model_validate({"conversions": {"EUR": "EURUSDT"}, "symbol_currencies": {BTC: "EUR"}})
    events = [*WHOLE, quote("2", "2", "EURUSDT")]
    accounts = accounts_of(events, configured)
    book = accounts.ledger.books["alpha"]
    told = Capacities(configured.statistics, accounts.markets, accounts.ledger.rates, accounts.ledger.time, lambda _: 0.02)
    found = told.figures(book, accounts.records["alpha"].orders, Money(book.net_pnl, Decimal(3), "no_mark"))
    assert found.edge is not None
    assert found.edge.net == pytest.approx(2 * 38.5)
    assert found.edge.linear == pytest.approx(3 + 2 * 0.4)
    assert found.edge.impact == pytest.approx(2 * IMPACT)
    assert found.limits[Limit.DEPTH] == pytest.approx(10_000 * 999.5 / 420)
    assert found.limits[Limit.PARTICIPATION] == pytest.approx(10_000 * 0.05 * 2_400_000 / 840)


def test_enough_of_its_own_fills_give_the_strategy_a_coefficient_of_its_own() -> None:
    def costly(number: int, side: Side) -> AnyEvent:
        price = Decimal("100") + side.sign * (Decimal("0.05") + Decimal("100") * Decimal("0.0002"))
        made = fill(side, "4", str(price), signal_id=f"s{number}", seconds=number)
        return msgspec.structs.replace(made, arrival_price=Decimal(100), arrival_spread=Decimal("0.1"))

    events = [capital("10000"), *market(), *(costly(number, list(Side)[number % 2]) for number in range(12))]
    configured = settings(calibration_fills=12)
    told = figures(accounts_of(events, configured), configured)
    assert told.calibrated_on == 12
    assert told.impact_coefficient == pytest.approx(0.0002 / (0.02 * sqrt(4 / 24_000)), rel=1e-9)
    configured = settings(calibration_fills=13)
    assert figures(accounts_of(events, configured), configured).calibrated_on == 0


async def test_a_voided_fill_leaves_no_trace_in_the_orders() -> None:
    async with monitor() as made:
        await made.handle_batch([*WHOLE, fill(Side.BUY, "1000", "100", seconds=HOUR, event_id="bust")])
        bust = made.snapshot().strategies[0].capacity
        await made.handle(Void(time=at(DAY), event_id="v", strategy="alpha", voids="bust"))
        told = made.snapshot().strategies[0].capacity
    assert bust is not None
    assert told is not None
    assert bust.symbols[0].orders == 3
    assert (told.symbols[0].orders, told.symbols[0].turnover) == (2, 840.0)


def test_a_restart_changes_nothing() -> None:
    before = accounts_of(WHOLE)
    after = Accounts(MonitorSettings())
    assert after.restore(before.encode(7)) == 7
    assert figures(after) == figures(before)


def test_what_was_not_watched_between_two_runs_is_not_taken_for_a_quiet_market() -> None:
    before = accounts_of(WHOLE)
    after = Accounts(MonitorSettings())
    after.restore(before.encode(7))
    with exact_arithmetic():
        after.mark(MarketTrade(time=at(DAY + 6 * HOUR), symbol=BTC, price=Decimal(100), quantity=Decimal(1)))
    volume = after.markets.volume(BTC, at(DAY + 6 * HOUR))
    assert volume is not None
    assert volume.observed_seconds == 17 * HOUR
    assert volume.quantity == pytest.approx((17 * 1000 + 1) * 24 / 17)


def test_books_of_symbols_that_nobody_quotes_are_not_kept() -> None:
    assert accounts_of([depth(symbol=f"flood {number}") for number in range(100)]).markets.depths == {}


def test_age_is_event_time_since_the_first_event() -> None:
    later = [event for event in WHOLE if event.time > at(0)]
    accounts = accounts_of([capital("10000", seconds=HOUR), quote("99.95", "100.05", seconds=0), *later])
    assert figures(accounts).days == pytest.approx(23 / 24)


async def test_the_monitor_tells_what_a_numeric_search_over_the_same_day_finds() -> None:
    """Two hours of quotes, trades and fills, taken in one by one; the figures are worked out again with numpy and scipy."""
    mids = 100 * np.exp(np.cumsum(np.random.default_rng(5).normal(0, 1e-3, 121)))
    events: list[AnyEvent] = [capital("5000")]
    paid = 0.0
    for minute, mid in enumerate(mids):
        bid, ask = Decimal(f"{mid - 0.05:.4f}"), Decimal(f"{mid + 0.05:.4f}")
        events += [
            Quote(time=at(60 * minute), symbol=BTC, bid=bid, ask=ask),
            MarketTrade(time=at(60 * minute), symbol=BTC, price=bid, quantity=Decimal(3)),
        ]
        if minute % 10 == 5:
            side = Side.BUY if minute % 20 == 5 else Side.SELL
            price = ask if side is Side.BUY else bid * Decimal("1.01")
            events.append(fill(side, "0.5", str(price), fee="0.01", signal_id=f"o{minute}", seconds=60 * minute + 1))
            paid += float(price) / 2
    async with monitor() as made:
        await made.handle_batch(events)
        (taken,) = made.snapshot().strategies
    told, account = taken.capacity, taken.account
    assert told is not None
    assert told.edge is not None
    assert account.net_pnl is not None
    days = 120 / 1440
    marks = np.array([float((event.bid + event.ask) / 2) for event in events if isinstance(event, Quote)])
    # The grid watches a symbol from its first fill on (minute 5), and the point of the last quote is yet to come.
    returns = np.diff(marks[5:-1]) / marks[5:-2]
    daily = returns.std(ddof=1) * sqrt(1440)
    assert told.symbols[0].daily_volatility == pytest.approx(daily, rel=1e-9)
    volume = 3 * 121 / days
    impact = daily * sqrt(0.5 / volume) * paid / days
    net = float(account.net_pnl) / days
    assert told.edge.impact == pytest.approx(impact, rel=1e-9)
    assert told.edge.net == pytest.approx(net, rel=1e-12)
    assert told.edge.linear == pytest.approx((0.12 + 12 * 0.5 * 0.05) / days, rel=1e-9)
    end = brentq(lambda m: net + impact - sqrt(m) * impact, 1e-6, 1e12, xtol=1e-9, rtol=1e-14)
    assert told.edge.break_even_multiple == pytest.approx(end, rel=1e-9)
    assert told.limits[Limit.EDGE] == pytest.approx(5000 * 4 / 9 * end, rel=1e-9)
    traded = sum(float(event.price) * 3 for event in events if isinstance(event, MarketTrade)) / days
    assert told.limits[Limit.PARTICIPATION] == pytest.approx(5000 * 0.05 * traded / (paid / days), rel=1e-9)
    assert taken.undefined["capacity_depth"] == "no_depth"


async def test_a_fat_finger_that_was_voided_costs_a_strategy_its_capacity_and_nothing_else() -> None:
    """Of 1e-9 beside 1e24 no float keeps anything: once the large fill is void again, its order has no value left."""
    large = fill(Side.BUY, "1000000000000", "900000000000000", seconds=HOUR)
    small = fill(Side.BUY, "0.00000001", "100", seconds=HOUR)
    void = Void(time=at(HOUR * 2), event_id="v", strategy="alpha", voids=large.event_id)
    async with monitor() as made:
        await made.handle_batch([capital("1000", seconds=0), large, small, void, *market()])
        told = made.snapshot()
    assert told.failed == {}
    assert [strategy.name for strategy in told.strategies] == ["alpha"]
    assert told.strategies[0].undefined["capacity_participation"] == "warming_up"


async def test_figures_that_fail_leave_the_account_of_a_strategy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Capacities, "figures", fail)
    monkeypatch.setattr(Analysis, "returns", fail)
    monkeypatch.setattr(Analysis, "degradation", fail)
    async with monitor() as made:
        await made.handle_batch([capital("1000")])
        told = made.snapshot()
    assert told.failed == {}
    assert told.strategies[0].account.equity == 1000
    assert told.strategies[0].undefined["capacity"] == "error"
    assert told.strategies[0].undefined["returns"] == "error"
