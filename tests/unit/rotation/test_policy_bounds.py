"""More of where a decision begins, what halts and blocks it, limits and pins; figures computed by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest
from msgspec.structs import replace

from genesis.core.allocation import Action, Share
from genesis.core.models import StrategyState
from genesis.rotation.observation import Limits, Pair
from tests.unit.rotation.played import (
    ACTIVE,
    ALL,
    PAUSED,
    REDUCED,
    STOPPED,
    Played,
    blocked,
    codes,
    pin,
    quick,
    report,
    states,
    weights,
)

WEEK = 7 * 86_400.0


@pytest.mark.parametrize(("seconds", "counted"), [(10, 10.0), (0, 0.0), (30, 30.0), (31, 30.0), (86_400, 30.0), (-100, 0.0)])
def test_no_more_than_three_intervals_count_between_decisions(seconds: float, counted: float) -> None:
    one = Played("a")
    one.next()
    assert one.next(seconds).history.clock == counted


def test_a_clock_that_goes_back_blocks() -> None:
    one = Played("a", "b")
    one.next()
    one.signals["a"]["sharpe"] = 3.0
    decision = one.next(-1)
    assert blocked(decision) == ["clock"]
    assert not decision.changes


def test_the_first_weights_are_equal_shares_of_what_the_reserve_leaves() -> None:
    assert weights(Played("a", "b", "c").next(halted=True)) == {"a": "0.3166", "b": "0.3166", "c": "0.3166"}


def test_the_first_weights_are_those_of_the_engine_where_it_reports_any() -> None:
    decision = Played("a", "b").next(halted=True, engine=report(a="0.12345", b=("0.2", REDUCED), c=("0", STOPPED)))
    assert weights(decision) == {"a": "0.1234", "b": "0.2000", "c": "0.0000"}
    assert states(decision) == {"a": ACTIVE, "b": REDUCED, "c": STOPPED}


def test_an_engine_that_reports_no_strategy_is_given_equal_shares() -> None:
    assert weights(Played("a", "b").next(halted=True, engine=report())) == {"a": "0.4750", "b": "0.4750"}


@pytest.mark.parametrize("missing", ["limits", "loss", "prometheus", "stale", "clock", "signals", "rules"])
def test_an_engine_that_reports_no_strategy_is_given_nothing_while_the_account_is_not_seen(missing: str) -> None:
    one = Played("a", "b", settings=quick(mode="enforce"))
    one.limits = None if missing == "limits" else ALL
    faults = () if missing in {"limits", "loss"} else (missing,)
    decision = one.next(engine=report(), faults=faults, loss=None if missing == "loss" else 0.1)
    assert weights(decision) == {"a": "0.0000", "b": "0.0000"}


def test_an_engine_that_reports_no_strategy_is_given_shares_only_of_those_that_may_have_them() -> None:
    one = Played("a", "b", "c", settings=quick(mode="enforce"))
    one.limits, one.stale = Limits(tier="small", allowed=frozenset({"a", "c"}), max_active=10), {"c"}
    assert weights(one.next(engine=report())) == {"a": "0.5000", "b": "0.0000", "c": "0.0000"}


def test_a_strategy_that_appears_has_nothing_unless_the_engine_says_so() -> None:
    one = Played("a")
    one.next(halted=True)
    one.signals |= {"new": dict(one.signals["a"]), "run": dict(one.signals["a"])}
    one.pins = {"fixed": pin(PAUSED)}
    decision = one.next(halted=True, engine=report(run="0.2", told=("0.1", PAUSED)))
    assert weights(decision) == {"a": "0.9500", "fixed": "0.0000", "new": "0.0000", "run": "0.2000", "told": "0.1000"}


def test_a_strategy_of_which_nothing_is_heard_is_forgotten_after_a_week_without_capital() -> None:
    one = Played("a", "b")
    one.next(engine=report(a="0.3", b="0"), halted=True)
    del one.signals["b"]
    assert one.history is not None
    one.history = replace(one.history, clock=WEEK - 20)
    assert set(one.next(halted=True).steps) == {"a", "b"}
    assert set(one.next(halted=True).steps) == {"a"}


def test_a_strategy_with_capital_is_never_forgotten() -> None:
    one = Played("a", "b")
    one.next(engine=report(a="0.3", b="0.1"), halted=True)
    del one.signals["b"]
    assert one.history is not None
    one.history = replace(one.history, clock=2 * WEEK)
    assert weights(one.next(halted=True)) == {"a": "0.3000", "b": "0.1000"}


def test_a_change_of_the_mode_takes_the_weights_of_the_engine() -> None:
    one = Played("a", "b", settings=quick(mode="advise"))
    one.next()
    one.settings = quick(mode="enforce")
    waiting = one.next(halted=True)
    assert waiting.history.mode == "advise"
    decision = one.next(engine=report(a="0.1", b=("0", PAUSED)), halted=True)
    assert weights(decision) == {"a": "0.1000", "b": "0.0000"}
    assert decision.history.mode == "enforce"
    assert decision.history.tracks["b"].paused == 20.0  # its cooldown begins here


def test_enforce_is_blocked_until_the_engine_has_reported() -> None:
    one = Played("a", "b", settings=quick(mode="advise"))
    one.next()
    one.settings = quick(mode="enforce")
    assert blocked(one.next()) == ["engine"]
    assert blocked(one.next()) == ["engine"]
    assert blocked(one.next(engine=report(a="0.4", b="0.4"))) == []


def test_enforce_from_the_beginning_takes_the_weights_of_the_first_report() -> None:
    one = Played("a", "b", settings=quick(mode="enforce"))
    assert blocked(one.next()) == ["engine"]
    assert weights(one.next(engine=report(a="0.1", b="0.2"), halted=True)) == {"a": "0.1000", "b": "0.2000"}


# -- the kill switch ---------------------------------------------------------------------------------------------------


def test_halted_holds_everything_even_against_hard_rules_limits_and_pins() -> None:
    one = Played("a", "b")
    before = weights(one.next())
    one.signals["a"]["drawdown"] = 0.5
    one.limits = Limits(tier="none", allowed=frozenset(), max_active=0)
    one.pins = {"b": pin(PAUSED)}
    decision = one.next(halted=True, loss=2.0)
    assert weights(decision) == before
    assert decision.halted
    assert [codes(step) for step in decision.steps.values()] == [["halted"], ["halted"]]
    assert {step.action for step in decision.steps.values()} == {Action.HOLD}
    assert weights(one.next()) == {"a": "0.0000", "b": "0.0000"}


def test_what_held_during_a_halt_counts_after_it() -> None:
    """A rule that held while nothing was done is no time in which none held."""
    one = Played("a", "b")
    one.next()
    one.signals["a"]["drawdown"] = 0.2
    one.next()
    one.signals["a"]["drawdown"] = 0.0
    one.pass_by(20)
    one.signals["a"]["drawdown"] = 0.2
    for _ in range(12):
        one.next(halted=True)
    one.signals["a"]["drawdown"] = 0.0
    assert states(one.next())["a"] is PAUSED
    one.pass_by(20)
    assert states(one.next())["a"] is REDUCED  # 30 s after the first decision in which no rule held


def test_what_was_known_during_a_halt_is_not_stale_after_it() -> None:
    one = Played("a", "b")
    one.next()
    for _ in range(7):
        one.next(halted=True)
    del one.signals["a"]["sharpe"]
    assert states(one.next())["a"] is ACTIVE


# -- limits of the account ---------------------------------------------------------------------------------------------


def test_a_strategy_that_the_tier_does_not_allow_has_nothing_at_once() -> None:
    one = Played("a", "b")
    one.next()
    one.limits = Limits(tier="tiny", allowed=frozenset({"b"}), max_active=5)
    decision = one.next(faults=("signals",))
    assert weights(decision) == {"a": "0.0000", "b": "0.4750"}
    assert decision.steps["a"].action is Action.PAUSE
    assert decision.steps["a"].reasons[0].text == "the tier tiny does not let it trade"


def test_time_in_which_nothing_is_known_of_the_account_makes_no_strategy_stale() -> None:
    """After an outage of Prometheus, a strategy that is told a scrape later than the others goes on."""
    one = Played("a", "b")
    one.next()
    told, one.signals, one.limits = one.signals, {}, None
    for _ in range(20):
        one.next(faults=("prometheus",))
    one.signals, one.limits = {"b": told["b"]}, ALL
    assert states(one.pass_by(50)) == {"a": ACTIVE, "b": ACTIVE}
    assert states(one.next()) == {"a": PAUSED, "b": ACTIVE}


def test_nobody_becomes_stale_in_a_decision_that_does_not_see_the_account() -> None:
    one = Played("a", "b")
    one.next()
    del one.signals["a"]
    one.pass_by(50)
    assert states(one.next(faults=("prometheus",)))["a"] is ACTIVE
    assert states(one.next())["a"] is PAUSED


def test_a_tier_that_is_not_known_blocks_and_takes_nothing() -> None:
    one = Played("a", "b")
    one.next()
    one.limits = None
    one.signals["a"]["sharpe"] = 3.0
    decision = one.next()
    assert blocked(decision) == ["tier"]
    assert not decision.changes


@pytest.mark.parametrize("loss", [0.8, 0.99, None, float("nan"), float("inf")])
def test_nothing_is_raised_once_the_daily_loss_is_nearly_used_up_or_not_known(loss: float | None) -> None:
    one = Played("a", "b", settings=quick({"min_dwell": "0s"}))
    one.next()
    one.signals["a"]["sharpe"] = 3.0
    assert not one.next(loss=loss).changes
    assert blocked(one.next(loss=loss)) == ["daily_loss"]
    assert one.next(loss=0.79).changes


@pytest.mark.parametrize("fault", ["prometheus", "stale", "clock", "signals", "engine", "unconfirmed", "rules"])
def test_all_are_paused_once_the_daily_loss_is_used_up_whatever_else_is_wrong(fault: str) -> None:
    one = Played("a", "b")
    one.next()
    one.pins = {"b": pin(ACTIVE)}
    decision = one.next(loss=1.0, faults=(fault,))
    assert weights(decision) == {"a": "0.0000", "b": "0.0000"}
    assert set(states(decision).values()) == {PAUSED}
    assert codes(decision.steps["b"]) == ["daily_loss"]


def test_where_too_many_have_capital_the_worst_of_them_are_paused() -> None:
    one = Played("a", "b", "c", "d")
    one.next()
    one.limits = Limits(tier="tiny", allowed=None, max_active=2)
    one.signals["a"]["sharpe"] = 0.5
    one.signals["c"]["sharpe"] = 2.0
    del one.signals["d"]["sharpe"]  # not known: the worst of all
    decision = one.next()
    assert states(decision) == {"a": PAUSED, "b": ACTIVE, "c": ACTIVE, "d": PAUSED}
    assert codes(decision.steps["a"]) == ["max_active"]


def test_those_that_a_person_fixed_count_first_where_too_many_have_capital() -> None:
    one = Played("a", "b", "c")
    one.next()
    one.limits = Limits(tier="tiny", allowed=None, max_active=2)
    one.signals["a"]["sharpe"] = -1.0
    one.pins = {"a": pin(ACTIVE)}
    one.signals["c"]["sharpe"] = 0.9
    assert states(one.next()) == {"a": ACTIVE, "b": ACTIVE, "c": PAUSED}


def test_a_weight_above_the_most_for_one_is_lowered_at_once() -> None:
    one = Played("a", "b")
    decision = one.next(engine=report(a="0.8", b="0.1"), faults=("signals",))
    assert weights(decision) == {"a": "0.5000", "b": "0.1000"}
    assert codes(decision.steps["a"]) == ["max_weight"]


def test_more_than_the_reserve_leaves_is_lowered_in_proportion_at_once() -> None:
    one = Played("a", "b", "c")
    decision = one.next(engine=report(a="0.5", b="0.5", c="0.25"), faults=("signals",))
    assert weights(decision) == {"a": "0.3800", "b": "0.3800", "c": "0.1900"}  # times 0.95 / 1.25
    assert codes(decision.steps["c"]) == ["reserve"]


# -- pins --------------------------------------------------------------------------------------------------------------


def test_a_pin_is_carried_out_at_once_and_then_left_alone_whatever_the_rules_say() -> None:
    one = Played("a", "b")
    one.next()
    one.pins = {"a": pin(ACTIVE, "0.2")}
    decision = one.next(faults=("engine",))
    assert decision.steps["a"].action is Action.PIN
    assert decision.steps["a"].reasons[0].text == "by ada: a try"
    one.signals["a"] = {"sharpe": -5.0, "drawdown": 0.9}
    decision = one.pass_by(100)
    assert (weights(decision)["a"], states(decision)["a"]) == ("0.2000", ACTIVE)
    assert decision.steps["a"].action is Action.HOLD


def test_a_pin_without_a_weight_keeps_it_or_takes_it_with_the_state() -> None:
    one = Played("a", "b", "c")
    one.next()
    one.pins = {"a": pin(REDUCED), "b": pin(PAUSED), "c": pin(STOPPED)}
    decision = one.next()
    assert weights(decision) == {"a": "0.3166", "b": "0.0000", "c": "0.0000"}
    assert states(decision) == {"a": REDUCED, "b": PAUSED, "c": STOPPED}


@pytest.mark.parametrize("state", [PAUSED, STOPPED])
def test_a_pin_that_pauses_takes_all_capital_whatever_weight_it_names(state: object) -> None:
    one = Played("a", "b")
    one.next()
    one.pins = {"a": pin(state, "0.2")}  # type: ignore[arg-type]
    assert weights(one.next())["a"] == "0.0000"


def test_a_pin_takes_from_the_others_what_the_reserve_does_not_leave() -> None:
    one = Played("a", "b", "c")
    one.next(engine=report(a="0.3", b="0.4", c="0.2"), halted=True)
    one.pins = {"a": pin(ACTIVE, "0.65")}
    assert weights(one.next(faults=("signals",))) == {"a": "0.6500", "b": "0.2000", "c": "0.1000"}


def test_pins_that_are_more_than_the_reserve_leaves_are_lowered_too() -> None:
    one = Played("a", "b", "c")
    one.next()
    one.pins = {"a": pin(ACTIVE, "0.95"), "b": pin(ACTIVE, "0.95")}
    decision = one.next()
    assert weights(decision) == {"a": "0.4750", "b": "0.4750", "c": "0.0000"}
    assert codes(decision.steps["a"]) == ["pinned", "reserve"]


@pytest.mark.parametrize("missing", ["tier", "loss", "stale"])
def test_a_pin_gives_more_only_once_it_is_known_what_the_tier_allows(missing: str) -> None:
    one = Played("a", "b")
    one.next(engine=report(a="0.2", b="0.2"), halted=True)
    one.pins = {"a": pin(ACTIVE, "0.4")}
    one.limits = None if missing == "tier" else ALL
    held = one.next(loss=None if missing == "loss" else 0.1, faults=("stale",) if missing == "stale" else ())
    assert weights(held)["a"] == "0.2000"
    assert codes(held.steps["a"])[0] == "tier"
    one.limits = ALL
    assert weights(one.next())["a"] == "0.4000"


def test_a_pin_gives_more_only_where_the_daily_loss_lets_weights_be_raised() -> None:
    one = Played("a", "b")
    one.pins = {"a": pin(ACTIVE, "0.3")}
    one.next(engine=report(a="0.1", b="0.1"), loss=0.8)
    assert one.track("a").share.weight == Decimal("0.1")
    assert weights(one.next(loss=0.79))["a"] == "0.3000"


@pytest.mark.parametrize("limit", ["tier", "daily_loss"])
def test_what_a_limit_took_from_a_pin_comes_back_after_the_cooldown_and_not_each_time_that_it_is_kept(limit: str) -> None:
    one = Played("a", "b")
    one.pins = {"a": pin(ACTIVE, "0.3")}
    one.next()
    raised = []
    for second in range(10, 150, 10):
        over = second % 20 == 10 and second < 100
        one.limits = Limits(tier="small", allowed=frozenset({"b"}), max_active=10) if over and limit == "tier" else ALL
        decision = one.next(loss=1.0 if over and limit == "daily_loss" else 0.1)
        assert not over or weights(decision)["a"] == "0.0000"
        raised += [second] if decision.steps["a"].after.weight > decision.steps["a"].before.weight else []
    assert raised == [130]  # 120 s after it was taken at 10 s


def test_a_new_pin_does_not_wait_for_what_a_limit_took_before_it() -> None:
    one = Played("a", "b")
    one.next()
    one.next(loss=1.0)
    one.pins = {"a": pin(ACTIVE, "0.3")}
    assert weights(one.next())["a"] == "0.3000"


def test_one_that_was_pinned_reduced_gets_the_bound_of_a_reduced_one_once_it_is_unpinned() -> None:
    one = Played("a", "b")
    one.pins = {"a": pin(REDUCED, "0.6")}
    one.next()
    one.pins = {}
    one.limits = None  # blocked: no score lowers it
    decision = one.next()
    assert (weights(decision)["a"], codes(decision.steps["a"])) == ("0.2375", ["max_weight"])


def test_one_that_the_engine_reports_reduced_with_more_gets_the_bound_of_a_reduced_one() -> None:
    one = Played("a", "b")
    assert weights(one.next(engine=report(a=("0.5", REDUCED), b="0.2"), faults=("clock",)))["a"] == "0.2375"


def test_a_strategy_pinned_paused_comes_back_like_a_paused_one_once_it_is_unpinned() -> None:
    one = Played("a", "b")
    one.next()
    one.pins = {"a": pin(PAUSED)}
    one.pass_by(200)
    one.pins = {}
    assert states(one.pass_by(30))["a"] is PAUSED  # no rule has held for 20 s by now
    assert states(one.next())["a"] is REDUCED


def test_a_strategy_that_was_pinned_stopped_is_paused_from_the_unpinning_on() -> None:
    one = Played("a", "b")
    one.next()
    one.pins = {"a": pin(STOPPED)}
    one.pass_by(200)
    one.pins = {}
    assert states(one.next())["a"] is PAUSED
    assert states(one.pass_by(110))["a"] is PAUSED
    assert states(one.next())["a"] is REDUCED


def test_what_the_engine_stopped_stays_stopped_and_has_nothing() -> None:
    one = Played("a", "b")
    decision = one.next(engine=report(a=("0.3", STOPPED), b="0.3"))
    assert (weights(decision)["a"], states(decision)["a"]) == ("0.0000", STOPPED)
    one.pass_by(300)
    one.limits = Limits(tier="tiny", allowed=frozenset({"b"}), max_active=5)
    assert states(one.next())["a"] is STOPPED
    one.limits = ALL
    assert states(one.pass_by(300))["a"] is STOPPED


# -- what blocks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["prometheus", "stale", "clock", "signals", "engine", "unconfirmed", "rules"])
def test_every_fault_blocks_raises_and_what_only_scores_want(fault: str) -> None:
    one = Played("a", "b", settings=quick({"min_dwell": "0s"}))
    one.next()
    one.signals["a"]["sharpe"] = 3.0
    decision = one.next(faults=(fault,))
    assert blocked(decision) == [fault]
    assert not decision.changes
    assert codes(decision.steps["a"]) == ["blocked"]
    assert one.next().changes


@pytest.mark.parametrize("lost", ["sharpe", "drawdown", "nan", "not fresh", "all"])
def test_a_figure_that_is_missing_of_one_raises_nobody(lost: str) -> None:
    one = Played("a", "b", settings=quick({"min_dwell": "0s"}))
    one.next()
    one.signals["a"]["sharpe"] = 3.0
    match lost:
        case "nan":
            one.signals["b"]["sharpe"] = float("nan")
        case "not fresh":
            one.stale = {"b"}
        case "all":
            del one.signals["b"]
        case _:
            del one.signals["b"][lost]
    decision = one.next()
    assert blocked(decision) == ["partial"]
    assert "'b' lacks" in decision.blocked[0].text
    assert not decision.changes


def test_a_new_strategy_may_lack_figures_without_an_alert_until_it_had_time() -> None:
    one = Played("a", "b")
    del one.signals["b"]["sharpe"]
    assert blocked(one.next()) == ["warming_up"]
    assert blocked(one.pass_by(290)) == ["warming_up"]
    assert blocked(one.next()) == ["partial"]


def test_one_that_was_known_is_not_new_any_more() -> None:
    one = Played("a", "b")
    one.next()
    del one.signals["b"]["sharpe"]
    assert blocked(one.next()) == ["partial"]


@pytest.mark.parametrize("why", ["paused", "pinned"])
def test_figures_that_decide_nothing_may_be_missing(why: str) -> None:
    one = Played("a", "b", "c", settings=quick({"min_dwell": "0s"}))
    one.next(engine=report(a="0.3", b="0.3", c="0" if why == "pinned" else ("0", PAUSED)))
    one.pins = {"c": pin(PAUSED)} if why == "pinned" else {}
    del one.signals["c"]
    one.signals["a"]["sharpe"] = 3.0
    decision = one.next()
    assert blocked(decision) == []
    assert decision.steps["a"].action is Action.RAISE


def test_an_order_that_is_not_confirmed_is_given_up_where_it_adds_risk_once_anything_else_is_wrong() -> None:
    one = Played("a", "b", settings=quick({"min_dwell": "0s"}))
    one.next(engine=report(a="0.3", b="0.3"))
    one.signals["a"]["sharpe"] = 3.0
    one.next(engine=report(a="0.3", b="0.3"))
    had = one.track("a").share.weight
    assert had > Decimal("0.3")
    waiting = one.next(engine=report(a="0.3", b="0.3"), faults=("unconfirmed",))
    assert not waiting.changes
    decision = one.next(engine=report(a="0.30005", b="0.5"), faults=("unconfirmed", "prometheus"))
    assert weights(decision)["a"] == "0.3000"
    assert codes(decision.steps["a"]) == ["unconfirmed"]
    assert decision.steps["b"].after == decision.steps["b"].before  # the engine having more gives it no more


def test_an_order_for_a_strategy_that_the_engine_does_not_report_is_given_up_too() -> None:
    one = Played("a", "b")
    one.next(engine=report(a="0.3", b="0.3"))
    decision = one.next(engine=report(a="0.3"), faults=("unconfirmed", "prometheus"))
    assert weights(decision) == {"a": "0.3000", "b": "0.0000"}


def test_a_pin_is_not_given_up() -> None:
    one = Played("a", "b")
    one.next(engine=report(a="0.3", b="0.3"))
    one.pins = {"a": pin(ACTIVE, "0.4")}
    one.next()
    decision = one.next(engine=report(a="0.3", b="0.3"), faults=("unconfirmed", "signals"))
    assert weights(decision)["a"] == "0.4000"


# -- what takes time ---------------------------------------------------------------------------------------------------


def test_what_a_limit_lowered_is_not_raised_before_the_dwell_time_is_over() -> None:
    one = Played("a", "b")
    one.limits = None
    one.next(engine=report(a="0.9", b="0.2"))  # to 0.5 and 0.2
    one.limits = ALL
    one.signals["a"]["sharpe"], one.signals["b"]["sharpe"] = 3.0, -1.0
    one.settings = quick({"max_weight": "0.6"})
    assert codes(one.pass_by(50).steps["a"]) == ["dwell"]
    assert one.next().steps["a"].action is Action.RAISE


def test_a_rule_that_holds_once_more_begins_the_clear_time_anew() -> None:
    one = Played("a", "b")
    one.next()
    one.signals["a"]["drawdown"] = 0.2
    one.next()
    one.signals["a"]["drawdown"] = 0.0
    one.pass_by(110)
    one.signals["a"]["drawdown"] = 0.2
    one.next()
    one.signals["a"]["drawdown"] = 0.0
    assert states(one.pass_by(30))["a"] is PAUSED
    assert states(one.next())["a"] is REDUCED


def test_a_rule_that_time_no_longer_clears_holds_by_its_signal() -> None:
    def worn(clears: str) -> dict[str, object]:
        return {"worn": {"signal": "drawdown", "action": "pause", "at_least": 0.1, "until": 0.05, "clears": clears}}

    one = Played("a", "b", settings=quick(rules=worn("time")))
    one.next()
    one.signals["a"]["drawdown"] = 0.2
    one.pass_by(160)
    assert (states(one.next())["a"], one.track("a").rules["worn"].suspended) == (REDUCED, True)
    one.settings = quick(rules=worn("signal"))
    assert states(one.next())["a"] is PAUSED


def test_a_figure_that_nobody_has_pauses_nobody_as_stale_and_raises_nobody() -> None:
    one = Played("a", "b")
    one.next()
    one.settings = quick(
        signals={"sharpe": "s", "drawdown": "d", "new": "misspelt"},
        rules={"wrong": {"signal": "new", "action": "pause", "at_least": 1}},
    )
    one.signals["a"]["sharpe"] = 3.0
    for _ in range(30):
        decision = one.next()
        assert not decision.changes
    assert blocked(decision) == ["partial"]
    one.signals["b"]["new"] = 0.0  # now it is only the one that lacks it
    one.pass_by(60)
    assert {name: step.after.state for name, step in one.next().steps.items()} == {"a": PAUSED, "b": ACTIVE}


def test_time_clears_no_rule_of_a_strategy_that_trades() -> None:
    worn = {"worn": {"signal": "drawdown", "action": "reduce", "at_least": 0.1, "clears": "time"}}
    one = Played("a", "b", settings=quick(rules=worn))
    one.next()
    one.signals["a"]["drawdown"] = 0.2
    assert {states(one.next())["a"] for _ in range(60)} == {REDUCED}


def test_the_cooldown_of_a_rule_that_time_clears_counts_from_the_pause() -> None:
    worn = {"signal": "drawdown", "action": "reduce", "at_least": 0.1, "clears": "time"}
    deep = {"signal": "sharpe", "action": "pause", "at_least": 9}
    one = Played("a", "b", settings=quick(rules={"worn": worn, "deep": deep}))
    one.next()
    one.signals["a"]["drawdown"] = 0.2
    one.pass_by(600)
    one.signals["a"]["sharpe"] = 9.0
    one.pass_by(120)
    assert not one.track("a").rules["worn"].suspended
    one.next()
    assert one.track("a").rules["worn"].suspended


def test_a_signal_that_is_lost_of_a_paused_strategy_changes_nobodys_rank() -> None:
    ranks = {"signal": "sharpe", "weight": 1, "normalisation": "rank"}
    one = Played("a", "b", "c", settings=quick({"min_dwell": "0s"}, score=[ranks]))
    one.signals["a"]["sharpe"], one.signals["c"]["sharpe"] = 2.0, 9.0
    told = one.next(engine=report(a="0.4", b="0.4", c=("0", PAUSED)))
    del one.signals["c"]["sharpe"]
    lost = one.next()
    assert [told.steps[name].score for name in "ab"] == [lost.steps[name].score for name in "ab"] == [1.0, 0.0]


# -- correlations ------------------------------------------------------------------------------------------------------


def test_a_correlation_that_is_missing_takes_from_the_two_and_raises_nobody() -> None:
    """With all known at 0, each has 0.3166. Of 0.75, 0.75 and 1 in 2.5, c would have 0.38."""
    one = Played("a", "b", "c", settings=quick({"correlation_penalty": 0.5, "min_dwell": "0s"}))
    one.pairs = (Pair("a", "b", 0.0), Pair("a", "c", 0.0), Pair("b", "c", 0.0))
    assert set(weights(one.next()).values()) == {"0.3166"}
    one.pairs = one.pairs[1:]
    decision = one.next()
    assert weights(decision) == {"a": "0.2850", "b": "0.2850", "c": "0.3166"}
    assert decision.steps["c"].target == Decimal("0.38")
    assert codes(decision.steps["c"]) == ["settled"]
    one.pairs = (Pair("a", "b", 1.0), *one.pairs)
    assert weights(one.next())["c"] == "0.3800"


def test_without_any_correlation_the_scores_alone_decide() -> None:
    one = Played("a", "b", settings=quick({"correlation_penalty": 1, "max_turnover_per_step": "0.5", "max_weight": "1"}))
    one.signals["a"]["sharpe"], one.signals["b"]["sharpe"] = 2.0, 0.0  # scores 0.75 and 0.25
    assert weights(one.next()) == {"a": "0.7125", "b": "0.2375"}


def test_where_not_all_can_have_the_least_weight_the_lowest_scored_have_none() -> None:
    one = Played("a", "b", "c", settings=quick({"min_weight": "0.4", "max_turnover_per_step": "0.5"}))
    one.signals["b"]["sharpe"] = 0.0
    decision = one.next()
    assert [decision.steps[name].target for name in "abc"] == [Decimal("0.4750"), Decimal(0), Decimal("0.4750")]
    assert weights(decision)["b"] == "0.0000"


def test_a_new_strategy_without_capital_keeps_nobody_from_moving_and_waits_for_its_first_capital() -> None:
    played = Played("a", "b")
    played.next()
    played.signals["c"] = {}
    decision = played.next()
    assert not decision.blocked
    assert [reason.code for reason in decision.steps["c"].reasons] == ["new"]
    played.pins = {"c": pin(ACTIVE, "0.1")}
    played.next()
    played.pins = {}
    assert [reason.code for reason in played.next().blocked] == ["warming_up"]


def test_a_strategy_that_only_lacks_a_score_is_not_paused_as_stale() -> None:
    played = Played("a", "b")
    played.next()
    del played.signals["a"]["sharpe"]
    for _ in range(20):
        decision = played.next()
    assert decision.steps["a"].after.state is ACTIVE
    assert [reason.code for reason in decision.blocked] == ["partial"]


@pytest.mark.parametrize("state", [STOPPED, PAUSED])
def test_what_the_engine_itself_took_out_is_not_started_by_an_order_that_lets_go(state: StrategyState) -> None:
    played = Played("a", "b", settings=quick(mode="enforce"))
    played.next(engine=report(1, a="0.3", b="0.3"))
    played.next(engine=report(1, a=("0", state), b="0.3"), faults=("unconfirmed",))
    played.limits = None
    decision = played.next(engine=report(1, a=("0", state), b="0.3"), faults=("unconfirmed",))
    assert decision.steps["a"].after == Share(Decimal(0), state)
    assert decision.steps["a"].reasons[0].code == "unconfirmed"
    played.limits = ALL
    for _ in range(11):
        decision = played.next(engine=report(2, a=("0", state), b="0.3"))
    assert decision.steps["a"].after == Share(Decimal(0), state)
