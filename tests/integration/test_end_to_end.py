"""From an event to a notification, through the real Prometheus and Alertmanager."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import aiohttp
import pytest
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from genesis.core.config import Settings
from genesis.core.models import CapitalFlow
from genesis.core.statement import Item, Statement, Terms
from genesis.stack import programs
from genesis.stack.sink import Notification, NotifiedAlert
from tests.integration.asker import asking
from tests.integration.waiting import SOON, TIMES, at_best
from tests.integration.whole_way import SCRAPES_FIRST, STRATEGY, open_position, quote, running

DELIVERED_WITHIN = 5.0
"""Seconds that the product promises from the loss to the notification."""

pytestmark = [pytest.mark.usefixtures("real_programs"), pytest.mark.real_time]


EVER = datetime.min.replace(tzinfo=UTC)


def drawdown(severity: str, status: str, since: datetime = EVER) -> Callable[[Notification, NotifiedAlert], bool]:
    def wanted(note: Notification, alert: NotifiedAlert) -> bool:
        labels = alert.labels
        return note.at >= since and (alert.name, labels.get("severity"), labels.get("strategy"), alert.status) == (
            "StrategyDrawdown",
            severity,
            STRATEGY,
            status,
        )

    return wanted


async def test_a_loss_is_notified_within_five_seconds_and_a_recovery_is_told(settings: Settings, tmp_path: Path) -> None:
    async with running(settings, tmp_path) as (app, _, sink):
        await open_position(app)
        await asyncio.sleep(SCRAPES_FIRST)
        assert not [note for note in sink.notifications for alert in note.alerts if alert.name == "StrategyDrawdown"]

        took: list[float] = []
        while not took or (took[-1] >= DELIVERED_WITHIN and len(took) < TIMES):
            crossed = datetime.now(UTC)
            await app.monitor.handle(quote("88"))  # 12 % below the peak; critical from 10 % on
            page = await sink.wait_for(drawdown("critical", "firing", crossed), within=SOON)
            took.append((page.at - crossed).total_seconds())
            assert page.receiver == "page"
            (alert,) = [alert for alert in page.alerts if alert.labels["severity"] == "critical"]
            assert STRATEGY in alert.annotations["summary"]
            assert alert.annotations["runbook_url"]

            recovered = datetime.now(UTC)
            await app.monitor.handle(quote("101"))
            resolved = await sink.wait_for(drawdown("critical", "resolved", recovered), within=SOON)
            assert resolved.receiver == "page"
        print(f"from the loss to the notification: {took} s")  # noqa: T201 - seen with pytest -s
        assert min(took) < DELIVERED_WITHIN


async def test_the_critical_page_mutes_its_own_warning(settings: Settings, tmp_path: Path) -> None:
    async def story(data: Path) -> None:
        async with running(settings, data) as (app, _, sink):
            await open_position(app)
            await app.monitor.handle(quote("88"))
            await sink.wait_for(drawdown("critical", "firing"), within=SOON)
            await asyncio.sleep(SCRAPES_FIRST)
            assert not [
                note for note in sink.notifications if any(drawdown("warning", "firing")(note, one) for one in note.alerts)
            ]

    await at_best(story, tmp_path)


async def test_everything_on_metrics_is_valid_and_arrives_in_prometheus(settings: Settings, tmp_path: Path) -> None:
    async with running(settings, tmp_path) as (app, stack, _), aiohttp.ClientSession() as client:
        await open_position(app)
        await app.monitor.handle(quote("97"))
        async with client.get(f"{app.url}/metrics", headers={"Accept": "text/plain"}) as response:
            exposition = await response.text()
        exposed = {sample.name for family in text_string_to_metric_families(exposition) for sample in family.samples}
        assert "genesis_strategy_net_pnl" in exposed
        async with asking(str(stack.url(programs.PROMETHEUS))) as asker, asyncio.timeout(SOON):
            while exposed - set(await asker.label_values("__name__")):  # noqa: ASYNC110 - another process tells no event
                await asyncio.sleep(0.2)

        promtool = programs.require([programs.PROMTOOL], os.environ)[programs.PROMTOOL]
        process = await asyncio.create_subprocess_exec(
            promtool, "check", "metrics", stdin=PIPE, stdout=PIPE, stderr=STDOUT, env={"PATH": ""}
        )
        output, _ = await process.communicate(exposition.encode())
        assert (process.returncode, output) == (0, b"")


def impatient(settings: Settings) -> Settings:
    """The settings, with alerts that wait for nothing."""
    alerts = settings.alerts.alerts
    quick = {
        name: getattr(alerts, name).model_copy(update={"hold": timedelta(0)})
        for name in ("events_missing", "storage_below_tier")
    }
    quick["reconciliation_break"] = alerts.reconciliation_break.model_copy(update={"keep_firing_for": timedelta(seconds=2)})
    quick["events_missing"] = quick["events_missing"].model_copy(update={"keep_firing_for": timedelta(seconds=2)})
    return settings._replace(alerts=settings.alerts.model_copy(update={"alerts": alerts.model_copy(update=quick)}))


def told(name: str, status: str) -> Callable[[Notification, NotifiedAlert], bool]:
    def wanted(_: Notification, alert: NotifiedAlert) -> bool:
        return (alert.name, alert.status) == (name, status)

    return wanted


async def test_what_is_wrong_with_events_and_statements_is_notified(settings: Settings, tmp_path: Path) -> None:
    async with running(impatient(settings), tmp_path) as (app, _, sink):
        await open_position(app)
        await asyncio.sleep(SCRAPES_FIRST)
        now = datetime.now(UTC)
        flow = CapitalFlow(time=now, source="gate", event_id="c1", strategy=STRATEGY, amount=Decimal(1), seq=1)
        jump = replace(flow, event_id="c4", seq=4)
        far = replace(flow, event_id="c5", time=now + timedelta(days=365))
        receipts = await app.monitor.handle_batch([flow, jump, replace(flow, amount=Decimal(2)), far])
        assert [receipt.outcome.value for receipt in receipts] == ["accepted", "accepted", "conflict", "rejected"]
        app.monitor.reconcile(Statement({Item(STRATEGY, "BTCUSDT"): Decimal(99)}, {}), Terms())
        expected = {
            "EventsMissing": "gate: 2 events are missing",
            "EventsConflicting": "Conflicting events (capital_flow)",
            "EventsRejected": "1 events refused (capital_flow; threshold 1)",
            "ReconciliationBreak": "Books and statement differ in 1 places",
            "StorageBelowTier": "The account has outgrown SQLite",
        }
        for name, summary in expected.items():
            note = await sink.wait_for(told(name, "firing"), within=SOON)
            (alert,) = [alert for alert in note.alerts if alert.name == name]
            assert alert.annotations["summary"] == summary
        await app.monitor.handle_batch([replace(flow, event_id="c2", seq=2), replace(flow, event_id="c3", seq=3)])
        app.monitor.reconcile(Statement({Item(STRATEGY, "BTCUSDT"): Decimal(100)}, {}), Terms())
        for name in ("EventsMissing", "ReconciliationBreak"):
            await sink.wait_for(told(name, "resolved"), within=SOON)
