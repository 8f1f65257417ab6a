"""Events refuse what cannot be booked where they are made, and come back from JSON as they went in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.core.errors import EventError
from genesis.core.models import (
    MAX_SEQ,
    MAX_TEXT,
    Allocation,
    AnyEvent,
    CapitalFlow,
    Depth,
    Event,
    Fill,
    Funding,
    Level,
    Liquidity,
    MarketTrade,
    Quote,
    Side,
    Signal,
    StrategyState,
)
from tests.cases import every_case

D = Decimal
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
ACCOUNT: dict[str, Any] = {"time": NOON, "source": "venue", "event_id": "1", "strategy": "pairs"}
MARKET: dict[str, Any] = {"time": NOON, "source": "venue", "symbol": "BTC"}

Make = Callable[..., Event]


def quote(**fields: Any) -> Quote:
    return Quote(**MARKET | {"bid": D("99.5"), "ask": D("100.5"), "bid_size": D(1), "ask_size": D(2)} | fields)


def depth(**fields: Any) -> Depth:
    bids = (Level(D(99), D(1)), Level(D(98), D(2)))
    asks = (Level(D(100), D(1)), Level(D(101), D(2)))
    return Depth(**MARKET | {"bids": bids, "asks": asks} | fields)


def market_trade(**fields: Any) -> MarketTrade:
    return MarketTrade(**MARKET | {"price": D(100), "quantity": D("0.5"), "aggressor": Side.SELL} | fields)


def signal(**fields: Any) -> Signal:
    return Signal(**ACCOUNT | {"symbol": "BTC", "side": Side.BUY, "quantity": D(1), "price": D(100)} | fields)


def fill(**fields: Any) -> Fill:
    known = {"symbol": "BTC", "side": Side.SELL, "quantity": D("0.5"), "price": D("100.25"), "fee": D("-0.01")}
    more = {"fee_currency": "USDT", "liquidity": Liquidity.MAKER, "signal_id": "s1"}
    return Fill(**ACCOUNT | known | more | fields)


def funding(**fields: Any) -> Funding:
    return Funding(**ACCOUNT | {"symbol": "BTC", "amount": D("-0.25")} | fields)


def capital_flow(**fields: Any) -> CapitalFlow:
    return CapitalFlow(**ACCOUNT | {"amount": D("-100")} | fields)


MAKERS: list[Make] = [quote, depth, market_trade, signal, fill, funding, capital_flow]
ACCOUNT_MAKERS: list[Make] = [signal, fill, funding, capital_flow]


@pytest.mark.parametrize("make", MAKERS)
def test_every_event_comes_back_from_json_as_it_went_in(make: Make) -> None:
    event = make()
    text = msgspec.json.encode(event)
    again = msgspec.json.decode(text, type=AnyEvent)
    assert again == event
    assert msgspec.json.encode(again) == text


@pytest.mark.parametrize("make", MAKERS)
def test_an_event_cannot_be_changed(make: Make) -> None:
    with pytest.raises(AttributeError):
        make().source = "other"  # type: ignore[misc]


@pytest.mark.parametrize("make", MAKERS)
def test_a_time_without_zone_is_refused(make: Make) -> None:
    with pytest.raises(EventError, match=r"time: '2026-01-31T12:00:00' has no time zone: send UTC"):
        make(time=datetime(2026, 1, 31, 12))  # noqa: DTZ001 - the naive time is the case


@pytest.mark.parametrize("make", MAKERS)
def test_a_time_of_another_zone_becomes_utc(make: Make) -> None:
    event = make(time=datetime(2026, 1, 31, 17, 30, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    assert event.time == NOON
    assert event.time.tzinfo is UTC


@pytest.mark.parametrize("hours", [14, -14])
def test_a_time_that_has_no_utc_is_refused(hours: int) -> None:
    edge = datetime.min if hours > 0 else datetime.max  # noqa: DTZ901 - the edges of the calendar are the case
    with pytest.raises(EventError, match="time: "):
        quote(time=edge.replace(tzinfo=timezone(timedelta(hours=hours))))


def test_a_time_outside_the_years_of_trading_is_refused() -> None:
    with every_case() as case:
        for make, year in product(MAKERS, (1969, 2200, 9999)):
            with case((make.__name__, year)), pytest.raises(EventError, match="is not in the years 1970 to 2199"):
                make(time=datetime(year, 6, 1, tzinfo=UTC))


POSITIVE = [
    (quote, "bid"),
    (market_trade, "price"),
    (market_trade, "quantity"),
    (signal, "quantity"),
    (signal, "price"),
    (fill, "quantity"),
    (fill, "price"),
]
NOT_NEGATIVE = [(quote, "bid_size"), (quote, "ask_size")]
SIGNED = [(fill, "fee"), (funding, "amount"), (capital_flow, "amount")]
NUMBERS = [*POSITIVE, *NOT_NEGATIVE, *SIGNED, (quote, "ask")]
UNBOOKABLE = ["NaN", "-NaN", "sNaN", "Infinity", "-Infinity", "1e15", "1e-19", "1E+999999"]


def test_a_number_that_the_books_cannot_hold_is_refused_by_name() -> None:
    with every_case() as case:
        for (make, field), text in product(NUMBERS, UNBOOKABLE):
            with case((make.__name__, field, text)):
                with pytest.raises(EventError) as caught:
                    make(**{field: D(text)})
                assert caught.value.field == field


def test_a_number_that_is_not_decimal_is_refused_by_name() -> None:
    with every_case() as case:
        for (make, field), value in product(NUMBERS, (1, 1.5)):
            with case((make.__name__, field, value)), pytest.raises(EventError, match=f"^{field}: .*Decimal"):
                make(**{field: value})


def test_a_price_or_quantity_that_is_not_above_zero_is_refused() -> None:
    with every_case() as case:
        for (make, field), text in product(POSITIVE, ("0", "-0", "-1", "-1e-18")):
            with case((make.__name__, field, text)), pytest.raises(EventError, match=f"^{field}: .* is not above 0"):
                make(**{field: D(text)})


@pytest.mark.parametrize(("make", "field"), NOT_NEGATIVE)
def test_a_size_may_be_zero_but_not_below(make: Make, field: str) -> None:
    make(**{field: D(0)})
    with pytest.raises(EventError, match=f"^{field}: .* is below 0"):
        make(**{field: D("-1e-18")})


def test_fees_fundings_and_flows_have_either_sign() -> None:
    with every_case() as case:
        for (make, field), text in product(SIGNED, ("-1", "0", "1")):
            with case((make.__name__, field, text)):
                assert getattr(make(**{field: D(text)}), field) == D(text)


def test_an_ask_may_equal_the_bid_but_not_be_below() -> None:
    quote(bid=D(100), ask=D(100))
    with pytest.raises(EventError, match=r"ask: Decimal\('99\.9'\) is below the bid 100"):
        quote(bid=D(100), ask=D("99.9"))


@pytest.mark.parametrize(
    ("side", "prices"),
    [("bids", (98, 99)), ("bids", (99, 99)), ("asks", (101, 100)), ("asks", (100, 100)), ("bids", (99, 98, 98))],
)
def test_depth_in_the_wrong_order_is_refused(side: str, prices: tuple[int, ...]) -> None:
    with pytest.raises(EventError, match=f"^{side}: .* does not come behind {prices[-2]}: best level first"):
        depth(**{side: tuple(Level(D(price), D(1)) for price in prices)})


@pytest.mark.parametrize("side", ["bids", "asks"])
@pytest.mark.parametrize("level", [Level(D(0), D(1)), Level(D(1), D(0)), Level(D("NaN"), D(1)), Level(D(1), D("-1"))])
def test_a_depth_level_without_price_or_size_is_refused(side: str, level: Level) -> None:
    with pytest.raises(EventError, match=f"^{side}: "):
        depth(**{side: (level,)})


def test_depth_may_be_empty_on_either_side() -> None:
    assert depth(bids=(), asks=()).bids == ()


TEXTS = [(make, field) for make in ACCOUNT_MAKERS for field in ("source", "event_id", "strategy")]
TEXTS += [(make, "symbol") for make in MAKERS if make is not capital_flow]
TEXTS += [(fill, "signal_id"), (fill, "fee_currency")]


def test_a_text_is_neither_empty_nor_too_long() -> None:
    with every_case() as case:
        for make, field in TEXTS:
            with case((make.__name__, field, "longest")):
                assert getattr(make(**{field: "x" * MAX_TEXT}), field) == "x" * MAX_TEXT
            for text in ("", "x" * (MAX_TEXT + 1)):
                message = rf"^{field}: .* has {len(text)} characters: 1 to 128 are allowed"
                with case((make.__name__, field, len(text))), pytest.raises(EventError, match=message):
                    make(**{field: text})


def test_a_lone_surrogate_is_refused_since_no_label_could_carry_it() -> None:
    with every_case() as case:
        for make, field in TEXTS:
            with case((make.__name__, field)):
                assert getattr(make(**{field: "Zürich 📈"}), field) == "Zürich 📈"
                with pytest.raises(EventError, match=f"^{field}: .* is not valid Unicode"):
                    make(**{field: "a\ud800"})


def test_the_character_nul_is_refused_since_not_every_database_could_keep_it() -> None:
    with every_case() as case:
        for make, field in TEXTS:
            with case((make.__name__, field)), pytest.raises(EventError, match=f"^{field}: .* holds the character NUL"):
                make(**{field: "a\0b"})


@pytest.mark.parametrize("make", ACCOUNT_MAKERS)
def test_an_event_may_carry_its_sources_number(make: Make) -> None:
    for seq in (None, 0, 1, MAX_SEQ):
        event = make(seq=seq)
        assert msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent) == event
    for wrong, reason in ((-1, "is not between 0 and"), (MAX_SEQ + 1, "is not between 0 and"), (1.0, "whole"), (True, "whole")):
        with pytest.raises(EventError, match=f"^seq: {wrong} .*{reason}"):
            make(seq=wrong)


def test_the_message_about_a_long_text_does_not_carry_the_whole_text() -> None:
    with pytest.raises(EventError) as caught:
        fill(strategy="x" * 1_000_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"kind":"quote","time":"2026-01-31T12:00:00","symbol":"BTC","bid":"1","ask":"2"}', "has no time zone"),
        (b'{"kind":"quote","time":"0001-01-01T00:00:00+05:00","symbol":"BTC","bid":"1","ask":"2"}', "time"),
        (b'{"kind":"quote","time":"2026-01-31T12:00:00Z","symbol":"BTC","bid":"NaN","ask":"2"}', "bid"),
        (b'{"kind":"quote","time":"2026-01-31T12:00:00Z","symbol":"","bid":"1","ask":"2"}', "symbol"),
        (b'{"kind":"quote","time":"2026-01-31T12:00:00Z","bid":"1","ask":"2"}', "symbol"),
        (b'{"kind":"tick","time":"2026-01-31T12:00:00Z","symbol":"BTC"}', "tick"),
    ],
)
def test_wrong_json_is_a_validation_error_that_names_what_is_wrong(text: bytes, message: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=message):
        msgspec.json.decode(text, type=AnyEvent)


@given(
    st.decimals(min_value=D("1e-18"), max_value=D("999999999999999"), places=18),
    st.decimals(min_value=D("-999999999999999"), max_value=D("999999999999999"), places=18),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=MAX_TEXT),
    st.datetimes(datetime(1970, 1, 1), datetime(2199, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - the zone is drawn
)
def test_any_fill_comes_back_from_json_to_the_last_digit(price: Decimal, fee: Decimal, name: str, time: datetime) -> None:
    event = fill(price=price, fee=fee, strategy=name, time=time)
    again = msgspec.json.decode(msgspec.json.encode(event), type=AnyEvent)
    assert again == event
    assert isinstance(again, Fill)
    assert again.price.as_tuple() == price.as_tuple()


def test_sides_have_signs_and_opposites() -> None:
    assert [(side.sign, side.opposite) for side in Side] == [(1, Side.SELL), (-1, Side.BUY)]


@pytest.mark.parametrize(("side", "expected"), [(Side.BUY, "0.5"), (Side.SELL, "-0.5")])
def test_a_fills_signed_quantity_follows_its_side(side: Side, expected: str) -> None:
    assert fill(side=side).signed_quantity == D(expected)


@pytest.mark.parametrize("weight", ["0", "0.5", "1"])
def test_an_allocation_takes_weights_from_zero_to_one(weight: str) -> None:
    assert Allocation(strategy="pairs", weight=D(weight), state=StrategyState.ACTIVE).weight == D(weight)


@pytest.mark.parametrize("weight", ["-0.01", "1.01", "NaN", "Infinity"])
def test_an_allocation_outside_zero_to_one_is_refused(weight: str) -> None:
    with pytest.raises(EventError, match=r"^weight: "):
        Allocation(strategy="pairs", weight=D(weight), state=StrategyState.ACTIVE)
