"""The loop: what is recorded before it is delivered, and what happens when something on the way fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from genesis.clients.prometheus import Sample
from genesis.core.allocation import Action, EngineReport, Share
from genesis.core.errors import JournalError, ServerError
from genesis.core.models import StrategyState
from genesis.metrics import catalog
from genesis.rotation import policy
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.audit.store import AuditStore
from genesis.rotation.controller import Controller, Parts, next_round
from genesis.rotation.decision import Decision, History, Reason, Step, Track
from genesis.rotation.observation import Observation, Pin
from genesis.rotation.observer import Observer
from genesis.rotation.query_results import all_expressions
from genesis.settings.rotation import RotationSettings
from tests.integration.waiting import SOON
from tests.unit.rotation.told import RULES, SetClock, Told, answers, of, settings

ACTIVE = StrategyState.ACTIVE


def shares(**weights: str) -> dict[str, Share]:
    return {name: Share(Decimal(weight), ACTIVE) for name, weight in weights.items()}


class Wants:
    """Decides as a test says, or leaves all as it is."""

    def __init__(self) -> None:
        self.shares: dict[str, Share] | None = None
        self.seen: list[Observation] = []
        self.error: Exception | None = None

    def __call__(
        self, chosen: RotationSettings, seen: Observation, history: History | None, *, pins: Mapping[str, Pin], halted: bool
    ) -> Decision:
        if self.error is not None:
            raise self.error
        self.seen.append(seen)
        has = {} if history is None else {name: track.share for name, track in history.tracks.items()}
        has = has or (seen.engine.shares if seen.engine is not None else shares(one="0.4", two="0.4"))
        gets = has if halted or self.shares is None else self.shares
        kept = History(
            time=seen.time,
            mode=chosen.mode,
            tracks={name: Track(share=share, first_seen=0, state_since=0) for name, share in gets.items()},
        )
        steps = {
            name: Step(
                action=Action.HOLD if has[name] == gets[name] else Action.LOWER,
                before=has[name],
                after=gets[name],
                reasons=(Reason("score"),),
            )
            for name in has
        }
        blocked = tuple(Reason(fault, seen.details[fault]) for fault in seen.faults)
        return Decision(time=seen.time, steps=steps, blocked=blocked, halted=halted, history=kept)


class Engine:
    """Applies each number once, acknowledges a repeat, refuses a number below its last one."""

    def __init__(self) -> None:
        self.number: int | None = None
        self.shares = shares(one="0.4", two="0.4")
        self.applied: list[int] = []
        self.told = 0
        self.silent = False
        self.loses_answer = False
        self.ignores = False

    async def report(self) -> EngineReport:
        if self.silent:
            raise ServerError("the engine does not answer")
        return EngineReport(decision=self.number, shares=dict(self.shares))

    async def deliver(self, number: int, shares: Mapping[str, Share]) -> EngineReport:
        if self.silent:
            raise ServerError("the engine does not answer")
        self.told += 1
        if self.number is not None and number < self.number:
            raise ServerError(f"decision {number} is older than {self.number}", status=409)
        if number != self.number:
            self.applied.append(number)
            self.number = number
            self.shares = self.shares if self.ignores else dict(shares)
        if self.loses_answer:
            raise ServerError("the answer was lost")
        return await self.report()


class Bench:
    """A controller with everything around it."""

    def __init__(self, folder: Path, *, decide: Any = None, **changes: Any) -> None:
        self.clock = SetClock()
        self.settings = settings(halt_file=folder / "halt", **({"mode": "enforce"} | changes))
        told = {promql: answers().get(f"signals.{name}", []) for name, promql in self.settings.signals.items()}
        self.prometheus = Told(self.clock, told)
        self.engine, self.wants = Engine(), Wants()
        self.decide = decide or self.wants
        self.address = folder / "audit.db"
        self.audit = AuditLog(self.address, clock=self.clock)
        self.controller = self.another()

    def another(self, audit: AuditLog | None = None, on_decision: Callable[[Decision, int], None] | None = None) -> Controller:
        """Another process on the same audit log, engine and Prometheus."""
        return Controller(self.parts(), audit or self.audit, self.clock, decide=self.decide, on_decision=on_decision)

    def parts(self) -> Parts:
        return Parts(self.settings, Observer(self.prometheus, self.settings, RULES, self.clock), self.engine)

    async def rounds(self, count: int = 1) -> None:
        for _ in range(count):
            await self.controller.round()
            self.clock.pass_by(10)

    async def restart(self) -> None:
        await self.audit.close()
        self.audit = AuditLog(self.address, clock=self.clock)
        self.controller = self.another()


@asynccontextmanager
async def bench(folder: Path, **changes: Any) -> AsyncIterator[Bench]:
    one = Bench(folder, **changes)
    try:
        yield one
    finally:
        await one.audit.close()


def blocked(controller: Controller) -> list[str]:
    return [reason.code for reason in controller.status.blocked]


async def test_the_first_decision_is_told_to_the_engine_and_then_only_changes(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds(3)
        assert one.engine.applied == [1]
        one.wants.shares = shares(one="0.3", two="0.4")
        await one.rounds(2)
        assert one.engine.applied == [1, 4]
        assert one.engine.shares == one.wants.shares
        assert one.engine.told == 2
        assert one.controller.status.number == 5
        assert one.controller.counters.deliveries == {"confirmed": 2}


async def test_a_restart_goes_on_with_the_history_and_delivers_nothing_twice(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.wants.shares = shares(one="0.3", two="0.4")
        await one.rounds(2)
        before = one.controller._history
        await one.restart()
        await one.controller.begin()
        assert one.controller._history == before
        await one.rounds()
        assert (one.engine.applied, one.engine.told) == ([1], 1)


async def test_what_was_recorded_but_not_delivered_is_delivered_after_a_restart(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.wants.shares = shares(one="0.3", two="0.4")
        one.engine.deliver = killed  # type: ignore[method-assign]
        await one.rounds()
        del one.engine.deliver
        await one.restart()
        await one.rounds()
        assert one.engine.applied == [1, 2]


async def killed(number: int, shares: Mapping[str, Share]) -> EngineReport:
    raise ServerError("the process was killed here")


async def test_a_lost_answer_is_made_up_for_by_the_engines_report(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.engine.loses_answer = True
        await one.rounds()
        assert one.controller.counters.deliveries == {"failed": 1}
        await one.rounds(2)
        assert one.engine.told == 1
        assert one.controller.counters.deliveries == {"failed": 1, "confirmed": 1}


async def test_an_engine_that_forgot_is_told_again_by_the_same_number(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.wants.shares = shares(one="0.3", two="0.4")
        await one.rounds()
        one.engine.number, one.engine.shares = None, shares(one="0.4", two="0.4")
        await one.rounds()
        assert one.engine.applied == [1, 1]
        assert one.engine.shares == one.wants.shares
        assert one.wants.seen[-1].faults == ("stale", "unconfirmed")


def sees_all(one: Bench) -> None:
    """From now on the account is seen, and all is well; its tier allows everybody."""
    told = answers(equity=[Sample({}, 60_000.0, 0.0)])
    one.prometheus.by_expression |= {promql: told[key] for key, promql in all_expressions(one.settings).items()}


async def test_an_engine_that_forgot_everything_gets_it_again_only_once_the_account_is_seen(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.engine.number, one.engine.shares = None, {}
        await one.rounds(3)
        assert one.engine.applied == [1]  # Prometheus tells nothing of the account: what was right then may be wrong by now
        sees_all(one)
        await one.rounds()
        assert one.engine.applied == [1, 1]


async def test_an_engine_that_has_nothing_is_first_told_something_when_the_account_is_seen(tmp_path: Path) -> None:
    async with bench(tmp_path, decide=policy.decide) as one:
        one.engine.shares = {}
        await one.rounds(2)
        assert (one.engine.told, one.controller.status.number, blocked(one.controller)) == (0, None, ["engine"])
        sees_all(one)
        await one.rounds()
        assert one.engine.shares == shares(one="0.475", two="0.475")


async def test_an_engine_with_a_higher_number_is_told_all_by_one_that_is_higher_still(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.engine.number, one.engine.shares = 41, shares(one="0.2", two="0.2")
        await one.rounds(2)
        assert one.engine.applied == [1, 42]
        assert one.engine.shares == shares(one="0.4", two="0.4")


async def test_an_engine_that_does_something_else_is_told_once_a_round_and_blocks(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.engine.ignores = True
        one.wants.shares = shares(one="0.3", two="0.4")
        await one.rounds(3)
        assert one.engine.applied == [1]
        assert one.controller.counters.deliveries == {"unconfirmed": 3}
        assert "unconfirmed" in blocked(one.controller)
        assert one.wants.seen[-1].details["unconfirmed"] == "'one': the engine has 0.4 active, wanted 0.3 active"


async def test_weights_within_the_tolerance_are_the_same(tmp_path: Path) -> None:
    async with bench(tmp_path, engine={"tolerance": "0.01"}) as one:
        one.engine.ignores = True
        one.wants.shares = shares(one="0.39", two="0.4")
        await one.rounds(2)
        assert one.controller.counters.deliveries == {"confirmed": 1}


@pytest.mark.parametrize(("weight", "told"), [("0.3", True), ("0.5", False)])
async def test_an_engine_that_does_not_answer_is_only_told_what_adds_nothing(tmp_path: Path, weight: str, told: bool) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.engine.silent = True
        one.wants.shares = shares(one=weight, two="0.4")
        await one.rounds()
        assert blocked(one.controller) == ["engine", "stale"]
        assert one.controller.counters.deliveries == {"confirmed": 1} | ({"failed": 1} if told else {})
        one.engine.silent = False
        await one.rounds()
        assert one.engine.applied == [1, 2]


@pytest.mark.parametrize(("weight", "told"), [("0.3", True), ("0.5", False)])
async def test_a_process_that_was_stopped_in_the_middle_of_a_round_raises_nothing_by_what_it_saw_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weight: str, told: bool
) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        record = one.audit.record

        async def stopped(*arguments: Any, **named: Any) -> int:
            number = await record(*arguments, **named)
            one.clock.pass_by(60)
            return number

        monkeypatch.setattr(one.audit, "record", stopped)
        one.wants.shares = shares(one=weight, two="0.4")
        await one.rounds()
        assert one.engine.applied == ([1, 2] if told else [1])
        monkeypatch.undo()
        await one.rounds()
        assert one.engine.applied == [1, 2]  # seen anew, and still wanted


async def test_after_a_restart_an_engine_that_does_not_answer_is_told_nothing(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        await one.restart()
        one.engine.silent = True
        one.wants.shares = shares(one="0.3", two="0.4")
        await one.rounds()
        assert one.controller.counters.deliveries == {}


async def test_nothing_is_decided_before_the_engine_was_heard_for_the_first_time(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.engine.silent = True
        await one.rounds(2)
        assert one.wants.seen == []
        assert blocked(one.controller) == ["engine"]
        one.engine.silent = False
        await one.rounds()
        assert one.engine.applied == [1]
        assert "engine" not in blocked(one.controller)


async def test_advice_is_recorded_and_delivered_to_nobody(tmp_path: Path) -> None:
    async with bench(tmp_path, mode="advise") as one:
        one.wants.shares = shares(one="0.3", two="0.4")
        await one.rounds(2)
        assert (one.engine.told, one.controller.status.number) == (0, 2)
        assert one.wants.seen[-1].engine is not None
        one.engine.silent = True
        await one.rounds()
        assert "engine" not in one.wants.seen[-1].faults


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_was_ordered_before_a_time_of_advice_is_not_delivered_after_it(tmp_path: Path, restarted: bool) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.settings = one.settings.model_copy(update={"mode": "advise"})
        one.controller.reconfigure(one.parts())
        await one.rounds()
        one.engine.number, one.engine.shares = None, shares(one="0.1", two="0.1")
        if restarted:
            await one.restart()
        one.settings = one.settings.model_copy(update={"mode": "enforce"})
        one.controller.reconfigure(one.parts())
        await one.rounds()
        assert one.engine.applied == [1, 3]
        assert one.wants.seen[-1].faults == ("stale",)


async def test_what_was_advised_is_never_delivered_though_the_engine_is_silent_when_the_mode_changes(tmp_path: Path) -> None:
    """With the real policy: the path that was advised ends above what the engine really has."""
    async with bench(tmp_path, mode="advise", decide=policy.decide, allocation={"min_dwell": "0s"}) as one:
        one.prometheus.by_expression = {promql: answers()[key] for key, promql in all_expressions(one.settings).items()}
        one.prometheus.by_expression[catalog.PORTFOLIO_EQUITY.name] = [Sample({}, 60_000.0, 0.0)]
        one.engine.shares = shares(one="0.1", two="0.1")
        await one.rounds(5)
        assert advised(one, "one") > Decimal("0.1")
        one.settings = one.settings.model_copy(update={"mode": "enforce"})
        one.controller.reconfigure(one.parts())
        one.engine.silent = True
        one.prometheus.by_expression["drawdown_ratio"] = of({"one": 0.01, "two": 0.2})  # a hard rule changes something
        await one.rounds(2)
        one.engine.silent = False
        one.engine.shares["two"] = Share(Decimal(0), StrategyState.PAUSED)  # so that nothing has to change any more
        one.prometheus.by_expression.clear()
        await one.rounds(3)
        assert one.engine.applied != []
        assert one.engine.shares["one"].weight <= Decimal("0.1")


def advised(one: Bench, strategy: str) -> Decimal:
    assert one.controller.status.decision is not None
    return one.controller.status.decision.steps[strategy].after.weight


@pytest.mark.parametrize("how", ["file", "command"])
async def test_halted_decisions_are_recorded_and_nothing_is_delivered(tmp_path: Path, how: str) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.wants.shares = shares(one="0.3", two="0.4")
        if how == "file":
            one.settings.halt_file.touch()
        else:
            await one.audit.halt("exchange is down", "anna")
        await one.rounds(2)
        assert one.engine.told == 1
        assert ("exchange is down" if how == "command" else "halt") in one.controller.status.halted
        assert one.controller.status.number == 3
        one.settings.halt_file.unlink(missing_ok=True)
        await one.audit.resume("it is back", "anna")
        await one.rounds()
        assert one.engine.applied == [1, 4]
        assert one.controller.status.halted == ""


async def test_an_order_that_is_not_confirmed_waits_while_rotation_is_halted(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        await one.audit.halt("exchange is down", "anna")
        one.engine.number, one.engine.shares = None, shares(one="0.1", two="0.1")
        await one.rounds(2)
        assert one.engine.told == 1
        last = await one.audit.look_up(AuditStore.last)
        assert last is not None
        assert "anna" in last.entry.halted


async def test_a_strategy_in_another_state_is_no_confirmation(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.engine.shares["one"] = Share(Decimal("0.4"), StrategyState.STOPPED)
        await one.rounds()
        assert one.wants.seen[-1].details["unconfirmed"] == "'one': the engine has 0.4 stopped, wanted 0.4 active"


async def test_a_halt_file_that_cannot_be_looked_for_counts_as_there(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.settings = one.settings.model_copy(update={"halt_file": tmp_path / ("x" * 300)})
        one.controller.reconfigure(one.parts())
        await one.rounds()
        assert "it is not known whether the file" in one.controller.status.halted
        assert one.engine.told == 0


async def test_a_link_to_nothing_halts_as_well(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        one.settings.halt_file.symlink_to(tmp_path / "nothing")
        await one.rounds()
        assert one.controller.status.halted


async def test_without_the_audit_log_nothing_is_delivered_and_the_history_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.wants.shares = shares(one="0.3", two="0.4")
        with monkeypatch.context() as broken:
            broken.setattr(one.audit, "record", full)
            await one.rounds(2)
            assert one.engine.told == 1
            assert blocked(one.controller) == ["audit"]
            assert not one.controller.status.leading
        await one.rounds()
        assert one.engine.applied == [1, 2]
        assert one.controller.status.leading


async def full(*_: object, **__: object) -> int:
    raise JournalError("audit log: database or disk is full", retryable=True)


async def test_a_round_that_fails_for_an_unknown_reason_is_told_and_the_next_one_goes_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.wants.error = ZeroDivisionError("a bug")
        await one.rounds()
        assert blocked(one.controller)[0] == "error"
        one.wants.error = None
        await one.rounds()
        assert "error" not in blocked(one.controller)
        assert one.controller.status.number == 2


async def test_of_two_controllers_one_waits_and_takes_over(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        audit = AuditLog(one.address, clock=one.clock)
        other = one.another(audit)
        await other.begin()
        await other.round()
        assert not other.status.leading
        assert other.status.waiting
        assert other.status.decision is None
        await one.audit.close()
        await other.round()
        assert other.status.leading
        assert other.status.number == 2
        assert one.engine.applied == [1]
        await audit.close()


async def test_pins_reach_the_decision(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        pin = Pin(state=StrategyState.PAUSED, why="delisting", author="anna", since=one.clock.now())
        await one.audit.pin("one", pin)
        await one.rounds()
        assert one.controller.status.pinned == {"one"}


@pytest.mark.parametrize(
    ("number", "elapsed", "expected"),
    [(0, 0.2, 1), (0, 9.99, 1), (0, 10.0, 2), (0, 34.0, 4), (3, 30.1, 4), (3, 29.9, 4), (7, 0.0, 8)],
)
def test_rounds_follow_a_schedule_that_leaves_missed_ones_out(number: int, elapsed: float, expected: int) -> None:
    assert next_round(number, elapsed, 10.0) == expected


async def test_the_loop_ends_with_the_round_under_way_and_gives_the_lock_back(tmp_path: Path) -> None:
    async with bench(tmp_path, interval="10ms", timeout="5ms") as one:
        stop = asyncio.Event()
        one.clock.monotonic = asyncio.get_running_loop().time  # type: ignore[method-assign]

        def third(_: Decision, number: int) -> None:
            if number == 3:
                stop.set()

        controller = one.another(on_decision=third)
        await asyncio.wait_for(controller.run(stop), SOON)
        assert controller.status.number == 3
        assert not one.audit.is_open


async def test_what_the_engine_refuses_is_told_as_that_in_its_own_words(tmp_path: Path) -> None:
    async with bench(tmp_path) as one:
        await one.rounds()
        one.wants.shares = shares(one="0.2", two="0.4")

        async def refused(number: int, shares: Mapping[str, Share]) -> EngineReport:
            raise ServerError(f"decision {number}: there is no strategy 'one'", status=422)

        one.engine.deliver = refused  # type: ignore[method-assign]
        before = one.controller.counters.deliveries.copy()
        await one.rounds()
        assert one.controller.counters.deliveries - before == {"refused": 1}
