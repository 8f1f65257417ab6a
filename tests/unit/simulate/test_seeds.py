"""Runs of the market: what is planned, how they are told apart in one Prometheus, what is counted of each."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from genesis.clients.prometheus import Range
from genesis.core.allocation import Action
from genesis.core.models import StrategyState
from genesis.rotation.decision import Reason, Step
from genesis.rotation.observation import Share
from genesis.simulate.distribution import spread
from genesis.simulate.market import BEGIN, DECAYING, Plan, healthy, plan
from genesis.simulate.seeds import by_seed, outcome
from genesis.simulate.simulation import Simulation, StrategyTotals, TimedStep
from tests.unit.simulate.settings import SETTINGS

ACTIVE, REDUCED, PAUSED = StrategyState.ACTIVE, StrategyState.REDUCED, StrategyState.PAUSED


def test_a_seed_has_the_same_plan_each_time_and_others_have_others() -> None:
    assert plan(7, 15) == plan(7, 15)
    plans = [plan(seed, 15) for seed in range(200)]
    assert {one.decays for one in plans} == set(DECAYING)
    assert all(0.35 * 900 <= one.after <= 0.5 * 900 for one in plans)
    assert plan(7, 15, "multi_pair").decays == "multi_pair"
    assert plan(7, 15, fault="execution").decays == "statistical_arb"
    assert healthy(7, 15).decays is None


def test_runs_are_told_apart_by_what_stands_behind_the_names() -> None:
    points = [(0.0, 1.0)]
    found = by_seed(
        {
            "pnl": [Range({"strategy": "a#1#12"}, points), Range({"strategy": "a#1"}, points)],
            "correlation": [Range({"strategy": "a#1", "other": "b#1"}, points)],
            "equity": [Range({"__name__": "genesis_portfolio_equity", "seed": "12"}, points)],
            "steered": [Range({}, points)],
        }
    )
    assert found == {
        1: {"pnl": [Range({"strategy": "a"}, points)], "correlation": [Range({"strategy": "a", "other": "b"}, points)]},
        12: {
            "pnl": [Range({"strategy": "a#1"}, points)],
            "equity": [Range({"__name__": "genesis_portfolio_equity"}, points)],
        },
    }


def change(seconds: float, strategy: str, before: tuple[str, StrategyState], after: tuple[str, StrategyState]) -> TimedStep:
    step = Step(
        action=Action.LOWER,
        before=Share(Decimal(before[0]), before[1]),
        after=Share(Decimal(after[0]), after[1]),
        reasons=(Reason("x"),),
    )
    return TimedStep(BEGIN + timedelta(seconds=seconds), strategy, step)


def counted(*changes: TimedStep) -> Simulation:
    simulation = Simulation(SETTINGS.rotation)
    simulation.changes.extend(changes)
    simulation.totals = {"good": StrategyTotals(), "bad": StrategyTotals()}
    return simulation


def test_times_count_from_the_decay_and_pauses_before_it_were_false() -> None:
    run = outcome(
        Plan(1, 15, "bad", 300.0),
        counted(
            change(100, "bad", ("0.2", ACTIVE), ("0", PAUSED)),
            change(200, "bad", ("0", PAUSED), ("0.1", REDUCED)),
            change(250, "bad", ("0.1", REDUCED), ("0.2", ACTIVE)),
            change(310, "good", ("0.2", ACTIVE), ("0.1", REDUCED)),
            change(320, "good", ("0.1", REDUCED), ("0", PAUSED)),
            change(330, "bad", ("0.2", ACTIVE), ("0.15", REDUCED)),
            change(345, "bad", ("0.15", REDUCED), ("0.1", REDUCED)),
            change(390, "bad", ("0.1", REDUCED), ("0", PAUSED)),
            change(400, "good", ("0", PAUSED), ("0.1", REDUCED)),
        ),
    )
    assert (run.reduced_after, run.halved_after, run.paused_after) == (30, 45, 90)
    assert run.paused == {"bad": 1, "good": 1}
    assert run.reduced == {"good": 1}  # what comes back from a pause was not reduced


def test_a_strategy_that_was_paused_as_it_decayed_was_paused_at_once() -> None:
    run = outcome(Plan(1, 15, "bad", 300.0), counted(change(100, "bad", ("0.2", ACTIVE), ("0", PAUSED))))
    assert (run.paused_after, run.reduced_after) == (0, None)


def test_what_never_happened_is_none() -> None:
    run = outcome(Plan(1, 15, "bad", 300.0), counted())
    assert (run.paused_after, run.reduced_after, run.halved_after) == (None, None, None)


def test_a_spread_by_hand() -> None:
    told = spread([float(value) for value in range(-10, 11)])
    assert (told.mean, told.median, told.low, told.high) == (0, 0, -9, 9)
    assert told.positive == pytest.approx(10 / 21)
    assert told.error == pytest.approx((770 / 20 / 21) ** 0.5)
    assert spread([3.0])[:5] == (3, 3, 3, 3, 1)
