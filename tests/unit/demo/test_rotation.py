from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.configuration import load_settings
from genesis.core.allocation import Action
from genesis.core.errors import ServerError
from genesis.core.models import StrategyState
from genesis.demo.rotation import DecisionReporter, LocalEngine
from genesis.demo.settings import LEFT_OUT, of_the_demo
from genesis.engine.allocations import AllocationBook
from genesis.engine.engine import Account, TradingEngine
from genesis.rotation.decision import Decision, History, Reason, Step
from genesis.rotation.observation import Share
from tests.unit.engine.market_data import HandClock, Script, WrittenMarket

CONFIGURED = load_settings(Path(__file__).parents[3] / "config")
NOW = datetime(2025, 1, 31, 12, tzinfo=UTC)
ACTIVE, REDUCED = StrategyState.ACTIVE, StrategyState.REDUCED


def _decision(*steps: tuple[str, Step], blocked: tuple[Reason, ...] = (), halted: bool = False) -> Decision:
    history = History(time=NOW, mode="enforce", tracks={})
    return Decision(time=NOW, steps=dict(steps), blocked=blocked, halted=halted, history=history)


def _step(before: str, after: str, state: StrategyState = ACTIVE, action: Action = Action.LOWER) -> Step:
    reasons = (Reason("degraded", "degradation 1.3, at least 1"), Reason("reserve"))
    return Step(action=action, before=Share(Decimal(before), ACTIVE), after=Share(Decimal(after), state), reasons=reasons)


def test_a_step_is_told_with_both_weights_the_new_state_and_every_reason() -> None:
    decision = _decision(
        ("statistical_arb", _step("0.2375", "0.1187", REDUCED, Action.REDUCE)),
        ("calm", _step("0.2", "0.2", action=Action.HOLD)),
    )
    assert DecisionReporter().lines(decision) == [
        "statistical_arb reduce 0.2375 → 0.1187 reduced: degraded: degradation 1.3, at least 1; reserve"
    ]


def test_a_block_and_the_kill_switch_are_told_when_they_begin_and_when_they_end() -> None:
    reporter, stale = DecisionReporter(), Reason("stale", "the account's figures are 20 s old")
    assert reporter.lines(_decision()) == []
    assert reporter.lines(_decision(blocked=(stale,))) == ["no weight is raised: stale the account's figures are 20 s old"]
    assert reporter.lines(_decision(blocked=(stale, Reason("daily_loss")))) == ["no weight is raised: daily_loss"]
    assert reporter.lines(_decision(blocked=(Reason("stale", "30 s old"),))) == []
    assert reporter.lines(_decision(halted=True)) == ["halted: nothing is changed", "weights may be raised"]
    assert reporter.lines(_decision()) == ["no longer halted"]


def test_until_everything_was_seen_once_the_codes_of_the_blocks_are_enough() -> None:
    reporter, long = DecisionReporter(), Reason("tier", "unknown " * 100)
    assert reporter.lines(_decision(blocked=(long, Reason("stale")))) == [
        "no weight is raised: waiting for the end of tier, stale"
    ]
    assert reporter.lines(_decision(blocked=(long,))) == []
    assert reporter.lines(_decision()) == ["weights may be raised"]
    (line,) = reporter.lines(_decision(blocked=(long,)))
    assert line.startswith("no weight is raised: tier unknown")
    assert len(line) < 150


def _engine() -> LocalEngine:
    accounts = [Account(Script(name=name), Decimal(5000)) for name in ("one", "two")]
    return LocalEngine(AllocationBook(TradingEngine(WrittenMarket([]), accounts, clock=HandClock(), run_id="run")))


async def test_the_engine_of_this_process_is_told_and_reports() -> None:
    engine = _engine()
    shares = {"one": Share(Decimal("0.3"), ACTIVE), "two": Share(Decimal("0.2"), REDUCED)}
    assert await engine.deliver(3, shares) == await engine.report()
    assert (await engine.deliver(3, shares)).shares == shares


async def test_what_the_engine_of_this_process_does_not_take_is_a_refusal() -> None:
    with pytest.raises(ServerError, match="nobody") as raised:
        await _engine().deliver(3, {"nobody": Share(Decimal("0.3"), ACTIVE)})
    assert raised.value.status == 409


@pytest.mark.parametrize("speed", [0.5, 1, 5, 20, 60])
def test_the_demo_rotates_on_the_scale_of_its_market(speed: float) -> None:
    rotation = of_the_demo(CONFIGURED, speed).rotation
    assert rotation.mode == "enforce"
    assert rotation.resume.cooldown == timedelta(seconds=60 / speed)
    assert timedelta(seconds=0.5) <= rotation.interval <= timedelta(seconds=max(0.5, 5 / speed))
    assert rotation.timeout < rotation.interval
    assert rotation.rules.keys() == CONFIGURED.rotation.rules.keys() - set(LEFT_OUT)
    assert rotation.signals == CONFIGURED.rotation.signals


def test_the_demo_leaves_out_only_rules_that_there_are() -> None:
    assert set(LEFT_OUT) <= CONFIGURED.rotation.rules.keys()
