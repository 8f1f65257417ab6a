"""Settings at the pace of the simulated market: every time is shorter, in expressions too, and nothing else changes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from genesis.configuration import load_settings
from genesis.simulate.pace import paced_expression, paced_monitor, paced_rotation

CONFIG = Path(__file__).parents[3] / "config"


@pytest.mark.parametrize(
    ("promql", "paced"),
    [
        ('sharpe{window="1h"}', 'sharpe{window="5m"}'),
        ('sharpe{a="b", window = "1d"}', 'sharpe{a="b", window = "2h"}'),
        ("max_over_time(x[1h]) - x", "max_over_time(x[5m]) - x"),
        ("max_over_time(x[1h:30s])", "max_over_time(x[5m:30s])"),  # a resolution stays
        ("x[10s]", "x[1s]"),  # the grid has no finer step
        ('x{window="all"}', 'x{window="all"}'),
        ('x{other="1h"}', 'x{other="1h"}'),
        ("x > 60", "x > 60"),
    ],
)
def test_an_expression_has_its_ranges_shortened_and_nothing_else(promql: str, paced: str) -> None:
    assert paced_expression(promql, 12) == paced


def test_every_time_of_rotation_is_divided_and_every_level_stays() -> None:
    before = load_settings(CONFIG).rotation
    paced = paced_rotation(before, 12)
    assert paced.resume.cooldown == before.resume.cooldown / 12
    assert paced.allocation.min_dwell == before.allocation.min_dwell / 12
    assert paced.warm_up == before.warm_up / 12
    assert (paced.interval, paced.mode) == (timedelta(seconds=5), "advise")
    assert paced.rules == before.rules
    assert paced.score == before.score
    assert paced.allocation.max_weight == before.allocation.max_weight


def test_the_windows_that_the_expressions_ask_for_are_there() -> None:
    before = load_settings(CONFIG)
    paced = paced_monitor(before, 12).monitor.statistics
    assert paced.step == timedelta(seconds=1)
    assert paced.windows == tuple(window / 12 for window in before.monitor.statistics.windows)
    assert paced.degradation.false_alarm_interval == before.monitor.statistics.degradation.false_alarm_interval / 12
    assert paced.min_observations == before.monitor.statistics.min_observations


def test_at_pace_1_everything_is_as_it_is_configured() -> None:
    before = load_settings(CONFIG)
    assert paced_monitor(before, 1) == before
    assert paced_rotation(before.rotation, 1) == before.rotation.model_copy(update={"mode": "advise"})
