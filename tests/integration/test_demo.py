"""`genesis demo` as its user runs it: in a process of its own, ended in every way, leaving nothing."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from genesis.metrics import catalog
from genesis.stack.ports import is_free
from tests.integration.conftest import ROOT, children_of, command_of, is_alive
from tests.integration.ports import own_port
from tests.integration.running_demo import RunningDemo, demo
from tests.integration.waiting import SOON, until

pytestmark = pytest.mark.real_time


async def assert_nothing_is_left(run: RunningDemo) -> None:
    await until(lambda: not any(map(is_alive, run.children)))
    assert all(map(is_free, run.ports()))


@pytest.mark.usefixtures("real_programs")
async def test_a_newcomer_sees_the_drawdown_the_notification_and_how_rotation_takes_the_capital_away(tmp_path: Path) -> None:
    async with demo(tmp_path, "--free-ports", "--speed", "10") as run:
        await run.says(r"After about 6 s the demo injects a fault into the execution of statistical_arb")
        await run.says(r"After 1m StorageBelowTier warns, as it should")
        await run.says(r"Ctrl-C stops everything")
        assert len(run.children) >= 2
        await run.has_said(r"ROTATION  statistical_arb reduce 0\.\d+ → 0\.\d+ reduced: degraded")
        await run.has_said(r"NOTIFIED  FIRING    StrategyDrawdown warning: .*statistical_arb.*→ desk")
        await run.has_said(r"NOTIFIED  FIRING    StrategyDrawdown critical: .*statistical_arb.*→ page")
        await run.has_said(r"ROTATION  statistical_arb pause 0\.\d+ → 0\S* paused: drawdown")
        await run.has_said(r"ROTATION  (?!statistical_arb)\w+ raise 0\.\d+ → 0\.\d+")  # what it had goes to the others
        await run.has_said(r"statistical_arb +\d,\d{3}\.\d\d +-\d+\.\d\d +1\d\.\d\d %")
        run.process.send_signal(signal.SIGINT)
        assert await run.ends() == 0
        assert "stopped; no process is left running" in run.said
        assert await run.complaints() == ""
        await assert_nothing_is_left(run)
        assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.usefixtures("real_programs")
async def test_a_demo_without_the_fault_ends_by_itself_after_its_duration(tmp_path: Path) -> None:
    options = ("--no-fault", "--free-ports", "--duration", "6", "--speed", "60", "--data", str(tmp_path / "mine"))
    async with demo(tmp_path, *options) as run:
        await run.says(r"No fault is injected")
        await run.says(r"strategy +equity")
        assert await run.ends() == 0
        assert "6 s has passed" in run.said
        assert "injects a fault" not in run.said
        assert float(re.findall(r"statistical_arb .* (\d+\.\d\d) %", run.said)[-1]) < 1  # minutes after it would have broken
        assert await run.complaints() == ""
        await assert_nothing_is_left(run)
        assert (tmp_path / "mine" / "log" / "prometheus.log").exists()


async def test_a_market_that_runs_ahead_of_the_clock_is_not_refused(tmp_path: Path) -> None:
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    with (config / "monitor.yaml").open("a") as file:
        file.write("events: {max_future_seconds: 1}\n")
    options = ("--no-stack", "--free-ports", "--speed", "50", "--config", str(config), "--log-level", "ERROR")
    async with demo(tmp_path, *options) as run:
        await run.says(r"spread_capture +\d,\d{3}\.\d\d .* [1-9]\d* +\d+ %")


@pytest.mark.usefixtures("real_programs")
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
async def test_a_demo_ends_cleanly_on_other_signals(tmp_path: Path, ending: signal.Signals) -> None:
    async with demo(tmp_path, "--free-ports") as run:
        await run.says(r"Ctrl-C stops everything")
        run.process.send_signal(ending)
        assert await run.ends() == 0
        await assert_nothing_is_left(run)


@pytest.mark.usefixtures("real_programs")
async def test_further_ctrl_cs_change_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path, "--free-ports") as run:
        await run.says(r"Ctrl-C stops everything")
        with suppress(ProcessLookupError):  # at every moment of the shutdown, until there is nobody left to send it to
            for _ in range(500):
                os.kill(run.process.pid, signal.SIGINT)  # send_signal would fetch the exit code before asyncio does
                await asyncio.sleep(0.01)
        assert await run.ends() == 0
        assert await run.complaints() == ""
        await assert_nothing_is_left(run)


@pytest.mark.usefixtures("real_programs")
async def test_ctrl_c_while_the_programs_start_ends_them(tmp_path: Path) -> None:
    slow = tmp_path / "prometheus"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    async with demo(tmp_path, "--free-ports", environ={"GENESIS_PROMETHEUS": str(slow)}) as run:
        await run.says(r"Metrics")
        await until(lambda: len([*children_of(run.process.pid)]) == 2)
        run.children.update(children_of(run.process.pid))
        run.process.send_signal(signal.SIGINT)
        assert await run.ends(within=SOON) == 0
        assert await run.complaints() == ""
        await assert_nothing_is_left(run)


@pytest.mark.usefixtures("real_programs")
async def test_a_killed_demo_leaves_no_children(tmp_path: Path) -> None:
    async with demo(tmp_path, "--free-ports") as run:
        await run.says(r"Ctrl-C stops everything")
        assert len(run.children) >= 2
        run.process.kill()
        await run.ends()
        await assert_nothing_is_left(run)


@pytest.mark.usefixtures("real_programs")
async def test_a_program_that_dies_ends_the_demo_with_its_last_words(tmp_path: Path) -> None:
    async with demo(tmp_path, "--free-ports") as run:
        await run.says(r"Ctrl-C stops everything")
        os.kill(next(pid for pid in run.children if "alertmanager" in command_of(pid)), signal.SIGKILL)
        assert await run.ends() == 1
        complaints = await run.complaints()
        assert complaints.startswith("genesis: alertmanager ended by itself with code -9")
        assert "Traceback" not in complaints
        await assert_nothing_is_left(run)


@pytest.mark.usefixtures("real_programs")
async def test_a_heartbeat_that_stops_is_seen_on_the_screen_and_so_is_its_return(tmp_path: Path) -> None:
    config = shutil.copytree(ROOT / "config", tmp_path / "config")
    alerts = (config / "alerts.yaml").read_text()
    (config / "alerts.yaml").write_text(alerts.replace("repeat_interval: 1m", "repeat_interval: 2s"))
    options = ("--no-fault", "--free-ports", "--config", str(config))
    async with demo(tmp_path, *options) as run:
        await run.says(r"NOTIFIED +FIRING +Watchdog")
        alertmanager = next(pid for pid in run.children if "alertmanager" in command_of(pid))
        os.kill(alertmanager, signal.SIGSTOP)
        await run.says(r"HEARTBEAT LOST +no heartbeat for \d+s: Prometheus or Alertmanager is broken")
        os.kill(alertmanager, signal.SIGCONT)
        await run.says(r"HEARTBEAT back")


Series = frozenset[tuple[str, str]]


def recorded_market() -> str:
    folder = os.environ.get("GENESIS_TEST_DATA", "")
    if not [*Path(folder).glob("binance_bbo_*.csv*")]:
        pytest.skip("GENESIS_TEST_DATA does not name a folder with the recorded market")
    return folder


def series_of(labels: Mapping[str, str]) -> Series:
    """A series by its labels, without those that Prometheus adds, and without empty ones, which are none."""
    return frozenset((name, value) for name, value in labels.items() if value and name not in ("job", "instance"))


def exposed_series(text: str) -> set[Series]:
    return {
        series_of({"__name__": sample.name, **sample.labels})
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def until_traded(client: aiohttp.ClientSession, prometheus: str, strategies: int) -> None:
    query = {"query": f"count(sum by (strategy) ({catalog.STRATEGY_FILLS.name}) > 0)"}
    async with asyncio.timeout(SOON):
        while True:
            async with client.get(f"{prometheus}/api/v1/query", params=query) as response:
                result = (await response.json())["data"]["result"]
                if result and int(result[0]["value"][1]) >= strategies:
                    return
            await asyncio.sleep(0.5)


async def until_stored(client: aiohttp.ClientSession, prometheus: str, exposed: set[Series]) -> None:
    missing = exposed
    for _ in range(round(SOON)):
        async with client.get(f"{prometheus}/api/v1/series", params={"match[]": '{job="genesis"}'}) as response:
            missing = exposed - {series_of(labels) for labels in (await response.json())["data"]}
        if not missing:
            return
        await asyncio.sleep(1)
    pytest.fail(f"not in Prometheus: {missing}")


@pytest.mark.usefixtures("real_programs")
async def test_strategies_trade_on_a_recorded_market_and_prometheus_has_every_series(tmp_path: Path) -> None:
    options = ("--free-ports", "--market", recorded_market(), "--speed", "20")
    async with demo(tmp_path, *options) as run, aiohttp.ClientSession() as client:
        metrics = (await run.says(r"Metrics +(http://\S+/metrics)"))[1]
        prometheus = (await run.says(r"Prometheus +(http://\S+)/"))[1]
        await run.says(r"NOTIFIED  FIRING    StrategyDrawdown critical: .*statistical_arb.*→ page")
        await until_traded(client, prometheus, strategies=3)
        async with client.get(metrics, headers={"Accept": "text/plain"}) as response:
            exposed = exposed_series(await response.text())
        assert len(exposed) > 100
        await until_stored(client, prometheus, exposed)
        run.process.send_signal(signal.SIGINT)
        assert await run.ends() == 0
        await assert_nothing_is_left(run)


async def test_a_prometheus_beside_that_of_the_stack_is_a_mistake(tmp_path: Path) -> None:
    async with demo(tmp_path, "--prometheus", "http://127.0.0.1:9") as run:
        assert await run.ends() == 1
        assert (await run.complaints()).startswith("genesis: --prometheus is only for --no-stack")


async def test_without_the_programs_it_says_what_to_install_and_starts_nothing(tmp_path: Path) -> None:
    async with demo(tmp_path, environ={"PATH": str(tmp_path)}) as run:
        assert await run.ends() == 1
        assert run.said == ""
        complaints = await run.complaints()
        assert complaints.startswith("genesis: not found: prometheus, alertmanager. Do one of these")
        assert "Traceback" not in complaints


async def test_without_the_stack_engine_and_monitor_run_alone_and_rotation_asks_the_prometheus_that_is_named(
    tmp_path: Path,
) -> None:
    environ = {"PATH": str(tmp_path), "GENESIS_PORT": "0"}
    named = f"http://127.0.0.1:{own_port()}"  # nobody is there: that stops nothing
    async with demo(tmp_path, "--no-stack", "--prometheus", named, "--speed", "5", environ=environ) as run:
        url = (await run.says(r"Metrics +(http://\S+/metrics)"))[1]
        rotation = (await run.says(r"Rotation +(http://\S+)/"))[1]
        await run.says(r"strategy +equity")
        async with aiohttp.ClientSession() as client:
            async with client.get(url) as response:
                assert "genesis_strategy_equity{" in await response.text()
            async with asyncio.timeout(SOON):
                told = ""
                while 'genesis_rotation_blocked_info{reason="prometheus"} 1' not in told:
                    async with client.get(f"{rotation}/metrics") as response:
                        told = await response.text()
        assert "genesis_rotation_enforcing 1" in told
        run.process.send_signal(signal.SIGTERM)
        assert await run.ends() == 0
        assert run.children == set()
