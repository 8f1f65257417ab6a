"""The square-root law over a strategy's own orders, and the coefficient that fits them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from math import sqrt

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics.impact import OPEN_ORDERS, ImpactObservation, Orders, SymbolOrders, coefficient_of, impact_of
from genesis.core.models import Fill, Liquidity, Side
from genesis.core.money import exact_arithmetic

_numbers = count()


def fill(
    quantity: str = "1",
    price: str = "100",
    *,
    side: Side = Side.BUY,
    order: str | None = None,
    arrival: str | None = None,
    spread: str | None = None,
    liquidity: Liquidity = Liquidity.TAKER,
    symbol: str = "B",
) -> Fill:
    return Fill(
        time=datetime(2026, 1, 7, tzinfo=UTC),
        event_id=f"f{next(_numbers)}",
        strategy="alpha",
        symbol=symbol,
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        liquidity=liquidity,
        signal_id=order,
        arrival_price=None if arrival is None else Decimal(arrival),
        arrival_spread=None if spread is None else Decimal(spread),
    )


def orders_of(*fills: Fill) -> Orders:
    orders = Orders()
    with exact_arithmetic():
        for one in fills:
            orders.add(one)
    return orders


def tally(*fills: Fill) -> SymbolOrders:
    return orders_of(*fills).symbols["B"]


def test_the_impact_of_one_order_is_the_square_root_law_times_its_value() -> None:
    # 4 units worth 400 of a volume of 10,000 a day, 2 % volatility: 0.8 · 0.02 · √0.0004 · 400
    assert tally(fill("4", order="s")).impact(0.8, 0.02, 10_000) == pytest.approx(0.8 * 0.02 * 0.02 * 400, rel=1e-15)


def test_the_fills_of_one_signal_are_one_order_and_others_are_orders_of_their_own() -> None:
    whole = tally(fill("4", order="s"))
    parts = tally(*(fill("1", order="s") for _ in range(4)))
    assert parts.orders == whole.orders == 1
    assert parts.root_value == pytest.approx(whole.root_value, rel=1e-15)
    alone = tally(*(fill("1") for _ in range(4)))
    assert alone.orders == 4
    assert alone.root_value == pytest.approx(whole.root_value / 2, rel=1e-15)
    assert alone.value == whole.value == 400


def test_one_signal_name_of_two_symbols_or_sources_is_two_orders() -> None:
    other = msgspec.structs.replace(fill("1", order="s"), source="elsewhere")
    orders = orders_of(fill("1", order="s"), fill("1", order="s", symbol="C"), other)
    assert {symbol: one.orders for symbol, one in orders.symbols.items()} == {"B": 2, "C": 1}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (fill(price="101", arrival="100", spread="1"), 0.005),
        (fill(price="101", arrival="100", spread="0"), 0.01),
        (fill(price="99", arrival="100", spread="1", side=Side.SELL), 0.005),
        (fill(price="99", arrival="100", spread="1"), -0.015),
        (fill(price="101", arrival="100", spread="1", liquidity=Liquidity.UNKNOWN), 0.005),
        (fill(price="101", arrival="100", spread="1", liquidity=Liquidity.MAKER), None),
        (fill(price="101", arrival="100"), None),
        (fill(price="101", spread="1"), None),
    ],
)
def test_what_a_fill_cost_beyond_half_the_spread(made: Fill, expected: float | None) -> None:
    assert impact_of(made) == (None if expected is None else pytest.approx(expected, rel=1e-15))


def test_half_the_spread_is_a_cost_of_what_took_liquidity() -> None:
    paid = tally(
        fill("2", arrival="100", spread="0.5"),
        fill("3", arrival="100", spread="0.2", side=Side.SELL),
        fill("9", arrival="100", spread="0.5", liquidity=Liquidity.MAKER),
        fill("9"),
    )
    assert paid.spread_cost == pytest.approx(2 * 0.25 + 3 * 0.1)
    assert (paid.compared_fills, paid.compared) == (2, 5.0)


def lawful(symbol: str, coefficient: float, volatility: float, volume: float) -> ImpactObservation:
    """Orders of many fills that cost, beyond half the spread, exactly what the law says."""
    fills = []
    for number, size in enumerate([1, 2, 4, 8] * 30):
        side = Side.BUY if number % 3 else Side.SELL
        ratio = coefficient * volatility * sqrt(size / volume)
        price = 100 + side.sign * (100 * Decimal(ratio) + Decimal("0.05"))
        one = fill("1", f"{price:.14f}", side=side, order=f"o{number}", arrival="100", spread="0.1", symbol=symbol)
        fills += [one] * size
    return ImpactObservation(orders_of(*fills).symbols[symbol], volatility, volume)


def test_fills_that_follow_the_law_give_its_coefficient_back() -> None:
    samples = [lawful("B", 0.7, 0.03, 5_000.0), lawful("C", 0.7, 0.05, 80_000.0)]
    assert coefficient_of(samples) == pytest.approx(0.7, rel=1e-9)
    assert samples[0].orders.orders == 120


def test_the_coefficient_is_the_least_squares_fit_over_all_orders() -> None:
    volatility, volume, random = 0.03, 5_000.0, np.random.default_rng(3)
    sizes = [int(size) for size in random.choice([1, 2, 5], 200)]
    costs = [round(0.9 * volatility * sqrt(size / volume) + float(random.normal(0, 2e-4)), 9) for size in sizes]
    fills = [
        fill(str(size), str(100 + Decimal(f"{cost:.9f}") * 100), arrival="100", spread="0", order=f"o{number}")
        for number, (size, cost) in enumerate(zip(sizes, costs, strict=True))
    ]
    law = volatility * np.sqrt(np.array(sizes) / volume)
    fit, *_ = np.linalg.lstsq(law[:, None], np.array(costs), rcond=None)
    assert coefficient_of([ImpactObservation(tally(*fills), volatility, volume)]) == pytest.approx(fit[0], rel=1e-9)


def test_orders_that_cost_nothing_on_average_have_no_coefficient() -> None:
    assert coefficient_of([ImpactObservation(tally(fill(price="99.9", arrival="100", spread="0")), 0.02, 100.0)]) is None
    assert coefficient_of([ImpactObservation(tally(fill()), 0.02, 100.0)]) is None
    assert coefficient_of([]) is None


fills_of_orders = st.lists(
    st.builds(
        fill,
        st.integers(1, 10**6).map(lambda n: str(Decimal(n) / 1000)),
        st.integers(1, 10**6).map(lambda n: str(Decimal(n) / 100)),
        side=st.sampled_from(Side),
        order=st.sampled_from([None, "a", "b", "c"]),
        arrival=st.sampled_from([None, "100", "101.5"]),
        spread=st.sampled_from([None, "0", "0.2"]),
        liquidity=st.sampled_from(Liquidity),
        symbol=st.sampled_from(["B", "C"]),
    ),
    min_size=1,
    max_size=30,
)


@given(fills=fills_of_orders, data=st.data())
def test_a_fill_that_was_voided_leaves_no_trace(fills: list[Fill], data: st.DataObject) -> None:
    gone = data.draw(st.sets(st.integers(0, len(fills) - 1)))
    kept = orders_of(*(one for number, one in enumerate(fills) if number not in gone))
    orders = orders_of(*fills)
    with exact_arithmetic():
        for number in gone:
            orders.void(fills[number])
    for symbol, left in orders.symbols.items():
        expected = kept.symbols.get(symbol, SymbolOrders())
        assert (left.orders, left.compared_fills) == (expected.orders, expected.compared_fills)
        for field in ("value", "root_value", "spread_cost", "compared", "root_cost"):
            assert getattr(left, field) == pytest.approx(getattr(expected, field), rel=1e-9, abs=1e-6)


@given(fills=fills_of_orders)
def test_saved_and_taken_over_orders_go_on_as_if_nothing_was(fills: list[Fill]) -> None:
    whole, parted = orders_of(*fills), Orders()
    with exact_arithmetic():
        for one in fills:
            parted = msgspec.json.decode(msgspec.json.encode(parted), type=Orders)
            parted.add(one)
    assert parted == whole


def test_only_so_many_orders_are_remembered() -> None:
    orders = orders_of(*(fill(order=f"s{number}") for number in range(3 * OPEN_ORDERS)))
    assert len(orders.latest) == OPEN_ORDERS
    with exact_arithmetic():
        orders.add(fill(order="s0"))
        orders.add(fill(order=f"s{3 * OPEN_ORDERS - 1}"))
    assert orders.symbols["B"].orders == 3 * OPEN_ORDERS + 1
