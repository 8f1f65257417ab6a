"""The capacity's closed form, by hand and against a numeric search."""

from __future__ import annotations

from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from genesis.analytics.capacity import (
    Edge,
    Multiple,
    SymbolCapacity,
    curve,
    depth_multiple,
    edge_multiple,
    participation_multiple,
)

amounts = st.floats(1e-3, 1e6)


def symbol(
    name: str = "B",
    *,
    turnover: float = 1_000.0,
    order_value: float = 100.0,
    impact: float | None = 1.0,
    volume: float | None = 1e6,
    depth: float | None = 5_000.0,
) -> SymbolCapacity:
    return SymbolCapacity(
        symbol=name,
        orders=10,
        turnover=turnover,
        order_value=order_value,
        impact=impact,
        daily_volatility=0.02,
        volume=volume,
        volume_observed_seconds=86_400.0,
        depth=depth,
        spread_ratio=1e-4,
    )


def test_a_case_by_hand() -> None:
    # 130 gross, 20 of fees and spread, 10 of impact: 100 are left. (110 / 10)² = 121; 4/9 of it is 53.8.
    edge = Edge.of(net=100, linear=20, impact=10)
    assert (edge.gross, edge.net, edge.at(1)) == (130, 100, 100)
    assert edge.break_even_multiple == 121
    assert edge.best_multiple == pytest.approx(53.0 + 7 / 9, rel=1e-15)
    assert edge.at(4) == 4 * 110 - 8 * 10
    assert edge.at(121) == pytest.approx(0, abs=1e-9)


def test_a_strategy_that_loses_by_its_own_impact_alone_can_take_less_than_it_has() -> None:
    edge = Edge.of(net=-5, linear=1, impact=10)
    assert edge.break_even_multiple == 0.25
    assert edge.best_multiple == pytest.approx(1 / 9)


@pytest.mark.parametrize("net", [-10, -11, -1000])
def test_without_an_edge_before_impact_nothing_is_left_at_any_size(net: float) -> None:
    edge = Edge.of(net=net, linear=3, impact=10)
    assert edge.break_even_multiple is None
    assert edge.best_multiple is None
    assert curve(edge, 1000) == ()
    assert edge_multiple(edge, [symbol()]) is None


@given(net=amounts, linear=amounts, impact=amounts)
def test_the_closed_form_is_what_a_numeric_search_finds(net: float, linear: float, impact: float) -> None:
    edge = Edge.of(net, linear, impact)
    end, best = edge.break_even_multiple, edge.best_multiple
    assert end is not None
    assert best is not None

    def left(m: float) -> float:
        return m * (net + impact) - m * sqrt(m) * impact

    assert isclose(brentq(left, end / 3, end * 3, xtol=1e-12 * end, rtol=1e-14), end, rel_tol=1e-9)
    # A search sees a maximum only as sharply as the square root of the float's precision: the slope's zero tells it better.
    found = minimize_scalar(lambda share: -left(share * end) / (end * impact), bounds=(0, 1), method="bounded")
    assert isclose(found.x * end, best, rel_tol=1e-4)
    slope = brentq(lambda m: (net + impact) - 1.5 * sqrt(m) * impact, best / 3, best * 3, xtol=1e-12 * best, rtol=1e-14)
    assert isclose(slope, best, rel_tol=1e-9)


@given(net=amounts, linear=amounts, impact=amounts, capital=amounts)
def test_the_curve_goes_through_nothing_the_best_and_the_break_even(
    net: float, linear: float, impact: float, capital: float
) -> None:
    edge = Edge.of(net, linear, impact)
    points = curve(edge, capital)
    assert len(points) == 51
    assert points[0] == (0, 0, 0)
    top = max(points, key=lambda point: point.net_daily_edge)
    assert isclose(top.m, edge.best_multiple or 0, rel_tol=1e-12)
    assert isclose(points[45].m, edge.break_even_multiple or 0, rel_tol=1e-12)
    assert abs(points[45].net_daily_edge) <= 1e-9 * top.net_daily_edge
    assert points[-1].net_daily_edge < 0
    assert all(point.capital == point.m * capital for point in points)


@given(turnover=amounts, order=amounts, volume=amounts, depth=amounts, factor=st.floats(1, 100))
def test_more_volume_and_more_depth_never_give_less_and_more_trading_never_gives_more(
    turnover: float, order: float, volume: float, depth: float, factor: float
) -> None:
    def limits(trading: float, market: float) -> list[float]:
        one = symbol(turnover=turnover * trading, order_value=order * trading, volume=volume * market, depth=depth * market)
        found = (participation_multiple([one], 0.05), depth_multiple([one]))
        return [multiple.value for multiple in found if multiple is not None]

    now = limits(1, 1)
    assert now == pytest.approx([0.05 * volume / turnover, depth / order], rel=1e-12)
    assert all(more >= less for more, less in zip(limits(1, factor), now, strict=True))
    assert all(less <= more for less, more in zip(limits(factor, 1), now, strict=True))


def test_the_symbol_that_leaves_least_room_sets_the_limit() -> None:
    symbols = [symbol("A"), symbol("B", turnover=9_000.0, impact=3.0), symbol("C", order_value=900.0)]
    assert participation_multiple(symbols, 0.05) == Multiple(0.05 * 1e6 / 9_000, "B")
    assert depth_multiple(symbols) == Multiple(5_000 / 900, "C")
    edge = edge_multiple(Edge.of(100, 20, 10), symbols)
    assert edge is not None
    assert edge.symbol == "B"


def test_a_limit_is_not_known_while_one_of_its_symbols_is_not() -> None:
    assert participation_multiple([symbol(), symbol("C", volume=None)], 0.05) is None
    assert depth_multiple([symbol(), symbol("C", depth=None)]) is None
    assert depth_multiple([]) is None
