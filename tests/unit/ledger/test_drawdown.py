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


def test_the_open_episode_has_its_start_its_trough_and_its_depth() -> None:
    drawdown = observed(100, 125, 100, 110)
    episode = drawdown.open_episode()
    assert episode is not None
    assert (episode.peak_time, episode.trough_time, episode.recovered) == (at(1), at(2), None)
    assert (episode.ratio, episode.amount, episode.recovery_seconds) == (pytest.approx(0.2), 25, None)
    drawdown.observe(Decimal(125), at(9))
    assert drawdown.open_episode() is None


def test_the_worst_closed_episodes_are_kept_the_deepest_first() -> None:
    drawdown = observed(100, 99, 100, 93, 100, 96, 97, 100, 98, 100, 95, 100, 92, 100, 94)
    assert [round(episode.ratio, 9) for episode in drawdown.worst] == [0.08, 0.07, 0.05, 0.04, 0.02]
    fourth = drawdown.worst[3]
    assert (fourth.peak_time, fourth.trough_time, fourth.recovered) == (at(4), at(5), at(7))
    assert (fourth.amount, fourth.recovery_seconds) == (4, 2)


def test_the_earlier_of_two_equally_deep_episodes_comes_first() -> None:
    assert [episode.trough_time for episode in observed(100, 90, 100, 90, 100).worst] == [at(1), at(3)]


def test_an_episode_that_a_withdrawal_of_all_ends_is_kept_without_a_recovery() -> None:
    drawdown = observed(100, 80)
    drawdown.flow(Decimal(80), Decimal(0), at(2))
    (episode,) = drawdown.worst
    assert (episode.ratio, episode.amount, episode.recovered) == (pytest.approx(0.2), 20, None)


def test_a_flow_scales_the_money_of_the_open_episode_and_leaves_that_of_the_closed_ones() -> None:
    drawdown = observed(100, 90, 100, 80)
    drawdown.flow(Decimal(80), Decimal(160), at(4))
    episode = drawdown.open_episode()
    assert episode is not None
    assert (episode.ratio, episode.amount) == (pytest.approx(0.2), 40)
    assert [episode.amount for episode in drawdown.worst] == [10]
