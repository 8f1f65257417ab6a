"""The generated alertmanager.yml in the real Alertmanager: what is muted, what is told together, and when."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from genesis.alerts.notify.settings import DAYS
from genesis.alerts.settings import AlertSettings
from genesis.core.clock import SystemClock
from genesis.monitoring.alert_manager import alertmanager_config
from genesis.stack.sink import NotificationSink
from tests.integration.real_alertmanager import Alertmanager, alertmanager, endpoint, mailbox
from tests.integration.waiting import SOON, until
from tests.unit.alerts.alert_tree import settings

pytestmark = [pytest.mark.usefixtures("real_programs"), pytest.mark.real_time]

QUICK: dict[str, object] = {"group_interval": "1s"}


@asynccontextmanager
async def sunk(
    directory: Path, changes: Mapping[str, object] | None = None
) -> AsyncIterator[tuple[NotificationSink, Alertmanager]]:
    """The repository's routes, with a sink behind every receiver."""
    async with NotificationSink(SystemClock()) as sink:
        config = alertmanager_config(settings({**QUICK, **(changes or {})}), sink.url)
        async with alertmanager(directory, config) as manager:
            yield sink, manager


def drawdown(severity: str, strategy: str = "a") -> dict[str, str]:
    return {"alertname": "StrategyDrawdown", "severity": severity, "strategy": strategy, "instance": "m:1"}


def stale(severity: str, symbol: str) -> dict[str, str]:
    return {"alertname": "MarketDataStale", "severity": severity, "symbol": symbol, "instance": "m:1"}


MARKER = {"alertname": "SomebodyElses", "severity": "warning"}
"""Sent last: what has not arrived when this has, does not arrive."""


async def told(
    directory: Path, *alerts: Mapping[str, str], changes: Mapping[str, object] | None = None
) -> list[tuple[str, str, str]]:
    """What the sink is told of alerts that fire together: receiver, severity, and strategy or symbol."""
    async with sunk(directory, changes) as (sink, manager):
        await manager.send(*alerts)
        await asyncio.sleep(1.5)  # longer than every group_wait
        await manager.send(MARKER)
        await sink.wait_for(lambda _, alert: alert.name == MARKER["alertname"], SOON)
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
        await sink.wait_for(lambda _, alert: alert.name == "MonitorDown", SOON)
        await manager.send(drawdown("critical"), other)
        await sink.wait_for(lambda _, alert: alert.labels.get("strategy") == "b", SOON)
        await manager.send(MARKER)
        await sink.wait_for(lambda _, alert: alert.name == MARKER["alertname"], SOON)
        assert "a" not in {alert.labels.get("strategy") for note in sink.notifications for alert in note.alerts}


async def test_a_failing_group_mutes_only_the_alerts_that_stand_on_it(tmp_path: Path) -> None:
    failing = {"alertname": "CollectorFailing", "severity": "critical", "instance": "m:1"}
    async with sunk(tmp_path) as (sink, manager):
        await manager.send({**failing, "group": "trades"}, {**failing, "group": "marks"})
        await sink.wait_for(lambda _, alert: alert.labels.get("group") == "marks", SOON)
        await manager.send(stale("critical", "BTC"), drawdown("critical"))
        await sink.wait_for(lambda _, alert: alert.name == "StrategyDrawdown", SOON)
        await manager.send(MARKER)
        await sink.wait_for(lambda _, alert: alert.name == MARKER["alertname"], SOON)
        assert "MarketDataStale" not in {alert.name for note in sink.notifications for alert in note.alerts}


FAILING = {"alertname": "CollectorFailing", "severity": "critical", "instance": "m:1", "group": "marks"}


@pytest.mark.parametrize("instance", ["m:1", None])
async def test_the_end_of_an_alert_is_not_told_while_the_monitor_is_down(tmp_path: Path, instance: str | None) -> None:
    down = {"alertname": "MonitorDown", "severity": "critical"} | ({"instance": instance} if instance else {})
    async with sunk(tmp_path) as (sink, manager):
        await manager.send(drawdown("critical"), FAILING)
        await sink.wait_for(lambda _, alert: alert.name == "StrategyDrawdown", SOON)
        await sink.wait_for(lambda _, alert: alert.name == "CollectorFailing", SOON)
        await manager.send(down)
        await sink.wait_for(lambda _, alert: alert.name == "MonitorDown", SOON)
        await manager.send(drawdown("critical"), FAILING, resolved=True)
        await asyncio.sleep(2.5)  # more than two group intervals
        ends = [alert.name for note in sink.notifications for alert in note.alerts if alert.status == "resolved"]
        assert ends == []


async def test_a_recovery_is_told(tmp_path: Path) -> None:
    async with sunk(tmp_path) as (sink, manager):
        await manager.send(drawdown("critical"))
        await sink.wait_for(lambda _, alert: alert.status == "firing", SOON)
        await manager.send(drawdown("critical"), resolved=True)
        note = await sink.wait_for(lambda _, alert: alert.status == "resolved", SOON)
        assert note.receiver == "page"


async def test_a_warning_mutes_its_own_info(tmp_path: Path) -> None:
    info = {"alertname": "StrategyDrawdown", "severity": "info", "instance": "m:1"}
    sent = [drawdown("warning"), {**info, "strategy": "a"}, {**info, "strategy": "b"}]
    assert await told(tmp_path, *sent, changes=ALWAYS) == [("desk", "info", "b"), ("desk", "warning", "a")]


async def test_a_test_alert_mutes_nothing_and_is_told_apart_by_the_way_of_the_real_one(tmp_path: Path) -> None:
    trial = {"test": "true", "instance": "m:1"}
    down = {"alertname": "MonitorDown", "severity": "critical", **trial}
    async with sunk(tmp_path) as (sink, manager):
        await manager.send(down)
        await sink.wait_for(lambda _, alert: alert.name == "MonitorDown", SOON)
        await manager.send(
            {**drawdown("critical"), **trial}, drawdown("critical"), drawdown("warning"), drawdown("critical", "b")
        )
        await sink.wait_for(lambda note, alert: note.receiver == "page" and alert.labels.get("strategy") == "b", SOON)
        tests = await sink.wait_for(lambda _, alert: alert.name == "StrategyDrawdown" and "test" in alert.labels, SOON)
        assert tests.receiver == "page"
        assert len(tests.alerts) == 1
        await manager.send({**drawdown("critical", "c"), **trial}, drawdown("warning", "c"))
        await sink.wait_for(lambda note, alert: note.receiver == "desk" and alert.labels.get("strategy") == "c", SOON)


def hours(*, now: bool) -> dict[str, object]:
    """Hours of the week that are now, or are not; with a day between, in case midnight comes."""
    ahead = 0 if now else 3
    days = [DAYS[(datetime.now(UTC).weekday() + ahead + day) % 7] for day in range(2)]
    return {"days": days, "from": "00:00", "to": "24:00", "time_zone": "UTC"}


ALWAYS: dict[str, object] = {"hours": {"office": hours(now=True)}}


async def test_outside_of_its_hours_a_route_tells_somebody_else_or_nobody_until_they_begin(tmp_path: Path) -> None:
    delivery = {"receiver": "desk", "active": "office", "group_wait": "0s", "repeat_interval": "1h"}
    routes = [{"match": {"severity": "warning"}, **delivery, "otherwise": "page"}, {"match": {"severity": "info"}, **delivery}]

    def config(url: str, *, opened: bool) -> str:
        changes = {**QUICK, "hours": {"office": hours(now=opened)}, "routes": routes}
        return alertmanager_config(settings(changes), url)

    async with NotificationSink(SystemClock()) as sink, alertmanager(tmp_path, config(sink.url, opened=False)) as manager:
        await manager.send(drawdown("warning"), drawdown("info", "b"))
        await sink.wait_for(lambda note, _: note.receiver == "page", SOON)
        await asyncio.sleep(1.5)  # more than a group interval
        assert {note.receiver for note in sink.notifications} == {"page"}
        (tmp_path / "alertmanager.yml").write_text(config(sink.url, opened=True))
        await manager.reload()
        await sink.wait_for(lambda note, alert: note.receiver == "desk" and alert.labels["severity"] == "warning", SOON)
        await sink.wait_for(lambda note, alert: note.receiver == "desk" and alert.labels["severity"] == "info", SOON)
        assert [note.receiver for note in sink.notifications].count("page") == 1


def slack_settings(secret: Path) -> AlertSettings:
    receiver = {"slack": {"api_url_file": str(secret)}}
    return settings({**QUICK, "receivers.desk": receiver, "receivers.page": receiver})


async def test_a_missing_secret_file_fails_the_notification_not_the_start_and_can_be_put_there_later(tmp_path: Path) -> None:
    secret = tmp_path / "slack_url"
    async with endpoint() as services, alertmanager(tmp_path, alertmanager_config(slack_settings(secret))) as manager:
        await manager.send(drawdown("critical"))
        async with asyncio.timeout(SOON):
            while not await manager.failures("slack"):  # noqa: ASYNC110 - another process, which tells nobody
                await asyncio.sleep(0.1)
        assert "no such file" in manager.log.read_text()
        secret.write_text(f"{services.url}/slack")
        assert (await services.next("slack")).body["attachments"][0]["title"] == "[FIRING critical] a: drawdown 6%"


async def test_an_email_is_sent_over_tls_after_a_login(tmp_path: Path) -> None:
    tls = certificate(tmp_path)
    async with mailbox(tls) as mails:
        config = alertmanager_config(mail_settings(mails.address, tmp_path))
        async with alertmanager(tmp_path, config, {"SSL_CERT_FILE": str(tmp_path / "certificate")}) as manager:
            await manager.send(drawdown("critical"))
            recipients, mail = await mails.next()
    assert recipients == ["desk@example.com"]
    assert mail["Subject"] == "[FIRING critical] a: drawdown 6%"
    assert mails.logins == [("genesis", "a password")]


async def test_no_password_is_told_to_a_mail_server_without_tls(tmp_path: Path) -> None:
    async with mailbox() as mails:
        config = alertmanager_config(mail_settings(mails.address, tmp_path))
        async with alertmanager(tmp_path, config) as manager:
            await manager.send(drawdown("critical"))
            await until(lambda: "STARTTLS" in manager.log.read_text())
    assert mails.logins == []


async def test_a_webhook_takes_a_user_and_a_password(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("a password")
    async with endpoint() as services:
        hook = {"url": f"{services.url}/hook", "username": "genesis", "password_file": str(tmp_path / "password")}
        config = alertmanager_config(settings({**QUICK, "receivers.page": {"webhook": hook}}))
        async with alertmanager(tmp_path, config) as manager:
            await manager.send(drawdown("critical"))
            posted = await services.next("hook")
    assert posted.authorization == "Basic " + b64encode(b"genesis:a password").decode()


def mail_settings(smarthost: str, directory: Path) -> AlertSettings:
    (directory / "password").write_text("a password")
    mail = {
        "to": ["desk@example.com"],
        "from": "genesis@example.com",
        "smarthost": smarthost,
        "username": "genesis",
        "password_file": str(directory / "password"),
    }
    return settings({**QUICK, "receivers.page": {"email": mail}})


def certificate(directory: Path) -> ssl.SSLContext:
    """A certificate of loopback's own, in the files `certificate` and `key`."""
    names = ["-subj", "/CN=mail", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(directory / "key")]
    command = ["openssl", "req", "-x509", *key, "-days", "2", *names, "-out", str(directory / "certificate")]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(directory / "certificate", directory / "key")
    return context
