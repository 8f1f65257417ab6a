"""The generated alertmanager.yml as the real amtool and Alertmanager read it: who is told, what is muted, what Slack gets."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from genesis.core.alert_config import AlertSettings
from genesis.core.clock import SystemClock
from genesis.monitoring.alert_manager import alertmanager_config
from genesis.stack import programs
from genesis.stack.ports import free_port
from genesis.stack.sink import NotificationSink
from tests.unit.monitoring.alert_tree import settings

pytestmark = pytest.mark.usefixtures("real_programs")

QUICK: dict[str, object] = {"group_interval": "1s"}


def amtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    program = programs.require([programs.AMTOOL], os.environ)[programs.AMTOOL]
    return subprocess.run([program, *words], check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("sink", [None, "http://127.0.0.1:8080"])
def test_amtool_accepts_the_configuration(tmp_path: Path, sink: str | None) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager_config(settings(), sink))
    done = amtool("check-config", path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        ({"alertname": "StrategyDrawdown", "severity": "critical", "strategy": "a"}, "page"),
        ({"alertname": "StrategyDrawdown", "severity": "warning", "strategy": "a"}, "desk"),
        ({"alertname": "DailyLoss", "severity": "critical"}, "page"),
        ({"alertname": "DailyLoss", "severity": "warning"}, "desk"),
        ({"alertname": "SlippageHigh", "severity": "critical", "strategy": "a"}, "page"),
        ({"alertname": "MarketDataStale", "severity": "warning", "symbol": "BTCUSDT"}, "desk"),
        ({"alertname": "DrawdownUnknown", "severity": "critical", "strategy": "a"}, "page"),
        ({"alertname": "CollectorFailing", "severity": "critical"}, "page"),
        ({"alertname": "MonitorDown", "severity": "critical"}, "page"),
        ({"alertname": "NotificationsFailing", "severity": "critical"}, "page"),
        ({"alertname": "Watchdog", "severity": "none"}, "heartbeat"),
        ({"alertname": "SomebodyElses", "severity": "info"}, "desk"),
    ],
)
@pytest.mark.parametrize("sink", [None, "http://127.0.0.1:8080"])
def test_each_alert_is_routed_to_its_receiver(
    tmp_path: Path, labels: Mapping[str, str], receiver: str, sink: str | None
) -> None:
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager_config(settings(), sink))
    words = [f"{name}={value}" for name, value in labels.items()]
    done = amtool("config", "routes", "test", f"--config.file={path}", f"--verify.receivers={receiver}", *words)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["plain", 'quo"te', "back\\slash", "br{a}ce,s", "two words", "ünï", "{{ .x }}", "a|b.*"])
def test_a_route_takes_the_strategy_of_any_name_and_no_other(tmp_path: Path, name: str) -> None:
    own = {"match": {"strategy": name}, "receiver": "own", "group_wait": "0s", "repeat_interval": "1h"}
    path = tmp_path / "alertmanager.yml"
    path.write_text(alertmanager_config(settings({"receivers.own": {}, "routes": [own]})))
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    for value, receiver in ((escaped, "own"), (escaped + "x", "desk")):
        test = ("config", "routes", "test", f"--config.file={path}", f"--verify.receivers={receiver}")
        done = amtool(*test, f'strategy="{value}"')
        assert done.returncode == 0, done.stdout + done.stderr


class Alertmanager:
    """A running Alertmanager, to be sent alerts as Prometheus sends them."""

    def __init__(self, url: str, session: aiohttp.ClientSession, log: Path) -> None:
        self._url = url
        self._session = session
        self.log = log

    async def send(self, *alerts: Mapping[str, str], resolved: bool = False) -> None:
        """Each alert by its labels; firing for the next five minutes, or resolved now."""
        ends = time.time() + (-1 if resolved else 300)
        body = [{"labels": labels, "annotations": texts(labels), "endsAt": rfc3339(ends)} for labels in alerts]
        async with self._session.post(f"{self._url}/api/v2/alerts", json=body) as response:
            assert response.status == 200, await response.text()

    async def failures(self, integration: str) -> float:
        """How many notifications failed."""
        name = f'alertmanager_notifications_failed_total{{integration="{integration}"'
        async with self._session.get(f"{self._url}/metrics") as response:
            lines = (await response.text()).splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def texts(labels: Mapping[str, str]) -> dict[str, str]:
    return {
        "summary": f"{labels.get('strategy', 'all')}: drawdown 6%",
        "description": f"A loss of {labels.get('strategy', 'all')}.",
        "runbook_url": "http://127.0.0.1/runbooks#x",
        "dashboard_url": "http://127.0.0.1/d/x?var-strategy=a",
    }


def rfc3339(timestamp: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(timestamp))


@asynccontextmanager
async def alertmanager(directory: Path, config: str) -> AsyncIterator[Alertmanager]:
    """The real program on a free port of loopback, for as long as the block runs."""
    (directory / "alertmanager.yml").write_text(config)
    program = programs.require([programs.ALERTMANAGER], os.environ)[programs.ALERTMANAGER]
    address = f"127.0.0.1:{free_port(0)}"
    log = directory / "log"
    with log.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            program,
            f"--config.file={directory / 'alertmanager.yml'}",
            f"--storage.path={directory / 'data'}",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
            stdout=out,
            stderr=out,
        )
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(60):
            await until_ready(session, f"http://{address}", child)
            yield Alertmanager(f"http://{address}", session, log)
    finally:
        if child.returncode is None:
            child.terminate()
        await child.wait()


@asynccontextmanager
async def sunk(directory: Path) -> AsyncIterator[tuple[NotificationSink, Alertmanager]]:
    """The repository's routes, with a sink behind every receiver."""
    async with NotificationSink(SystemClock()) as sink:
        config = alertmanager_config(settings(QUICK), sink.url)
        async with alertmanager(directory, config) as manager:
            yield sink, manager


async def until_ready(session: aiohttp.ClientSession, url: str, child: asyncio.subprocess.Process) -> None:
    while child.returncode is None:
        try:
            async with session.get(f"{url}/-/ready") as response:
                if response.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)
    pytest.fail("Alertmanager ended before it was ready")


def drawdown(severity: str, strategy: str = "a") -> dict[str, str]:
    return {"alertname": "StrategyDrawdown", "severity": severity, "strategy": strategy, "instance": "m:1"}


def stale(severity: str, symbol: str) -> dict[str, str]:
    return {"alertname": "MarketDataStale", "severity": severity, "symbol": symbol, "instance": "m:1"}


MARKER = {"alertname": "SomebodyElses", "severity": "warning"}
"""Sent last: what has not arrived when this has, does not arrive."""


async def told(directory: Path, *alerts: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """What the sink is told of alerts that fire together: receiver, severity, and strategy or symbol."""
    async with sunk(directory) as (sink, manager):
        await manager.send(*alerts)
        await asyncio.sleep(1.5)  # longer than every group_wait
        await manager.send(MARKER)
        await sink.wait_for(lambda _, alert: alert.name == MARKER["alertname"], 20)
        return sorted(
            (note.receiver, alert.labels["severity"], alert.labels.get("strategy") or alert.labels.get("symbol", ""))
            for note in sink.notifications
            for alert in note.alerts
            if alert.name != MARKER["alertname"]
        )


async def test_a_critical_alert_mutes_its_own_warning(tmp_path: Path) -> None:
    sent = [drawdown("warning"), drawdown("critical"), drawdown("warning", "b")]
    assert await told(tmp_path, *sent) == [("desk", "warning", "b"), ("page", "critical", "a")]


async def test_a_critical_symbol_does_not_mute_the_warning_of_another(tmp_path: Path) -> None:
    sent = [stale("critical", "BTC"), stale("warning", "BTC"), stale("warning", "ETH")]
    assert await told(tmp_path, *sent) == [("desk", "warning", "ETH"), ("page", "critical", "BTC")]


async def test_a_stale_feed_mutes_no_loss(tmp_path: Path) -> None:
    sent = [stale("critical", "BTC"), drawdown("critical")]
    assert await told(tmp_path, *sent) == [("page", "critical", "BTC"), ("page", "critical", "a")]


async def test_a_monitor_that_is_down_mutes_its_own_figures_only(tmp_path: Path) -> None:
    down = {"alertname": "MonitorDown", "severity": "critical", "instance": "m:1"}
    other = {**drawdown("critical", "b"), "instance": "m:2"}
    async with sunk(tmp_path) as (sink, manager):
        await manager.send(down)
        await sink.wait_for(lambda _, alert: alert.name == "MonitorDown", 20)
        await manager.send(drawdown("critical"), other)
        await sink.wait_for(lambda _, alert: alert.labels.get("strategy") == "b", 20)
        await manager.send(MARKER)
        await sink.wait_for(lambda _, alert: alert.name == MARKER["alertname"], 20)
        assert "a" not in {alert.labels.get("strategy") for note in sink.notifications for alert in note.alerts}


async def test_a_failing_group_mutes_only_the_alerts_that_stand_on_it(tmp_path: Path) -> None:
    failing = {"alertname": "CollectorFailing", "severity": "critical", "instance": "m:1"}
    async with sunk(tmp_path) as (sink, manager):
        await manager.send({**failing, "group": "trades"}, {**failing, "group": "marks"})
        await sink.wait_for(lambda _, alert: alert.labels.get("group") == "marks", 20)
        await manager.send(stale("critical", "BTC"), drawdown("critical"))
        await sink.wait_for(lambda _, alert: alert.name == "StrategyDrawdown", 20)
        await manager.send(MARKER)
        await sink.wait_for(lambda _, alert: alert.name == MARKER["alertname"], 20)
        assert "MarketDataStale" not in {alert.name for note in sink.notifications for alert in note.alerts}


@pytest.mark.parametrize("instance", ["m:1", None])
async def test_the_end_of_an_alert_is_not_told_while_the_monitor_is_down(tmp_path: Path, instance: str | None) -> None:
    down = {"alertname": "MonitorDown", "severity": "critical"} | ({"instance": instance} if instance else {})
    async with sunk(tmp_path) as (sink, manager):
        await manager.send(drawdown("critical"))
        await sink.wait_for(lambda _, alert: alert.name == "StrategyDrawdown", 20)
        await manager.send(down)
        await sink.wait_for(lambda _, alert: alert.name == "MonitorDown", 20)
        await manager.send(drawdown("critical"), resolved=True)
        await asyncio.sleep(2.5)  # more than two group intervals
        ends = [alert.name for note in sink.notifications for alert in note.alerts if alert.status == "resolved"]
        assert ends == []


async def test_a_recovery_is_told(tmp_path: Path) -> None:
    async with sunk(tmp_path) as (sink, manager):
        await manager.send(drawdown("critical"))
        await sink.wait_for(lambda _, alert: alert.status == "firing", 20)
        await manager.send(drawdown("critical"), resolved=True)
        note = await sink.wait_for(lambda _, alert: alert.status == "resolved", 20)
        assert note.receiver == "page"


@asynccontextmanager
async def endpoint() -> AsyncIterator[tuple[str, asyncio.Queue[dict[str, Any]]]]:
    """A stand-in for Slack or PagerDuty: its address, and what is posted there."""
    got: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        got.put_nowait(await request.json())
        return web.json_response({"status": "success"}, status=202)

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", got
    finally:
        await runner.cleanup()


def slack_settings(secret: Path) -> AlertSettings:
    receiver = {"slack": {"api_url_file": str(secret), "channel": "#desk"}}
    return settings({**QUICK, "receivers.desk": receiver, "receivers.page": receiver})


async def test_slack_gets_a_readable_message_in_which_a_name_cannot_call_everybody(tmp_path: Path) -> None:
    secret = tmp_path / "slack_url"
    async with endpoint() as (url, got):
        secret.write_text(url)
        async with alertmanager(tmp_path, alertmanager_config(slack_settings(secret))) as manager:
            await manager.send(drawdown("critical", "<!channel> & co"))
            message = await asyncio.wait_for(got.get(), 20)
    (attachment,) = message["attachments"]
    assert message["channel"] == "#desk"
    assert attachment["title"] == "[FIRING critical] StrategyDrawdown"
    assert attachment["text"] == (
        "*&lt;!channel&gt; &amp; co: drawdown 6%*\n"
        "A loss of &lt;!channel&gt; &amp; co.\n"
        "<http://127.0.0.1/runbooks#x|Runbook> · <http://127.0.0.1/d/x?var-strategy=a|Board>\n"
    )


async def test_pagerduty_gets_the_summary_the_severity_and_the_links(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789abcdef0123456789abcdef")
    receiver = {"pagerduty": {"routing_key_file": str(key)}}
    tree = yaml.safe_load(alertmanager_config(settings({**QUICK, "receivers.page": receiver})))
    async with endpoint() as (url, got):
        page = next(entry for entry in tree["receivers"] if entry["name"] == "page")
        page["pagerduty_configs"][0]["url"] = url  # instead of PagerDuty's own
        async with alertmanager(tmp_path, yaml.safe_dump(tree)) as manager:
            await manager.send(drawdown("critical", "a & b"))
            message = await asyncio.wait_for(got.get(), 20)
    assert message["routing_key"] == key.read_text()
    assert message["event_action"] == "trigger"
    assert message["payload"]["summary"] == "a & b: drawdown 6%"
    assert message["payload"]["severity"] == "critical"
    assert message["payload"]["class"] == "StrategyDrawdown"
    assert message["payload"]["component"] == "a & b"
    assert [link["text"] for link in message["links"]] == ["Runbook", "Board"]


async def test_a_missing_secret_file_fails_the_notification_not_the_start_and_can_be_put_there_later(tmp_path: Path) -> None:
    secret = tmp_path / "slack_url"
    async with endpoint() as (url, got), alertmanager(tmp_path, alertmanager_config(slack_settings(secret))) as manager:
        await manager.send(drawdown("critical"))
        while not await manager.failures("slack"):  # noqa: ASYNC110 - another process, which tells nobody
            await asyncio.sleep(0.1)
        assert "no such file" in manager.log.read_text()
        secret.write_text(url)
        assert (await asyncio.wait_for(got.get(), 20))["attachments"][0]["title"] == "[FIRING critical] StrategyDrawdown"
