from __future__ import annotations

from decimal import Decimal

import pytest

from genesis.core.errors import EventError
from genesis.core.models import Fill, Liquidity, Side
from genesis.engine.broker import Cancel, Order, PaperBroker
from tests.unit.engine.market_data import COIN, at, broker, depth, order, quote, trade

BOOK = depth(0, [("99.9", "1"), ("99.8", "2"), ("99.7", "5")], [("100.1", "1"), ("100.2", "2"), ("100.4", "5")])


def _paper(*events: object) -> PaperBroker:
    paper = broker()
    for event in events or (BOOK,):
        list(paper.on_market(event))  # type: ignore[arg-type]
    return paper


def _rest(paper: PaperBroker, instruction: Order) -> None:
    paper.submit("s", instruction, "signal", at(0))
    assert list(paper.arrivals(at(0.2))) == []


def _brief(fills: list[Fill]) -> list[tuple[str, str]]:
    return [(str(fill.price), f"{fill.quantity.normalize():f}") for fill in fills]


def test_a_large_order_fills_level_by_level_at_the_volume_weighted_price_with_exact_fees() -> None:
    paper = _paper()
    paper.submit("s", order(Side.BUY, "4"), "signal", at(0))
    fills = list(paper.arrivals(at(1)))
    assert _brief(fills) == [("100.1", "1"), ("100.2", "2"), ("100.4", "1")]
    assert sum(fill.price * fill.quantity for fill in fills) / 4 == Decimal("100.225")
    assert [fill.fee for fill in fills] == [Decimal("0.05005"), Decimal("0.1002"), Decimal("0.0502")]
    assert {fill.liquidity for fill in fills} == {Liquidity.TAKER}
    assert {fill.signal_id for fill in fills} == {"signal"}
    assert len({fill.event_id for fill in fills}) == 3
    assert paper.position("s", COIN.symbol) == 4


def test_what_the_book_does_not_hold_is_cancelled_and_counted() -> None:
    paper = _paper()
    paper.submit("s", order(Side.SELL, "10"), "signal", at(0))
    assert sum(fill.quantity for fill in paper.arrivals(at(1))) == 8
    assert paper.dropped == {"book_exhausted": 1}
    assert not paper.working("s", COIN.symbol)


def test_an_order_meets_the_book_of_its_arrival_not_of_its_decision() -> None:
    paper = _paper(quote(0, "99.9", "100.1"))
    paper.submit("s", order(Side.BUY, "1"), "signal", at(0))
    assert list(paper.arrivals(at(0.05))) == []
    list(paper.on_market(quote(0.05, "100.4", "100.6")))
    (fill,) = paper.arrivals(at(1))
    assert fill.price == Decimal("100.6")
    assert fill.time == at(0.1)


def test_orders_arrive_in_the_order_of_their_latency() -> None:
    paper = _paper(quote(0, "99.9", "100.1", size="1"))
    paper.submit("late", order(Side.BUY, "1"), "a", at(0.05))
    paper.submit("early", order(Side.BUY, "1"), "b", at(0))
    assert [fill.strategy for fill in paper.arrivals(at(1))] == ["early"]


def test_a_stale_book_fills_nothing() -> None:
    paper = _paper(quote(0, "99.9", "100.1"))
    paper.submit("s", order(Side.BUY, "1"), "signal", at(5))
    assert list(paper.arrivals(at(6))) == []
    assert paper.dropped == {"stale_book": 1}
    assert not paper.fresh(COIN.symbol, at(5.1))
    assert paper.fresh(COIN.symbol, at(5.0))


def test_a_quote_that_would_take_is_dropped_and_its_forerunner_is_gone_too() -> None:
    paper = _paper()
    _rest(paper, order(Side.BUY, "1", "99.8"))
    _rest(paper, order(Side.BUY, "1", "100.1"))
    assert paper.dropped == {"post_only": 1}
    assert paper.quote("s", COIN.symbol, Side.BUY) is None


@pytest.mark.parametrize(
    ("side", "limit", "at_price", "through"), [(Side.BUY, "99.8", "99.8", "99.7"), (Side.SELL, "100.2", "100.2", "100.3")]
)
def test_a_resting_quote_fills_only_when_the_market_trades_through_it(
    side: Side, limit: str, at_price: str, through: str
) -> None:
    paper = _paper()
    _rest(paper, order(side, "1", limit))
    assert list(paper.on_market(trade(1, at_price, "5"))) == []
    fills = list(paper.on_market(trade(2, through, "0.25")))
    assert _brief(fills) == [(limit, "0.25")]
    assert fills[0].liquidity is Liquidity.MAKER
    assert fills[0].fee == Decimal(limit) * Decimal("0.25") * Decimal("0.0001")
    assert _brief(list(paper.on_market(trade(3, through, "5")))) == [(limit, "0.75")]
    assert paper.quote("s", COIN.symbol, side) is None
    assert list(paper.on_market(trade(4, through, "5"))) == []


def test_a_resting_quote_fills_when_the_other_sides_best_price_comes_to_it_and_not_before() -> None:
    paper = _paper()
    _rest(paper, order(Side.BUY, "3", "99.8"))
    assert list(paper.on_market(quote(1, "99.7", "99.9"))) == []
    assert _brief(list(paper.on_market(quote(2, "99.7", "99.8", size="2")))) == [("99.8", "2")]


def test_two_quotes_share_what_was_traded_and_the_better_price_comes_first() -> None:
    paper = _paper()
    paper.submit("worse", order(Side.BUY, "1", "99.7"), "a", at(0))
    paper.submit("better", order(Side.BUY, "1", "99.8"), "b", at(0))
    assert list(paper.arrivals(at(1))) == []
    fills = list(paper.on_market(trade(1, "99.6", "1.5")))
    assert [fill.strategy for fill in fills] == ["better", "worse"]
    assert _brief(fills) == [("99.8", "1"), ("99.7", "0.5")]


def test_a_new_quote_replaces_the_one_of_the_same_side_only_when_it_arrives() -> None:
    paper = _paper()
    _rest(paper, order(Side.BUY, "1", "99.8"))
    paper.submit("s", order(Side.BUY, "1", "99.5"), "signal", at(1))
    assert _brief(list(paper.on_market(trade(1.05, "99.7", "0.5")))) == [("99.8", "0.5")]
    assert list(paper.arrivals(at(2))) == []
    assert list(paper.on_market(trade(2, "99.7", "5"))) == []


def test_a_cancel_takes_effect_when_it_arrives() -> None:
    paper = _paper()
    _rest(paper, order(Side.BUY, "1", "99.8"))
    paper.submit("s", Cancel(COIN.symbol, Side.BUY), "", at(1))
    assert paper.quote("s", COIN.symbol, Side.BUY) is not None
    assert list(paper.arrivals(at(2))) == []
    assert paper.quote("s", COIN.symbol, Side.BUY) is None


def test_a_reduce_only_order_never_turns_the_position() -> None:
    paper = _paper()
    paper.submit("s", order(Side.BUY, "1"), "a", at(0))
    list(paper.arrivals(at(0.5)))
    paper.submit("s", order(Side.SELL, "1", reduce_only=True), "b", at(0.5))
    paper.submit("s", order(Side.SELL, "1", reduce_only=True), "c", at(0.6))
    assert sum(fill.quantity for fill in paper.arrivals(at(1))) == 1
    assert paper.position("s", COIN.symbol) == 0


def test_a_reduce_only_quote_fills_no_more_than_the_position() -> None:
    paper = _paper()
    paper.submit("s", order(Side.BUY, "0.5"), "a", at(0))
    list(paper.arrivals(at(0.5)))
    paper.submit("s", order(Side.SELL, "2", "100.3", reduce_only=True), "b", at(0.5))
    assert list(paper.arrivals(at(1))) == []
    assert _brief(list(paper.on_market(trade(1, "100.4", "5")))) == [("100.3", "0.5")]
    assert paper.quote("s", COIN.symbol, Side.SELL) is None


def test_pulling_takes_back_quotes_resting_and_under_way_but_no_taker_order() -> None:
    paper = _paper()
    _rest(paper, order(Side.BUY, "1", "99.8"))
    paper.submit("s", order(Side.SELL, "1", "100.3"), "a", at(1))
    paper.submit("s", order(Side.BUY, "1"), "b", at(1))
    paper.submit("other", order(Side.BUY, "1", "99.7"), "c", at(1))
    paper.pull("s", at(1))
    assert _brief(list(paper.arrivals(at(2)))) == [("100.1", "1")]
    assert paper.quote("s", COIN.symbol, Side.BUY) is None
    assert paper.quote("s", COIN.symbol, Side.SELL) is None
    assert paper.quote("other", COIN.symbol, Side.BUY) is not None
    assert not paper.working("s", COIN.symbol)


def test_profit_is_cash_after_fees_and_the_position_at_the_mid() -> None:
    paper = _paper()
    paper.submit("s", order(Side.BUY, "1"), "a", at(0))
    list(paper.arrivals(at(0.5)))
    list(paper.on_market(quote(1, "101.9", "102.1")))
    assert paper.profit("s") == Decimal("102.0") - Decimal("100.1") - Decimal("0.05005")
    assert paper.profit("other") == 0


@pytest.mark.parametrize(
    ("instruction", "field"),
    [
        (order(Side.BUY, "0"), "quantity"),
        (order(Side.BUY, "-1"), "quantity"),
        (order(Side.BUY, "0.005"), "quantity"),
        (order(Side.BUY, "1", "99.85"), "limit"),
        (order(Side.BUY, "1", "-0.1"), "limit"),
        (Order("OTHER", Side.BUY, Decimal(1)), "symbol"),
        (Cancel("OTHER", Side.BUY), "symbol"),
    ],
)
def test_an_order_off_the_grid_is_refused_by_field(instruction: Order | Cancel, field: str) -> None:
    with pytest.raises(EventError) as refused:
        _paper().submit("s", instruction, "signal", at(0))
    assert refused.value.field == field
