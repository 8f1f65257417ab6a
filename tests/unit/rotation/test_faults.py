"""What a fault of the observation as a whole must not do to single strategies: controller and policy together."""

from __future__ import annotations

from datetime import timedelta

import pytest

from genesis.core.models import StrategyState
from genesis.rotation import policy
from genesis.rotation.decision import Decision
from genesis.rotation.observation import Limits, Observation, StrategyReading
from tests.unit.rotation.told import START, settings

CHOSEN = settings(stale_after="1m", resume={"after": "30s", "cooldown": "10m"})
LIMITS = Limits(tier="ARCHITECT", allowed=None, max_active=10)


def seen(at: int, figures: dict[str, dict[str, float]], faults: tuple[str, ...] = ()) -> Observation:
    strategies = {name: StrategyReading(fresh=True, signals=signals) for name, signals in figures.items()}
    time = START + timedelta(seconds=at)
    return Observation(time=time, strategies=strategies, limits=LIMITS, daily_loss_used=0.0, faults=faults)


def run(*observations: Observation) -> Decision:
    history = None
    for one in observations:
        decision = policy.decide(CHOSEN, one, history, pins={}, halted=False)
        history = decision.history
    return decision


GOOD = {"sharpe": 1.0, "drawdown": 0.0}


@pytest.mark.parametrize(
    ("faults", "paused"), [((), True), (("signals",), False), (("rules",), False), (("prometheus",), False)]
)
def test_an_expression_that_fails_for_all_does_not_pause_them_as_stale(faults: tuple[str, ...], paused: bool) -> None:
    # Without a fault only the one that lacks a figure which the other has is not known.
    known, lost = {"one": GOOD, "two": GOOD}, {"one": {"sharpe": 1.0}, "two": {"sharpe": 1.0} if faults else GOOD}
    decision = run(seen(0, known), *(seen(at, lost, faults) for at in range(10, 100, 10)))
    assert (decision.steps["one"].after.state is StrategyState.PAUSED) == paused
    assert bool(decision.blocked) != paused


@pytest.mark.parametrize("faults", [("rules",), ("signals",)])
def test_a_strategy_is_not_clear_while_what_says_so_is_not_to_be_relied_on(faults: tuple[str, ...]) -> None:
    bad = seen(0, {"one": {"sharpe": 1.0, "drawdown": 0.2}, "two": GOOD})
    doubtful = [seen(at, {"one": GOOD, "two": GOOD}, faults) for at in range(10, 700, 10)]
    after = [seen(at, {"one": GOOD, "two": GOOD}) for at in range(700, 740, 10)]
    assert run(bad, *doubtful, *after[:2]).steps["one"].after.state is StrategyState.PAUSED
    assert run(bad, *doubtful, *after).steps["one"].after.state is StrategyState.REDUCED
