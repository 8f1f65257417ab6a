"""Drawdown episodes, tick by tick."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from genesis.ledger.drawdown import Drawdown

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def observed(*equities: int) -> Drawdown:
    """A drawdown that saw one equity a second."""
    drawdown = Drawdown.starting(START)
    for second, equity in enumerate(equities):
        drawdown.observe(Decimal(equity), at(second))
    return drawdown


def test_drawdown_is_measured_from_the_highest_equity() -> None:
    drawdown = observed(100, 120, 90)
    assert drawdown.ratio(Decimal(90)) == pytest.approx(0.25)
    assert drawdown.ratio(Decimal(105)) == pytest.approx(0.125)
    assert drawdown.under_water_seconds(Decimal(90), at(7)) == 6


def test_recovery_is_counted_from_the_trough_to_the_old_peak() -> None:
    drawdown = observed(100, 80, 70, 90, 100)
    assert drawdown.last_recovery_seconds == 2
    assert drawdown.under_water_seconds(Decimal(100), at(9)) == 0


def test_the_longest_recovery_and_the_deepest_episode_stay_known() -> None:
    drawdown = observed(100, 50, 60, 70, 100, 90, 110)
    assert drawdown.last_recovery_seconds == 1
    assert drawdown.longest_recovery_seconds == 3
    assert drawdown.max_ratio() == pytest.approx(0.5)


def test_a_withdrawal_is_no_drawdown_and_a_deposit_no_recovery() -> None:
    drawdown = observed(100, 80)
    drawdown.flow(Decimal(80), Decimal(40), at(2))
    assert drawdown.ratio(Decimal(40)) == pytest.approx(0.2)
    drawdown.flow(Decimal(40), Decimal(400), at(3))
    assert drawdown.ratio(Decimal(400)) == pytest.approx(0.2)
    assert drawdown.last_recovery_seconds is None


def test_capital_that_comes_back_after_all_was_withdrawn_starts_a_new_episode() -> None:
    drawdown = observed(100, 80)
    drawdown.flow(Decimal(80), Decimal(0), at(2))
    drawdown.flow(Decimal(0), Decimal(50), at(3))
    assert drawdown.ratio(Decimal(50)) == 0
    assert drawdown.max_ratio() == pytest.approx(0.2)


def test_without_capital_there_is_no_ratio() -> None:
    drawdown = observed(0, -5)
    assert drawdown.ratio(Decimal(-5)) is None
    assert drawdown.max_ratio() is None
