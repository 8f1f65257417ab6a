"""A point of the grid to bytes and back."""

from math import isnan, nan

from structlog.testing import capture_logs

from genesis.ledger.equity import GridStep
from genesis.ledger.points import decode_points, encode_point

STEP = GridStep(
    point=7,
    skipped=0,
    portfolio=0.01,
    returns={"alpha": 0.1 + 0.2, "beta": nan},
    contributions={"alpha": 0.01, "beta": 0.0},
    symbols={"BTCUSDT": -1e-300},
    exposures={"alpha": {"BTCUSDT": 5.0}},
)


def test_every_return_comes_back_to_the_last_bit() -> None:
    found = decode_points([encode_point(STEP)])
    row = found[7]
    assert (row.portfolio, row.contributions, row.symbols) == (STEP.portfolio, STEP.contributions, STEP.symbols)
    assert row.returns["alpha"] == STEP.returns["alpha"]
    assert isnan(row.returns["beta"])


def test_a_point_of_another_layout_is_left_out_and_told() -> None:
    with capture_logs() as logs:
        found = decode_points([(6, b"\x91\xa1x"), encode_point(STEP)])
    assert list(found) == [7]
    assert [entry["point"] for entry in logs] == [6]
