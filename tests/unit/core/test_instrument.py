from __future__ import annotations

from decimal import Decimal

import pytest

from genesis.core.errors import EventError
from genesis.core.instrument import Instrument

COIN = Instrument("COINUSDT", Decimal("0.05"), Decimal("0.01"))


@pytest.mark.parametrize(
    ("price", "below", "above"),
    [
        (100.0, "100", "100"),
        (100.01, "100", "100.05"),
        (100.049, "100", "100.05"),
        (0.001, "0.05", "0.05"),
        (0.35, "0.35", "0.35"),
    ],
)
def test_a_price_is_brought_to_the_tick_on_either_side_and_never_to_zero(price: float, below: str, above: str) -> None:
    assert COIN.price_below(price) == Decimal(below)
    assert COIN.price_above(price) == Decimal(above)


@pytest.mark.parametrize(
    ("amount", "lots"),
    [(0.019, "0.01"), (0.009, "0"), (Decimal("1.239"), "1.23"), (Decimal("-1"), "0"), (0.29, "0.29"), (-0.5, "0")],
)
def test_a_quantity_is_cut_to_whole_lots_and_is_never_negative(amount: Decimal | float, lots: str) -> None:
    assert COIN.quantity(amount) == Decimal(lots)


@pytest.mark.parametrize(("tick", "lot", "field"), [("0", "1", "tick"), ("-1", "1", "tick"), ("1", "NaN", "lot")])
def test_a_grid_that_is_not_above_zero_is_refused(tick: str, lot: str, field: str) -> None:
    with pytest.raises(EventError) as refused:
        Instrument("COINUSDT", Decimal(tick), Decimal(lot))
    assert refused.value.field == field
