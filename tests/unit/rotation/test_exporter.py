"""What /metrics of the controller tells, and what it leaves out."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from genesis.core.allocation import Action, EngineReport, Share
from genesis.core.models import StrategyState
from genesis.metrics import catalog
from genesis.metrics.metric import Process
from genesis.programs import PROMTOOL, require
from genesis.rotation.decision import ActiveRule, Decision, History, Reason, Step, Track, Turnover
from genesis.rotation.exporter import RotationCollector
from genesis.rotation.status import RotationCounters, Status, StepKind
from tests.unit.rotation.told import START, settings

Samples = dict[tuple[str, tuple[str, ...]], float]

ODD = 'a"b\\c\nd,{e}="f"日本'
HALF = Share(Decimal("0.25"), StrategyState.REDUCED)
NONE = Share(Decimal(0), StrategyState.PAUSED)


def decision(name: str = "one") -> Decision:
    steps = {
        name: Step(action=Action.LOWER, before=HALF, after=NONE, reasons=(Reason("drawdown"), Reason("stale")), score=0.25),
        "two": Step(action=Action.HOLD, before=HALF, after=HALF, reasons=(Reason("settled"),)),
    }
    track = Track(
        share=NONE,
        first_seen=0,
        state_since=0,
        rules={"drawdown": ActiveRule(since=0.0), "other": ActiveRule(since=0.0, suspended=True)},
    )
    turnover = (Turnover(0.0, Decimal("0.1")), Turnover(1000.0, Decimal("0.05")))
    history = History(
        time=START,
        clock=86_400.0,
        mode="enforce",
        tracks={name: track, "two": Track(share=HALF, first_seen=0, state_since=0)},
        turnover=turnover,
    )
    return Decision(time=START, steps=steps, blocked=(Reason("partial", "x"),), halted=False, history=history)


def status(**changes: object) -> Status:
    whole = Status(
        settings(mode="enforce", allocation={"max_turnover_per_day": "0.5"}),
        leading=True,
        waiting="",
        number=7,
        decision=decision(),
        report=EngineReport(decision=7, shares={"one": NONE, "two": HALF}),
        pinned=frozenset({"two"}),
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


def text(of: Status, tally: RotationCounters | None = None) -> str:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(RotationCollector(lambda: of, tally or RotationCounters()))
    return generate_latest(registry).decode()


def samples(of: Status, tally: RotationCounters | None = None) -> Samples:
    families = text_string_to_metric_families(text(of, tally))
    return {
        (one.name, tuple(one.labels[label] for label in catalog.BY_NAME[one.name].labels)): one.value
        for family in families
        for one in family.samples
    }


def counted(one: Decision) -> RotationCounters:
    tally = RotationCounters()
    tally.count(one)
    tally.deliveries["confirmed"] += 1
    return tally


def test_every_metric_of_the_catalogue_is_told_and_no_other() -> None:
    told = {name for name, _ in samples(status(), counted(decision()))}
    assert told == {metric.name for metric in catalog.CATALOG if metric.process is Process.ROTATION}


def test_the_figures_are_those_of_the_decision() -> None:
    told = samples(status(), counted(decision()))
    assert told["genesis_rotation_target_weight_ratio", ("one",)] == 0.0
    wanted = {
        ("genesis_rotation_engine_weight_ratio", ("two",)): 0.25,
        ("genesis_rotation_score", ("one",)): 0.25,
        ("genesis_rotation_state", ("one", "paused")): 1.0,
        ("genesis_rotation_state", ("one", "active")): 0.0,
        ("genesis_rotation_pinned", ("one",)): 0.0,
        ("genesis_rotation_pinned", ("two",)): 1.0,
        ("genesis_rotation_rule_holds", ("one", "drawdown")): 1.0,
        ("genesis_rotation_rule_holds", ("two", "drawdown")): 0.0,
        ("genesis_rotation_decisions_total", ("lower", "drawdown")): 1.0,
        ("genesis_rotation_decisions_total", ("hold", "settled")): 1.0,
        ("genesis_rotation_step_timestamp_seconds", ("one", "lower", "drawdown")): START.timestamp(),
        ("genesis_rotation_last_decision_timestamp_seconds", ()): START.timestamp(),
        ("genesis_rotation_interval_seconds", ()): 10.0,
        ("genesis_rotation_enforcing", ()): 1.0,
        ("genesis_rotation_leading", ()): 1.0,
        ("genesis_rotation_halted", ()): 0.0,
        ("genesis_rotation_blocked_info", ("partial",)): 1.0,
        ("genesis_rotation_deliveries_total", ("confirmed",)): 1.0,
        ("genesis_rotation_turnover_used_ratio", ()): 0.1,  # what is a day old no longer counts
    }
    assert {key: told[key] for key in wanted} == wanted


def test_a_score_that_is_not_known_is_left_out() -> None:
    assert ("genesis_rotation_score", ("two",)) not in samples(status())


def test_a_rule_that_time_cleared_does_not_hold() -> None:
    rules = {"other": settings().rules["drawdown"]}
    chosen = settings(rules={name: rule.model_dump() for name, rule in rules.items()})
    assert samples(status(settings=chosen))["genesis_rotation_rule_holds", ("one", "other")] == 0.0


def test_a_controller_that_waits_tells_of_no_allocation() -> None:
    told = {name for name, _ in samples(status(leading=False, waiting="another one leads"))}
    assert told <= {
        "genesis_rotation_leading",
        "genesis_rotation_interval_seconds",
        "genesis_rotation_blocked_info",
        "genesis_rotation_decisions_total",
        "genesis_rotation_deliveries_total",
    }


def test_before_the_first_decision_there_is_none() -> None:
    told = {name for name, _ in samples(status(decision=None, report=None))}
    assert "genesis_rotation_last_decision_timestamp_seconds" not in told
    assert "genesis_rotation_halted" in told


def test_what_keeps_it_from_deciding_is_a_reason_as_well() -> None:
    told = samples(status(trouble=Reason("audit", "disk full")))
    assert {labels for name, labels in told if name == "genesis_rotation_blocked_info"} == {("audit",), ("partial",)}


def test_two_reasons_of_one_code_are_one_series() -> None:
    twice = msgspec.structs.replace(decision(), blocked=(Reason("partial", "one"), Reason("partial", "two")))
    assert samples(status(decision=twice))["genesis_rotation_blocked_info", ("partial",)] == 1.0


def test_a_strategy_that_is_gone_is_forgotten() -> None:
    tally = counted(decision("one"))
    tally.count(decision("three"))
    assert set(tally.changed) == {StepKind("three", "lower", "drawdown")}


def test_a_later_step_of_the_same_kind_has_the_later_time() -> None:
    tally = counted(decision())
    tally.count(msgspec.structs.replace(decision(), time=START + timedelta(seconds=10)))
    assert set(tally.changed.values()) == {START + timedelta(seconds=10)}


def test_any_name_is_only_a_label_value() -> None:
    odd = decision(ODD)
    told = samples(status(decision=odd), counted(odd))
    assert told["genesis_rotation_target_weight_ratio", (ODD,)] == 0.0


def test_promtool_has_nothing_to_say_of_it() -> None:
    odd = decision(ODD)
    checked = subprocess.run(
        [require([PROMTOOL], os.environ)[PROMTOOL], "check", "metrics"],
        input=text(status(decision=odd), counted(odd)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
