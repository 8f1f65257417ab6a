"""The closed loop with the real Prometheus: figures → decision → engine, through everything that may be killed on the way."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from functools import partial
from itertools import takewhile
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from genesis.cli import main
from genesis.configuration import load_settings
from genesis.core.errors import ConfigError
from genesis.core.models import StrategyState
from genesis.rotation.app import RotationApp
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.decision import Decision
from tests.integration.rotation_bench import (
    INTERVAL,
    FakeMonitor,
    LiveController,
    LivePrometheus,
    ObedientEngine,
    Served,
    configured,
)
from tests.integration.waiting import until

pytestmark = pytest.mark.real_time

NAMES = ("one", "two", "three")
ODD_NAMES = ('a"} or vector(1) or x{b="', "back\\slash\\", "{br,ace}", "new\nline", "com,ma", "日本 ü", "$var '`", "%b%s")


class Loop:
    """Everything around a controller, and a controller in this process where a test wants one."""

    def __init__(self, folder: Path, monitor: FakeMonitor, prometheus: LivePrometheus, engine: ObedientEngine) -> None:
        self.folder = folder
        self.monitor = monitor
        self.prometheus = prometheus
        self.engine = engine
        self.config = configured(folder, prometheus.url, engine.endpoint)

    def configure(self, prometheus: str | None = None, **changes: object) -> None:
        configured(self.folder, prometheus or self.prometheus.url, self.engine.endpoint, changes)

    def app(self, on_decision: Callable[[Decision, int], None] | None = None) -> RotationApp:
        return RotationApp(load_settings(self.config), port=0, on_decision=on_decision)

    def controller(self) -> LiveController:
        return LiveController(self.config, self.folder / "controller.log")

    def is_reduced(self, strategy: str) -> bool:
        return self.engine.shares[strategy].state is StrategyState.REDUCED

    def is_paused(self, strategy: str) -> bool:
        share = self.engine.shares[strategy]
        return share.state is StrategyState.PAUSED and share.weight == 0


Looped = Callable[..., AbstractAsyncContextManager[Loop]]


def is_blocked(app: RotationApp, *reasons: str) -> bool:
    return {reason.code for reason in app.controller.status.blocked} >= set(reasons)


def decided(app: RotationApp) -> Decision:
    decision = app.controller.status.decision
    assert decision is not None
    return decision


@pytest.fixture
def loop(tmp_path: Path, real_programs: None) -> Looped:
    @asynccontextmanager
    async def made(*names: str) -> AsyncIterator[Loop]:
        strategies = names or NAMES
        async with (
            FakeMonitor(*strategies) as monitor,
            ObedientEngine(*strategies) as engine,
            LivePrometheus(tmp_path, monitor) as prometheus,
        ):
            yield Loop(tmp_path, monitor, prometheus, engine)

    return made


async def test_what_degrades_is_reduced_within_two_intervals_and_comes_back_after_the_cooldown(loop: Looped) -> None:
    decisions: list[Decision] = []
    async with loop() as one, one.app(lambda decision, _: decisions.append(decision)) as app:
        await until(lambda: not app.controller.status.blocked and one.engine.applied != [])
        await until(lambda: one.engine.weight("one") > Decimal("0.3"))

        one.monitor.set("one", degradation=1.2)
        await one.prometheus.has_read('test_degradation{strategy="one"} == 1.2')
        before = len(decisions)
        await until(lambda: one.is_reduced("one"))
        late = takewhile(lambda one: one.steps["one"].after.state is not StrategyState.REDUCED, decisions[before:])
        assert sum(not decision.blocked for decision in late) <= 1  # it may have asked before the figure was there
        assert one.engine.weight("one") <= Decimal("0.1584")

        one.monitor.set("one", drawdown=0.12)
        await until(lambda: one.is_paused("one"))
        paused_at = decided(app).history.tracks["one"].paused
        assert paused_at is not None
        await until(lambda: one.engine.weight("two") > Decimal("0.45"))  # its capital goes to the others

        one.monitor.set("one", drawdown=0.0, degradation=0.0)
        await until(lambda: not one.is_paused("one"))
        assert one.is_reduced("one")
        assert decided(app).history.clock - paused_at >= 2.0
        await until(lambda: one.engine.shares["one"].state is StrategyState.ACTIVE)
        assert sorted(set(one.engine.applied)) == one.engine.applied


async def test_each_order_is_applied_once_through_kills_and_restarts_of_all(loop: Looped) -> None:
    async with loop() as one:
        rng, controller = random.Random(6), one.controller()  # noqa: S311 - repeatable, no secret
        forgot = 0
        for turn in range(20):
            one.monitor.set("one", drawdown=0.12 if turn % 2 else 0.0, degradation=1.2 if turn % 3 else 0.0)
            one.monitor.set("two", drawdown=0.12 if turn % 5 == 1 else 0.0)
            if turn == 7:
                await one.prometheus.stop()
            if turn == 8:
                await one.prometheus.start()
            if turn == 12:  # an engine that keeps its state
                await one.engine.stop()
            if turn == 13:
                await one.engine.start()
            if turn == 16:  # one that forgets
                forgot = len(one.engine.applied)
                one.engine.forget()
            controller.start()
            if turn % 2 == 0 and turn not in {8, 12}:  # a slow machine is else killed before it decides
                await controller.until(lambda told: told.get(("genesis_rotation_leading",)) == 1.0)
            await asyncio.sleep(rng.uniform(0.0, 2.5 * INTERVAL))
            controller.kill()
        controller.start()
        # The engine may have paused it long ago; a process that has not begun yet does not know SIGTERM.
        await controller.until(lambda told: told.get(("genesis_rotation_leading",)) == 1.0)
        await until(lambda: one.is_paused("one"))
        controller.stop()

        first, second = one.engine.applied[:forgot], one.engine.applied[forgot:]
        for applied in (first, second):
            assert applied == sorted(set(applied))  # each once, in order
        assert not set(first[:-1]) & set(second)  # an engine that forgot is told the last order again, and none before it
        async with AuditLog(one.folder / "journal.db", read_only=True) as log:
            numbers = [recorded.number async for batch in log.entries() for recorded in batch]
            last = await log.last()
        assert numbers == list(range(1, len(numbers) + 1))
        assert last is not None
        assert last.instruction is not None
        assert (last.instruction.number, last.instruction.shares) == (one.engine.decision, one.engine.shares)
        assert len(one.engine.applied) > 2  # something came of it, on a slow machine too
        # Each decision was made from the history of the one before, to the last bit, through all restarts.
        assert await asyncio.to_thread(main, ["rotate", "verify", "--config", str(one.config)]) == 0


async def test_no_name_breaks_or_gets_into_promql(loop: Looped) -> None:
    async with loop(*ODD_NAMES) as one, one.app() as app:
        bad = ODD_NAMES[0]
        await until(lambda: one.engine.applied != [] and not app.controller.status.blocked)
        one.monitor.set(bad, drawdown=0.2)
        await until(lambda: one.is_paused(bad))
        assert set(decided(app).steps) == set(ODD_NAMES)
        assert not any(one.is_paused(name) for name in ODD_NAMES[1:])
        async with aiohttp.ClientSession() as http, http.get(f"{app.url}/metrics") as answer:
            assert answer.status == 200


class BadPrometheus(Served):
    """Stands before the real one, and answers as a test says."""

    def __init__(self, real: str) -> None:
        super().__init__()
        self._real = real
        self.mode = "good"
        self.asked = 0

    def routes(self) -> list[web.RouteDef]:
        async def answer(request: web.Request) -> web.StreamResponse:
            self.asked += 1
            body = await request.read()
            asks_for = (await request.post()).get("query", "")
            if self.mode == "500":
                return web.Response(status=500, text="oops")
            if self.mode == "garbage":
                return web.Response(text="<html>hello</html>")
            if self.mode == "slow":
                await asyncio.sleep(2)
            if self.mode == "empty" and asks_for != "time()":
                return web.json_response({"status": "success", "data": {"resultType": "vector", "result": []}})
            async with aiohttp.ClientSession() as http:
                headers = {"Content-Type": request.headers.get("Content-Type", "")}
                async with http.request(request.method, f"{self._real}{request.path_qs}", data=body, headers=headers) as real:
                    return web.Response(body=await real.read(), status=real.status, content_type="application/json")

        return [web.route("*", "/{path:.*}", answer)]


async def test_no_bad_answer_of_prometheus_raises_a_weight(loop: Looped) -> None:
    async with loop() as one, BadPrometheus(one.prometheus.url) as bad:
        one.configure(bad.url)
        async with one.app() as app:
            await until(lambda: one.engine.weight("one") > Decimal("0.3"))
            for mode, fault in (("500", "prometheus"), ("garbage", "prometheus"), ("slow", "prometheus"), ("empty", "stale")):
                bad.mode = mode
                await until(partial(is_blocked, app, fault))
                before = dict(one.engine.shares)
                await asyncio.sleep(2.5 * INTERVAL)
                assert one.engine.shares == before, mode
                bad.mode = "good"
                await until(lambda: not app.controller.status.blocked)
            await bad.stop()
            await until(partial(is_blocked, app, "prometheus"))
            await bad.start()
            one.monitor.set("two", sharpe=float("nan"))
            await until(partial(is_blocked, app, "partial"))
            before = dict(one.engine.shares)
            one.monitor.set("three", drawdown=0.12)  # fresh: a hard rule takes away what it has, and nobody gets it
            await until(lambda: one.is_paused("three"))
            assert all(one.engine.weight(name) <= before[name].weight for name in NAMES)
            await one.monitor.stop()
            await until(partial(is_blocked, app, "stale"))


async def test_of_two_controllers_one_leads_and_the_other_takes_over(loop: Looped) -> None:
    async with loop() as one:
        first, second = one.controller(), one.controller()
        first.start()
        await first.until(lambda told: ("genesis_rotation_last_decision_timestamp_seconds",) in told)
        second.start()
        await second.until(lambda told: told.get(("genesis_rotation_leading",)) == 0.0)
        told = await second.told()
        assert ("genesis_rotation_last_decision_timestamp_seconds",) not in told
        first.kill()
        await second.until(lambda told: told.get(("genesis_rotation_leading",)) == 1.0)
        await second.until(lambda told: ("genesis_rotation_last_decision_timestamp_seconds",) in told)
        second.stop()
        assert "rotation waits" in second.log.read_text(encoding="utf-8")
        assert one.engine.applied == sorted(set(one.engine.applied))


async def test_an_expression_that_prometheus_rejects_stops_the_start_and_is_named(loop: Looped) -> None:
    async with loop() as one:
        one.configure(correlation="sum by (strategy (x)")
        with pytest.raises(ConfigError) as refused:
            async with one.app():
                pass
        (fault,) = refused.value.faults
        assert (fault.file, fault.key) == ("rotation.yaml", "correlation")
        assert "parse error" in fault.expected


async def test_at_a_hangup_a_good_configuration_is_followed_and_a_bad_one_is_not(loop: Looped) -> None:
    async with loop() as one:
        controller = one.controller()
        controller.start()
        await controller.until(lambda told: ("genesis_rotation_last_decision_timestamp_seconds",) in told)
        for bad in ({"interval": "0s"}, {"correlation": "sum(("}):
            one.configure(**bad)
            os.kill(controller.pid, signal.SIGHUP)
            await until(lambda: "configuration refused" in controller.log.read_text(encoding="utf-8"))
            told = await controller.told()
            assert told["genesis_rotation_interval_seconds",] == INTERVAL
            controller.log.write_text("")
        one.configure(interval="500ms", mode="advise", port=19109)
        os.kill(controller.pid, signal.SIGHUP)
        await controller.until(lambda told: told.get(("genesis_rotation_interval_seconds",)) == 0.5)
        assert (await controller.told())["genesis_rotation_enforcing",] == 0.0
        (warned,) = (line for line in controller.log.read_text(encoding="utf-8").splitlines() if "restart" in line)
        assert json.loads(warned)["keys"] == ["rotation.yaml: port"]
        controller.stop()


async def test_without_prometheus_it_starts_and_waits_and_then_names_what_is_rejected(loop: Looped) -> None:
    async with loop() as one:
        await one.prometheus.stop()
        one.configure(correlation="sum((")
        controller = one.controller()
        controller.start()
        await controller.until(lambda told: ("genesis_rotation_blocked_info", "prometheus") in told)
        await one.prometheus.start()
        assert controller.ended() == 1
        assert "rotation.yaml: correlation: got 'sum(('" in controller.log.read_text(encoding="utf-8")
