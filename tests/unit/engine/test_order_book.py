from __future__ import annotations

from decimal import Decimal

from genesis.core.models import Level, Side
from genesis.engine.order_book import OrderBook
from tests.unit.engine.market_data import depth, quote


def _taken(book: OrderBook, side: Side, quantity: str) -> list[tuple[str, str]]:
    return [(str(level.price), str(level.size)) for level in book.take(side, Decimal(quantity))]


def test_a_book_without_an_update_has_no_mid_and_gives_nothing() -> None:
    book = OrderBook()
    assert book.mid is None
    assert book.take(Side.BUY, Decimal(1)) == []


def test_a_quote_hides_the_depth_that_it_has_passed_and_keeps_what_lies_behind() -> None:
    book = OrderBook()
    book.on_depth(depth(0, [("99.9", "1"), ("99.8", "2")], [("100.0", "1"), ("100.1", "2"), ("100.2", "3")]))
    book.on_quote(quote(1, "100.0", "100.1", size="0.5"))
    assert _taken(book, Side.BUY, "10") == [("100.1", "0.5"), ("100.2", "3")]
    assert _taken(book, Side.SELL, "10") == [("100.0", "0.5"), ("99.9", "1"), ("99.8", "2")]


def test_a_later_depth_replaces_the_quote() -> None:
    book = OrderBook()
    book.on_quote(quote(0, "99.0", "101.0"))
    book.on_depth(depth(1, [("99.9", "1")], [("100.1", "1")]))
    assert book.mid == Decimal("100.0")
    assert book.best_against(Side.BUY) == Decimal("100.1")
    assert book.best_against(Side.SELL) == Decimal("99.9")


def test_what_was_taken_is_gone_until_the_next_update() -> None:
    book = OrderBook()
    book.on_quote(quote(0, "99.9", "100.1", size="1"))
    assert _taken(book, Side.BUY, "0.6") == [("100.1", "0.6")]
    assert _taken(book, Side.BUY, "0.6") == [("100.1", "0.4")]
    book.on_quote(quote(1, "99.9", "100.1", size="1"))
    assert book.take(Side.BUY, Decimal("0.6")) == [Level(Decimal("100.1"), Decimal("0.6"))]


def test_a_quote_of_unknown_size_gives_nothing_at_its_price() -> None:
    book = OrderBook()
    book.on_quote(quote(0, "99.9", "100.1", size="0"))
    assert book.take(Side.BUY, Decimal(1)) == []
    assert book.mid == Decimal("100.0")


def test_a_depth_with_an_empty_side_is_passed_over() -> None:
    book = OrderBook()
    book.on_quote(quote(0, "99.9", "100.1"))
    book.on_depth(depth(1, [], [("100.5", "1")]))
    assert book.mid == Decimal("100.0")
