"""How Prometheus is asked, and what is noticed about clocks, rules and expressions that fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from genesis.clients.prometheus import LoadedRule, RuleGroup, Sample
from genesis.core.errors import ConfigError, ServerError
from genesis.rotation.observation import Observation
from genesis.rotation.observer import Observer, check_expressions
from genesis.rotation.query_results import all_expressions
from genesis.settings.rotation import RotationSettings
from tests.unit.rotation.told import RULES, START, SetClock, Told, answers, group, settings

ALERTED = {"sharpe": "sharpe_ratio", "drawdown": 'count by (strategy) (ALERTS{severity="critical"})'}
LOSS = LoadedRule(name="DailyLoss", query="genesis_portfolio_daily_loss_used_ratio > 1", health="ok")
REFUSED = ServerError("refused", status=422, reason="many-to-many matching not allowed")


def prometheus(clock: SetClock, chosen: RotationSettings, more: Mapping[str, list[Sample] | ServerError] | None = None) -> Told:
    told = answers()
    return Told(clock, {promql: told.get(key, []) for key, promql in all_expressions(chosen).items()} | dict(more or {}))


async def look(told: Told, chosen: RotationSettings | None = None) -> Observation:
    observer = Observer(told, chosen or settings(), RULES, told.clock)
    return observer.observation(await observer.query(), None, {})


async def test_everything_is_asked_at_one_moment_of_prometheus_clock() -> None:
    clock, chosen = SetClock(), settings()
    told = prometheus(clock, chosen)
    told.ahead = 1.25
    seen = await look(told)
    assert seen.faults == ()
    assert seen.time == START
    assert {told.asked_at[promql] for promql in all_expressions(chosen).values()} == {START.timestamp() + 1.25}


async def test_a_prometheus_that_does_not_answer_tells_of_no_strategy() -> None:
    told = prometheus(SetClock(), settings(), {"time()": ServerError("cannot be asked")})
    seen = await look(told)
    assert seen.faults == ("prometheus", "stale")
    assert (seen.strategies, seen.limits) == ({}, None)
    assert seen.details["prometheus"] == "cannot be asked"


async def test_an_expression_that_fails_leaves_the_others_right() -> None:
    seen = await look(prometheus(SetClock(), settings(), {"sharpe_ratio": REFUSED}))
    assert seen.faults == ("signals",)
    assert "signals.sharpe" in seen.details["signals"]
    assert seen.strategies["one"].signals == {"drawdown": 0.01}
    assert seen.strategies["one"].fresh


@pytest.mark.parametrize("error", [ServerError("timed out"), ServerError("unavailable", status=503)])
async def test_a_prometheus_that_fails_in_between_is_not_relied_on(error: ServerError) -> None:
    assert (await look(prometheus(SetClock(), settings(), {"sharpe_ratio": error}))).faults == ("prometheus",)


@pytest.mark.parametrize(("ahead", "faults"), [(4.9, ()), (5.1, ("clock",)), (-4.9, ()), (-5.1, ("clock",))])
async def test_the_clocks_may_differ_by_so_much(ahead: float, faults: tuple[str, ...]) -> None:
    told = prometheus(SetClock(), settings())
    told.ahead = ahead
    seen = await look(told)
    assert seen.faults == faults
    assert seen.strategies["one"].fresh  # by Prometheus's own clock


@pytest.mark.parametrize(("jump", "fault"), [(0.0, False), (4.0, False), (6.0, True), (-6.0, True), (3600.0, True)])
async def test_a_clock_that_jumps_between_two_looks_is_a_fault_once(jump: float, fault: bool) -> None:
    clock = SetClock()
    observer = Observer(prometheus(clock, settings()), settings(), RULES, clock)
    await observer.query()
    clock.pass_by(10, jump=jump)
    assert ("clock" in (await observer.query()).faults) == fault
    clock.pass_by(10)
    assert (await observer.query()).faults == {}


@pytest.mark.parametrize(("newest", "trusted"), [(-1.0, True), (4.9, True), (5.1, False), (60.0, False)])
async def test_figures_of_times_to_come_say_that_the_clock_went_back(newest: float, trusted: bool) -> None:
    told = prometheus(SetClock(), settings())
    told.newest = START.timestamp() + newest
    seen = await look(told)
    assert ("clock" in seen.faults) != trusted
    assert seen.strategies["one"].fresh == trusted


async def rules_of(*groups: RuleGroup, error: ServerError | None = None, signals: Mapping[str, str] = ALERTED) -> Observation:
    chosen = settings(signals=dict(signals))
    told = prometheus(SetClock(), chosen)
    told.groups = error or list(groups)
    return await look(told, chosen)


async def test_rules_that_are_evaluated_are_no_fault() -> None:
    assert (await rules_of(group(LOSS))).faults == ()


@pytest.mark.parametrize(
    "at", [START - timedelta(seconds=16), datetime(1, 1, 1, tzinfo=UTC), None], ids=["long ago", "never", "not told"]
)
async def test_rules_that_are_not_evaluated_are_a_fault(at: datetime | None) -> None:
    seen = await rules_of(group(LOSS, at=at))
    assert seen.faults == ("rules",)
    assert "'losses'" in seen.details["rules"]


async def test_a_group_may_be_as_old_as_three_of_its_intervals() -> None:
    assert (await rules_of(group(LOSS, at=START - timedelta(seconds=59), interval=20))).faults == ()
    assert (await rules_of(group(LOSS, at=START - timedelta(seconds=61), interval=20))).faults == ("rules",)


async def test_a_prometheus_without_our_rules_is_a_fault() -> None:
    theirs = LoadedRule(name="DiskFull", query="node_filesystem_free_bytes < 1")
    assert (await rules_of(group(theirs))).faults == ("rules",)
    assert (await rules_of()).faults == ("rules",)


async def test_a_rule_of_ours_that_fails_is_a_fault_and_one_of_others_is_not() -> None:
    fails = LoadedRule(name="DailyLoss", query=LOSS.query, health="err", last_error="many-to-many")
    theirs = LoadedRule(name="DiskFull", query="node_filesystem_free_bytes < 1", health="err")
    assert (await rules_of(group(fails))).details == {"rules": "the rule 'DailyLoss' fails: many-to-many"}
    assert (await rules_of(group(LOSS), group(theirs, at=None))).faults == ()


async def test_rules_that_cannot_be_asked_for_are_a_fault() -> None:
    assert (await rules_of(error=ServerError("cannot be asked"))).faults == ("prometheus",)


async def test_a_recorded_figure_wants_its_rule_evaluated() -> None:
    record = LoadedRule(name="team:edge", query="edge", health="ok", type="recording")
    recorded = {"sharpe": "team:edge", "drawdown": "drawdown_ratio"}
    assert (await rules_of(group(record), signals=recorded)).faults == ()
    assert (await rules_of(group(record, at=None), signals=recorded)).faults == ("rules",)
    assert (await rules_of(group(LOSS), signals=recorded)).faults == ("rules",)


async def test_without_alerts_in_an_expression_nobody_asks_for_rules() -> None:
    told = prometheus(SetClock(), settings())
    told.groups = ServerError("must not be asked")
    assert (await look(told)).faults == ()


async def test_all_expressions_that_prometheus_rejects_are_named() -> None:
    chosen = settings(correlation="rho(")
    parse = ServerError("refused", status=400, reason="1:5: parse error: unexpected end of input")
    matrix = ServerError("comes to a matrix", status=200, reason="comes to a matrix, not to samples of one moment")
    told = prometheus(SetClock(), chosen, {"rho(": parse, "sharpe_ratio": matrix})
    with pytest.raises(ConfigError) as refused:
        await check_expressions(chosen, told)
    assert [(one.file, one.key, one.value) for one in refused.value.faults] == [
        ("rotation.yaml", "signals.sharpe", "sharpe_ratio"),
        ("rotation.yaml", "correlation", "rho("),
    ]
    assert refused.value.faults[1].expected == "Prometheus: 1:5: parse error: unexpected end of input"


async def test_an_expression_that_only_the_data_of_now_make_fail_is_not_rejected() -> None:
    await check_expressions(settings(), prometheus(SetClock(), settings(), {"sharpe_ratio": REFUSED}))


async def test_a_prometheus_that_does_not_answer_rejects_nothing_and_is_told() -> None:
    with pytest.raises(ServerError):
        await check_expressions(settings(), prometheus(SetClock(), settings(), {"sharpe_ratio": ServerError("away")}))
