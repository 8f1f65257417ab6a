"""The policy clause by clause, with numbers that were computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from genesis.core.allocation import Action, EngineReport, Share
from genesis.core.models import StrategyState
from genesis.rotation.decision import Decision
from genesis.rotation.observation import Limits, Observation, Pair, Pin, StrategyReading
from genesis.rotation.policy import decide
from genesis.settings.rotation import RotationSettings

ACTIVE, REDUCED, PAUSED, STOPPED = (
    StrategyState.ACTIVE,
    StrategyState.REDUCED,
    StrategyState.PAUSED,
    StrategyState.STOPPED,
)
BEGIN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
ACCOUNT = Limits(tier="small", allowed=None, max_active=5)
ALLOCATION = {
    "min_weight": "0.05",
    "max_weight": "0.5",
    "reserve": "0.1",
    "reduced_ratio": "0.5",
    "correlation_penalty": 0,
    "max_turnover_per_step": "1",
    "max_turnover_per_day": "10",
    "min_dwell": "0s",
    "min_change": "0.01",
    "score_margin": 0.1,
}
RULES = {
    "deep": {"signal": "drawdown", "action": "pause", "at_least": 0.1, "until": 0.05},
    "falling": {"signal": "drawdown", "action": "reduce", "at_least": 0.08, "until": 0.06},
}
WORN = {"worn": {"signal": "drawdown", "action": "pause", "at_least": 0.1, "clears": "time"}}


def settings(*, rules: dict[str, Any] | None = None, **allocation: Any) -> RotationSettings:
    """Score and signal `edge` are the same number."""
    return RotationSettings.model_validate(
        {
            "interval": "30s",
            "stale_after": "2m",
            "warm_up": "1m",
            "signals": {"edge": "e", "drawdown": "d"},
            "score": [{"signal": "edge", "weight": 1}],
            "rules": RULES if rules is None else rules,
            "resume": {"after": "1m", "cooldown": "3m", "probation": "2m"},
            "allocation": ALLOCATION | allocation,
        }
    )


def told(edge: float | None, drawdown: float | None = 0.0, *, fresh: bool = True) -> StrategyReading:
    signals = {"edge": edge, "drawdown": drawdown}
    return StrategyReading(fresh=fresh, signals={name: value for name, value in signals.items() if value is not None})


class Rotation:
    """Decisions one after the other, half a minute apart; the engine told its weights before the first one."""

    def __init__(self, chosen: RotationSettings, **shares: str | Share) -> None:
        self.settings = chosen
        given = {name: one if isinstance(one, Share) else Share(Decimal(one), ACTIVE) for name, one in shares.items()}
        self.engine: EngineReport | None = EngineReport(decision=None, shares=given) if given else None
        self.now = 0.0
        self.pins: dict[str, Pin] = {}
        self.last: Decision | None = None

    def step(
        self,
        *,
        after: float = 30.0,
        halted: bool = False,
        limits: Limits | None = ACCOUNT,
        loss: float | None = 0.0,
        faults: tuple[str, ...] = (),
        pairs: tuple[Pair, ...] = (),
        **strategies: StrategyReading | float,
    ) -> Decision:
        self.now += after
        seen = Observation(
            time=BEGIN + timedelta(seconds=self.now),
            strategies={name: one if isinstance(one, StrategyReading) else told(one) for name, one in strategies.items()},
            correlations=pairs,
            limits=limits,
            daily_loss_used=loss,
            engine=self.engine,
            faults=faults,
        )
        history = None if self.last is None else self.last.history
        self.last = decide(self.settings, seen, history, pins=self.pins, halted=halted)
        return self.last

    def pin(self, name: str, state: StrategyState, weight: str | None = None) -> None:
        value = None if weight is None else Decimal(weight)
        self.pins[name] = Pin(state=state, weight=value, why="maintenance", author="ada", since=BEGIN)


def weights(decision: Decision) -> dict[str, str]:
    return {name: str(step.after.weight.quantize(Decimal("0.0001"))) for name, step in decision.steps.items()}


def states(decision: Decision) -> dict[str, StrategyState]:
    return {name: step.after.state for name, step in decision.steps.items()}


def codes(decision: Decision, name: str) -> list[str]:
    return [reason.code for reason in decision.steps[name].reasons]


def blocked(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.blocked]


# Where it begins


def test_the_first_decision_begins_with_what_the_engine_reports() -> None:
    first = Rotation(settings(), a="0.2", b="0.3").step(a=0.5, b=0.5, faults=("signals",))
    assert weights(first) == {"a": "0.2000", "b": "0.3000"}


def test_without_a_report_it_begins_with_equal_shares_of_what_the_reserve_leaves() -> None:
    first = Rotation(settings()).step(a=0.5, b=0.5, c=0.5, d=0.5)
    assert weights(first) == dict.fromkeys("abcd", "0.2250")


def test_a_strategy_that_comes_later_begins_with_nothing_and_is_raised_by_its_score() -> None:
    rotation = Rotation(settings())
    rotation.step(a=0.5)
    later = rotation.step(a=0.5, b=0.5)
    assert later.steps["b"].before == Share(Decimal(0), ACTIVE)
    assert weights(later) == {"a": "0.4500", "b": "0.4500"}


def test_an_answer_without_a_paused_strategy_does_not_let_it_forget_the_pause() -> None:
    rotation = Rotation(settings())
    rotation.step(a=0.5, b=0.5)
    rotation.step(a=0.5, b=told(0.5, 0.2))
    rotation.step(a=0.5)
    assert states(rotation.step(a=0.5, b=0.5))["b"] is PAUSED


def test_a_strategy_without_capital_is_forgotten_after_a_week_of_silence() -> None:
    rotation = Rotation(settings(), a="0.3", b=Share(Decimal(0), PAUSED))
    rotation.engine = EngineReport(decision=1, shares={})
    rotation.settings = settings().model_copy(update={"interval": timedelta(days=1)})
    rotation.step(a=0.5, b=0.5)
    for _ in range(2):
        assert "b" in rotation.step(a=0.5, after=3 * 86_400).steps
    assert "b" not in rotation.step(a=0.5, after=3 * 86_400).steps


def test_another_mode_begins_with_the_report_and_waits_for_it() -> None:
    rotation = Rotation(settings())
    rotation.step(a=0.5, b=0.5)
    rotation.settings = settings().model_copy(update={"mode": "enforce"})
    waiting = rotation.step(a=0.9, b=0.5)
    assert (blocked(waiting), weights(waiting)) == (["engine"], {"a": "0.4500", "b": "0.4500"})
    rotation.engine = EngineReport(decision=3, shares={"a": Share(Decimal("0.2"), ACTIVE)})
    assert rotation.step(a=0.9, b=0.5).steps["a"].before.weight == Decimal("0.2")


# Time


@pytest.mark.parametrize(("seconds", "clock"), [(30, 30.0), (7200, 90.0), (-7200, 0.0)])
def test_the_clock_that_counts_goes_no_further_than_three_intervals_and_never_back(seconds: float, clock: float) -> None:
    rotation = Rotation(settings())
    rotation.step(a=0.5)
    assert rotation.step(a=0.5, after=seconds).history.clock == clock


def test_a_clock_that_went_back_blocks() -> None:
    rotation = Rotation(settings(), a="0.1")
    rotation.step(a=0.5, faults=("rules",))
    back = rotation.step(a=0.5, after=-1)
    assert (blocked(back), weights(back)) == (["clock"], {"a": "0.1000"})


# Halt and pins


def test_while_halted_nothing_changes_whatever_the_rules_say() -> None:
    rotation = Rotation(settings(), a="0.3")
    rotation.pin("b", ACTIVE, "0.2")
    halted = rotation.step(a=told(0.5, 0.9), b=0.5, halted=True)
    assert (weights(halted), codes(halted, "a"), halted.changes) == ({"a": "0.3000", "b": "0.0000"}, ["halted"], False)


def test_a_pin_is_carried_out_once_and_then_nothing_touches_the_strategy() -> None:
    rotation = Rotation(settings(), a="0.3", b="0.3")
    rotation.pin("a", REDUCED, "0.6")
    first = rotation.step(a=0.1, b=0.1)
    assert first.steps["a"].action is Action.PIN
    later = rotation.step(a=told(0.1, 0.9), b=0.1)
    assert (later.steps["a"].action, later.steps["a"].after) == (Action.HOLD, Share(Decimal("0.6"), REDUCED))


def test_what_is_pinned_is_taken_from_what_the_others_may_have() -> None:
    rotation = Rotation(settings(), a="0.1", b="0.1", c="0.1")
    rotation.pin("a", ACTIVE, "0.6")
    assert weights(rotation.step(a=0.1, b=0.2, c=0.1)) == {"a": "0.6000", "b": "0.2000", "c": "0.1000"}


@pytest.mark.parametrize(
    ("limits", "loss", "weight"),
    [
        (Limits(tier="small", allowed=frozenset({"b"}), max_active=5), 0.0, "0.0000"),
        (ACCOUNT, 1.0, "0.0000"),
        (None, 0.0, "0.1000"),
        (ACCOUNT, None, "0.1000"),
        (ACCOUNT, 0.0, "0.4000"),
    ],
)
def test_the_tier_stands_above_pins_and_a_raise_waits_until_it_is_known(
    limits: Limits | None, loss: float | None, weight: str
) -> None:
    rotation = Rotation(settings(), a="0.1")
    rotation.pin("a", ACTIVE, "0.4")
    assert weights(rotation.step(a=0.5, limits=limits, loss=loss)) == {"a": weight}


def test_pins_that_come_to_more_than_the_reserve_leaves_are_scaled_down() -> None:
    rotation = Rotation(settings(), a="0.1", b="0.1")
    rotation.pin("a", ACTIVE, "0.6")
    rotation.pin("b", ACTIVE, "0.6")
    assert weights(rotation.step(a=0.5, b=0.5)) == {"a": "0.4500", "b": "0.4500"}


def test_a_strategy_that_the_engine_stopped_stays_so_also_when_a_limit_comes_and_goes() -> None:
    rotation = Rotation(settings(), a=Share(Decimal("0.2"), STOPPED))
    assert rotation.step(a=0.5).steps["a"].after == Share(Decimal(0), STOPPED)
    rotation.step(a=0.5, loss=1.0)
    for _ in range(20):
        assert states(rotation.step(a=0.5)) == {"a": STOPPED}


def test_a_strategy_that_was_pinned_stopped_comes_back_like_a_paused_one() -> None:
    rotation = Rotation(settings(), a="0.2")
    rotation.pin("a", STOPPED)
    rotation.step(a=0.5)
    rotation.pins = {}
    assert states(rotation.step(a=0.5)) == {"a": PAUSED}
    assert [states(rotation.step(a=0.5))["a"] for _ in range(6)] == [PAUSED] * 5 + [REDUCED]


# Limits


def test_a_strategy_that_the_tier_does_not_allow_loses_everything_at_once() -> None:
    rotation = Rotation(settings(max_turnover_per_step="0.01"), a="0.4", b="0.4")
    decision = rotation.step(a=0.5, b=0.5, limits=Limits(tier="micro", allowed=frozenset("b"), max_active=5))
    assert (decision.steps["a"].after, codes(decision, "a")) == (Share(Decimal(0), PAUSED), ["tier"])


@pytest.mark.parametrize(
    ("loss", "weight", "why"),
    [(0.79, "0.5000", []), (0.8, "0.2000", ["daily_loss"]), (None, "0.2000", ["daily_loss"]), (1.0, "0.0000", ["daily_loss"])],
)
def test_the_daily_loss_first_ends_raises_and_then_trading(loss: float | None, weight: str, why: list[str]) -> None:
    decision = Rotation(settings(), a="0.2").step(a=0.5, loss=loss)
    assert (weights(decision), blocked(decision)) == ({"a": weight}, why)


@pytest.mark.parametrize("signal", [float("nan"), float("inf")])
def test_what_is_not_finite_is_not_known(signal: float) -> None:
    assert blocked(Rotation(settings(), a="0.2").step(a=0.5, loss=signal)) == ["daily_loss"]
    rotation = Rotation(settings(), a="0.2")
    rotation.step(a=0.5, faults=("rules",))
    assert blocked(rotation.step(a=signal)) == ["partial"]


def test_those_with_the_lowest_scores_are_paused_where_the_tier_lets_fewer_have_capital() -> None:
    rotation = Rotation(settings(), a="0.2", b="0.2", c="0.2", d="0.2")
    rotation.pin("d", ACTIVE)
    decision = rotation.step(a=0.5, b=0.3, c=told(None), d=0.1, limits=Limits(tier="small", allowed=None, max_active=2))
    assert states(decision) == {"a": ACTIVE, "b": PAUSED, "c": PAUSED, "d": ACTIVE}
    assert codes(decision, "b")[0] == "max_active"


def test_weights_above_the_maximum_and_a_sum_above_the_reserve_are_lowered_also_while_blocked() -> None:
    decision = Rotation(settings(), a="0.8", b="0.4", c="0.1").step(a=0.5, b=0.5, c=0.5, faults=("rules",))
    # 0.5 + 0.4 + 0.1 is 1.0, and 0.9 may be.
    assert weights(decision) == {"a": "0.4500", "b": "0.3600", "c": "0.0900"}
    assert codes(decision, "a") == ["max_weight", "reserve"]


# Hard rules


def test_a_rule_pauses_at_once_with_its_figures_and_ends_below_until() -> None:
    rotation = Rotation(settings(max_turnover_per_step="0.01"), a="0.4", b="0.4")
    decision = rotation.step(a=told(0.9, 0.112), b=0.9)
    assert (decision.steps["a"].action, decision.steps["a"].after) == (Action.PAUSE, Share(Decimal(0), PAUSED))
    assert decision.steps["a"].reasons[0].text == "drawdown 0.112 ≥ 0.1"
    assert codes(rotation.step(a=told(0.9, 0.05), b=0.9), "a") == ["deep"]
    assert codes(rotation.step(a=told(0.9, 0.049), b=0.9), "a") == ["recovered"]


def test_a_rule_pauses_also_while_blocked_if_its_own_figures_are_fresh() -> None:
    rotation = Rotation(settings(), a="0.4", b="0.4")
    decision = rotation.step(a=told(0.9, 0.2), b=told(0.9, 0.2, fresh=False), limits=None, faults=("prometheus",))
    assert weights(decision) == {"a": "0.0000", "b": "0.4000"}


def test_a_signal_that_is_not_known_begins_no_rule_and_ends_none() -> None:
    rotation = Rotation(settings(), a="0.4")
    rotation.step(a=told(0.9, 0.2))
    assert codes(rotation.step(a=told(0.9, None)), "a") == ["deep"]


def test_a_rule_that_reduces_does_so_at_once_to_a_part_of_an_equal_share() -> None:
    rotation = Rotation(settings(max_turnover_per_step="0.01"), a="0.4", b="0.4")
    decision = rotation.step(a=told(0.9, 0.08), b=0.9, faults=("rules",))
    # Half of 0.9 / 2.
    assert decision.steps["a"].after == Share(Decimal("0.2250"), REDUCED)
    assert decision.steps["a"].action is Action.REDUCE


def test_a_reduced_strategy_is_restored_when_the_rule_ended_and_the_dwell_time_is_over() -> None:
    rotation = Rotation(settings(min_dwell="1m"), a="0.4", b="0.4")
    rotation.step(a=told(0.9, 0.08), b=0.9)
    assert states(rotation.step(a=told(0.9, 0.05), b=0.9))["a"] is REDUCED
    restored = rotation.step(a=told(0.9, 0.05), b=0.9)
    assert (restored.steps["a"].action, states(restored)["a"]) == (Action.RESTORE, ACTIVE)


def test_a_paused_strategy_comes_back_reduced_after_the_cooldown_and_a_clear_time() -> None:
    rotation = Rotation(settings(), a="0.4", b="0.4")
    rotation.step(a=told(0.9, 0.2), b=0.9)
    path = [rotation.step(a=0.9, b=0.9) for _ in range(10)]
    assert [states(one)["a"] for one in path] == [PAUSED] * 5 + [REDUCED] * 4 + [ACTIVE]
    assert path[5].steps["a"].action is Action.RESUME
    assert weights(path[5])["a"] == "0.2250"


def test_a_figure_that_is_lost_begins_the_clear_time_anew() -> None:
    rotation = Rotation(settings(), a="0.4", b="0.4")
    rotation.step(a=told(0.9, 0.2), b=0.9)
    for _ in range(5):
        rotation.step(a=0.9, b=0.9)
    rotation.step(a=told(0.9, None), b=0.9)
    assert [states(rotation.step(a=0.9, b=0.9))["a"] for _ in range(3)] == [PAUSED, PAUSED, REDUCED]


def test_what_comes_back_without_a_score_begins_with_the_least_weight() -> None:
    rotation = Rotation(settings(), a="0.4", b="0.4")
    rotation.step(a=told(0.9, 0.2), b=0.9)
    for _ in range(5):
        rotation.step(a=told(None), b=0.9)
    assert rotation.step(a=told(None), b=0.9).steps["a"].after == Share(Decimal("0.05"), REDUCED)


def test_nothing_comes_back_while_blocked() -> None:
    rotation = Rotation(settings(), a="0.4", b="0.4")
    rotation.step(a=told(0.9, 0.2), b=0.9)
    path = [rotation.step(a=0.9, b=0.9, faults=("unconfirmed",)) for _ in range(20)]
    assert {states(one)["a"] for one in path} == {PAUSED}


def test_a_rule_that_time_clears_holds_again_only_after_the_probation() -> None:
    rotation = Rotation(settings(rules=WORN), a="0.4", b="0.4")
    path = [states(rotation.step(a=told(0.9, 0.2), b=0.9))["a"] for _ in range(15)]
    # Six intervals of cooldown, two of clear time, four of probation; and the figure is as bad as before.
    assert path == [PAUSED] * 8 + [REDUCED] * 4 + [PAUSED] * 3


def test_a_strategy_that_was_known_and_is_not_any_more_is_paused_in_time() -> None:
    rotation = Rotation(settings(), a="0.4", b="0.4")
    rotation.step(a=0.9, b=0.9)
    path = [rotation.step(a=told(0.9, fresh=False), b=0.9) for _ in range(4)]
    assert [states(one)["a"] for one in path] == [ACTIVE] * 3 + [PAUSED]
    assert codes(path[-1], "a") == ["stale"]


def test_nobody_is_paused_as_stale_while_the_account_is_not_known() -> None:
    rotation = Rotation(settings(), a="0.4")
    rotation.step(a=0.9)
    path = [rotation.step(limits=None, loss=None, faults=("prometheus",)) for _ in range(20)]
    assert {weights(one)["a"] for one in path} == {"0.5000"}


# What blocks


@pytest.mark.parametrize("fault", ["prometheus", "stale", "clock", "signals", "engine", "unconfirmed", "rules"])
def test_a_fault_blocks_raises_and_what_only_scores_would_lower(fault: str) -> None:
    decision = Rotation(settings(), a="0.2", b="0.5").step(a=1.0, b=0.1, faults=(fault,))
    assert (weights(decision), blocked(decision)) == ({"a": "0.2000", "b": "0.5000"}, [fault])
    assert codes(decision, "a") == ["blocked"]


def test_a_strategy_that_lacks_a_figure_is_new_for_a_while_and_then_a_part_is_missing() -> None:
    rotation = Rotation(settings(), a="0.2", b="0.2")
    path = [blocked(rotation.step(a=0.5, b=told(None))) for _ in range(3)]
    assert path == [["warming_up"], ["warming_up"], ["partial"]]
    assert rotation.last is not None
    assert rotation.last.blocked[0].text == "'b' lacks edge"


def test_a_paused_strategy_that_lacks_figures_blocks_nobody() -> None:
    rotation = Rotation(settings(), a="0.2", b=Share(Decimal(0), PAUSED))
    decision = rotation.step(a=0.5, b=told(None, None))
    assert (blocked(decision), weights(decision)) == ([], {"a": "0.5000", "b": "0.0000"})


def test_what_the_engine_never_confirmed_is_given_up_when_something_else_is_unknown() -> None:
    rotation = Rotation(settings(), a="0.2")
    assert weights(rotation.step(a=0.9)) == {"a": "0.5000"}
    assert weights(rotation.step(a=0.9, faults=("unconfirmed",))) == {"a": "0.5000"}
    assert weights(rotation.step(a=0.9, faults=("unconfirmed", "signals"))) == {"a": "0.2000"}


# Scores and targets


def test_targets_are_in_proportion_to_scores_within_bounds() -> None:
    decision = Rotation(settings(), a="0.3", b="0.3", c="0.3").step(a=0.9, b=0.2, c=0.1)
    # a is cut at 0.5; 0.4 is left, two thirds and one third of it.
    assert weights(decision) == {"a": "0.5000", "b": "0.2666", "c": "0.1333"}


def test_the_least_weight_is_kept_for_each_that_takes_part() -> None:
    decision = Rotation(settings(), a="0.3", b="0.3", c="0.3").step(a=0.9, b=0.9, c=0.0)
    assert weights(decision) == {"a": "0.4250", "b": "0.4250", "c": "0.0500"}


def test_what_runs_with_others_gets_less_and_an_unknown_pair_counts_as_one() -> None:
    rotation = Rotation(settings(correlation_penalty=0.5, max_weight="0.9"), a="0.3", b="0.3", c="0.3")
    pairs = (Pair("a", "b", 0.8), Pair("c", "a", -0.6))
    # Means: a 0.1, b 0.9 (b with c is not known), c 0.2; of 0.95, 0.55, 0.90 in 2.40, each 0.9.
    decision = rotation.step(a=1.0, b=1.0, c=1.0, pairs=pairs)
    assert [str(step.target) for step in decision.steps.values()] == ["0.3562", "0.2062", "0.3375"]
    # Were b with c 0: b 0.4, c 0; of 0.95, 0.80, 1.00 in 2.75. Nobody is raised above that.
    assert weights(decision) == {"a": "0.3109", "b": "0.2062", "c": "0.3272"}


@pytest.mark.parametrize(("falling", "scores"), [(False, [0.0, 0.5, 0.5, 1.0]), (True, [1.0, 0.5, 0.5, 0.0])])
def test_ranks_are_from_the_worst_to_the_best_and_equal_ones_share_theirs(falling: bool, scores: list[float]) -> None:
    term = {"signal": "edge", "weight": 1, "normalisation": "rank", "worst": float(falling), "best": float(not falling)}
    chosen = RotationSettings.model_validate(settings().model_dump() | {"score": [term]})
    decision = Rotation(chosen).step(a=-7.0, b=2.0, c=2.0, d=90.0)
    assert [step.score for step in decision.steps.values()] == scores


def test_a_score_is_the_mean_of_its_terms_by_their_weights() -> None:
    terms = [
        {"signal": "edge", "weight": 3, "worst": 0, "best": 2},
        {"signal": "drawdown", "weight": 1, "worst": 0.2, "best": 0},
    ]
    chosen = RotationSettings.model_validate(settings().model_dump() | {"score": terms})
    decision = Rotation(chosen).step(a=told(1.0, 0.05), b=told(5.0, 0.05))
    assert [step.score for step in decision.steps.values()] == pytest.approx([(3 * 0.5 + 0.75) / 4, (3 * 1 + 0.75) / 4])


@pytest.mark.parametrize(("challenger", "holder"), [(0.59, "0.4500"), (0.61, "0.0000")])
def test_a_place_among_the_tiers_number_changes_hands_only_for_a_better_score_by_the_margin(
    challenger: float, holder: str
) -> None:
    two = Limits(tier="micro", allowed=None, max_active=2)
    decision = Rotation(settings(), a="0.45", b="0.45").step(a=0.5, b=0.5, c=challenger, limits=two)
    assert weights(decision)["b"] == holder


# One step


def test_a_step_moves_no_more_than_the_turnover_and_no_more_than_the_reserve_leaves() -> None:
    rotation = Rotation(settings(max_turnover_per_step="0.1", max_weight="0.9"), a="0.45", b="0.45")
    # Targets 0.72 and 0.18: a wants 0.27 more, b 0.27 less.
    assert weights(rotation.step(a=0.8, b=0.2)) == {"a": "0.5500", "b": "0.3500"}


def test_what_several_want_is_scaled_alike() -> None:
    rotation = Rotation(settings(max_turnover_per_step="0.1"), a="0.1", b="0.2", c="0.1")
    # All want 0.3: 0.2, 0.1 and 0.2 more, of which a fifth each may be.
    assert weights(rotation.step(a=0.5, b=0.5, c=0.5)) == {"a": "0.1400", "b": "0.2200", "c": "0.1400"}


def test_a_day_moves_no_more_than_its_turnover_until_a_day_of_the_clock_has_gone_by() -> None:
    rotation = Rotation(settings(max_turnover_per_step="0.1", max_turnover_per_day="0.15"), a="0.1")
    rotation.settings = rotation.settings.model_copy(update={"interval": timedelta(hours=8)})
    path = [weights(rotation.step(a=0.9, after=after))["a"] for after in (0, 30, 30, 86_300, 100)]
    assert path == ["0.2000", "0.2500", "0.2500", "0.2500", "0.3500"]
    assert rotation.last is not None
    assert "turnover" not in codes(rotation.last, "a")


def test_hard_reductions_use_up_no_turnover() -> None:
    rotation = Rotation(settings(max_turnover_per_step="0.1", max_turnover_per_day="0.1"), a="0.4", b="0.4")
    rotation.step(a=told(0.9, 0.2), b=0.9)
    assert rotation.last is not None
    assert [one.amount for one in rotation.last.history.turnover] == [Decimal("0.1")]
    assert weights(rotation.last) == {"a": "0.0000", "b": "0.5000"}


def test_what_was_raised_is_not_lowered_and_what_was_lowered_not_raised_before_the_dwell_time_is_over() -> None:
    rotation = Rotation(settings(min_dwell="1m"), a="0.45", b="0.45")
    rotation.step(a=0.6, b=0.4)
    held = rotation.step(a=0.4, b=0.6)
    assert (codes(held, "a"), codes(held, "b"), held.changes) == (["dwell"], ["dwell"], False)
    assert weights(rotation.step(a=0.4, b=0.6)) == {"a": "0.4000", "b": "0.5000"}


def test_a_change_that_is_not_worth_its_costs_is_left() -> None:
    decision = Rotation(settings(), a="0.45", b="0.45").step(a=0.505, b=0.495)
    assert (codes(decision, "a"), decision.changes) == (["settled"], False)
    assert decision.steps["a"].target == Decimal("0.4545")
