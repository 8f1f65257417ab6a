"""Average cost, by hand."""

from decimal import Decimal

import pytest

from genesis.ledger.position import Position, trade


def position(quantity: str, basis: str) -> Position:
    return Position(Decimal(quantity), Decimal(basis))


@pytest.mark.parametrize(
    ("held", "quantity", "price", "after", "realized", "closed"),
    [
        pytest.param(("0", "0"), "2", "100", ("2", "200"), "0", "0", id="open long"),
        pytest.param(("0", "0"), "-2", "100", ("-2", "-200"), "0", "0", id="open short"),
        pytest.param(("2", "200"), "2", "110", ("4", "420"), "0", "0", id="add to long"),
        pytest.param(("-2", "-200"), "-2", "90", ("-4", "-380"), "0", "0", id="add to short"),
        pytest.param(("4", "420"), "-1", "115", ("3", "315"), "10", "1", id="reduce long at average cost 105"),
        pytest.param(("-4", "-380"), "1", "90", ("-3", "-285"), "5", "1", id="reduce short at average cost 95"),
        pytest.param(("2", "200"), "-2", "90", ("0", "0"), "-20", "2", id="close long"),
        pytest.param(("2", "200"), "-5", "110", ("-3", "-330"), "20", "2", id="flip long to short"),
        pytest.param(("-2", "-200"), "3", "110", ("1", "110"), "-20", "2", id="flip short to long"),
    ],
)
def test_a_fill_moves_quantity_basis_and_realized_pnl(
    held: tuple[str, str], quantity: str, price: str, after: tuple[str, str], realized: str, closed: str
) -> None:
    done = trade(position(*held), Decimal(quantity), Decimal(price))
    assert done == (position(*after), Decimal(realized), Decimal(closed))


def test_what_a_rounded_average_cost_leaves_behind_is_not_lost() -> None:
    bought = trade(Position(), Decimal(3), Decimal("33.333333333333333333")).position
    first = trade(bought, Decimal(-1), Decimal(40))
    last = trade(first.position, Decimal(-2), Decimal(40))
    assert last.position == Position()
    assert first.realized + last.realized == Decimal(120) - bought.basis
