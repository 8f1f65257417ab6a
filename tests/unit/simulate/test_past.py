"""Ranges → the moments of the past, as the controller would have seen them."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, nan
from pathlib import Path

import pytest

from genesis.clients.prometheus import Range
from genesis.configuration import load_settings
from genesis.simulate.past import CHUNK_STEPS, Moment, Period, metrics_needed, moments_of
from genesis.simulate.profit import Account

SETTINGS = load_settings(Path(__file__).parents[3] / "config")
PERIOD = Period(1000.0, 30.0, 3)


def series(*values: float | None, **labels: str) -> Range:
    """A series at the steps of `PERIOD`; None leaves a step out."""
    points = zip(PERIOD.times(), values, strict=True)
    return Range(labels, [(at, value) for at, value in points if value is not None])


def told(**ranges: Sequence[Range]) -> list[Moment]:
    keys = {key.replace("__", "."): value for key, value in ranges.items()}
    return list(moments_of({"pnl": [], "capital": [], **keys}, SETTINGS.rotation, SETTINGS.rules, PERIOD))


def test_a_period_has_its_first_and_its_last_step() -> None:
    assert list(PERIOD.times()) == [1000.0, 1030.0, 1060.0]
    assert PERIOD.end == 1060.0
    assert Period.between(0, 59.9, 30).steps == 2
    assert Period.between(10, 10, 30).steps == 1
    assert Period.between(10, 9, 30).steps == 0
    assert Period.between(1_735_689_600.0, 1_735_689_660.0, 0.005).steps == 12_001


def test_a_long_period_is_asked_for_in_chunks_that_miss_no_step_and_repeat_none() -> None:
    period = Period.between(1_735_689_600.0, 1_735_689_600.0 + 2.5 * CHUNK_STEPS * 0.005, 0.005)
    chunks = list(period.chunks())
    assert len(chunks) == 3
    assert sum(chunk.steps for chunk in chunks) == period.steps
    assert [at for chunk in chunks for at in chunk.times()] == pytest.approx(list(period.times()), abs=1e-4, rel=0)
    assert all(chunk.steps <= CHUNK_STEPS for chunk in chunks)
    assert list(Period(10, 30, 0).chunks()) == []


def test_a_strategy_that_appears_late_is_there_from_then_on() -> None:
    late = {"strategy": "late"}
    found = told(
        strategy_age=[series(0, 0, 0, strategy="a"), series(None, 0, 0, **late)],
        signals__sharpe=[series(1, 2, 3, strategy="a"), series(None, None, 4, **late)],
        pnl=[series(0, 1, 2, strategy="a"), series(None, 5, 6, **late)],
        capital=[series(100, 100, 100, strategy="a"), series(None, 100, 100, **late)],
    )
    assert [sorted(moment.observation.strategies) for moment in found] == [["a"], ["a", "late"], ["a", "late"]]
    assert found[1].observation.strategies["late"].signals == {}
    assert found[2].observation.strategies["late"].signals == {"sharpe": 4}
    assert found[2].accounts == {"a": Account(2, 100), "late": Account(6, 100)}


def test_what_is_not_a_finite_number_is_not_known() -> None:
    found = told(
        strategy_age=[series(0, 0, 0, strategy="a")],
        signals__sharpe=[series(nan, inf, 1, strategy="a")],
        pnl=[series(nan, 1, 2, strategy="a")],
        capital=[series(1, inf, 1, strategy="a")],
    )
    assert [dict(moment.observation.strategies["a"].signals) for moment in found] == [{}, {}, {"sharpe": 1}]
    assert [moment.accounts for moment in found] == [{}, {}, {"a": Account(2, 1)}]


def test_an_empty_range_has_moments_in_which_nothing_is_known() -> None:
    found = told()
    assert [moment.observation.strategies for moment in found] == [{}, {}, {}]
    assert all(moment.observation.limits is None and not moment.steered for moment in found)


def test_old_figures_are_not_fresh() -> None:
    found = told(strategy_age=[series(0, 15, 16, strategy="a")])
    assert [moment.observation.strategies["a"].fresh for moment in found] == [True, True, False]


def test_the_metrics_behind_the_expressions_are_known() -> None:
    needed = metrics_needed(SETTINGS.rotation)
    assert {"genesis_strategy_net_pnl", "genesis_strategy_sharpe_ratio", "genesis_mark_timestamp_seconds"} <= needed
    assert "genesis_strategy_beta" not in needed
