"""The monitor goes away in the middle of a drawdown: somebody is told, and nobody is told of a recovery that was none."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.app import MonitorApp
from genesis.configuration import Settings, load_settings
from genesis.core.clock import SystemClock
from genesis.core.models import CapitalFlow, Fill, Quote, Side
from genesis.stack.native import ANY_PORTS, NativeStack
from genesis.stack.sink import NotificationSink, NotifiedAlert
from tests.integration.ports import own_port
from tests.integration.waiting import SOON
from tests.unit.alerts.alert_tree import CONFIG
from tests.unit.alerts.alert_tree import settings as alert_settings

pytestmark = [pytest.mark.usefixtures("real_programs"), pytest.mark.real_time]

KEPT = 5.0
"""Seconds that the drawdown alert outlives the monitor."""

D = Decimal


@pytest.fixture
def settings() -> Settings:
    quick = alert_settings(
        {
            "group_interval": "1s",
            "alerts.MonitorDown.for": "1s",
            "alerts.MonitorDown.keep_firing_for": "0s",
            "alerts.CollectorFailing.for": "1s",
            "alerts.StrategyDrawdown.keep_firing_for": f"{KEPT:g}s",
        }
    )
    return load_settings(CONFIG)._replace(alerts=quick)


def quote(mid: int) -> Quote:
    return Quote(time=datetime.now(UTC), symbol="BTCUSDT", bid=D(mid), ask=D(mid))


async def lose(app: MonitorApp) -> None:
    """10,000 of capital, all of it in a position that then loses 12 %."""
    now = datetime.now(UTC)
    flow = CapitalFlow(time=now, event_id="c1", strategy="a", amount=D(10_000))
    fill = Fill(time=now, event_id="f1", strategy="a", symbol="BTCUSDT", side=Side.BUY, quantity=D(100), price=D(100), fee=D(0))
    await app.monitor.handle_batch([flow, quote(100), fill, quote(88)])


def is_page(alert: NotifiedAlert) -> bool:
    """Whether it is of the critical drawdown.

    The warning is told too if Alertmanager happens to look at it before the critical alert has come to mute it.
    """
    return (alert.name, alert.labels["severity"]) == ("StrategyDrawdown", "critical")


def paged(sink: NotificationSink) -> list[str]:
    """The status of every page of the drawdown, in order."""
    return [alert.status for note in sink.notifications for alert in note.alerts if is_page(alert)]


async def test_a_crash_in_a_drawdown_is_told_and_its_end_is_no_recovery(settings: Settings, tmp_path: Path) -> None:
    def monitor(port: int) -> MonitorApp:
        return MonitorApp(settings, journal=tmp_path / "journal.db", host="127.0.0.1", port=port, clock=SystemClock())

    async with NotificationSink(SystemClock()) as sink, AsyncExitStack() as life:
        app = await life.enter_async_context(monitor(own_port()))
        address = app.url.removeprefix("http://")
        async with NativeStack(
            settings, data=tmp_path, monitor=address, sink_url=sink.url, environ=os.environ, ports=ANY_PORTS
        ) as stack:
            await stack.scraping()
            await lose(app)
            await sink.wait_for(lambda _, alert: is_page(alert), SOON)

            await life.aclose()
            await sink.wait_for(lambda _, alert: alert.name == "MonitorDown", SOON)
            await asyncio.sleep(KEPT + 3)  # the alert has ended in Prometheus, and two group intervals have passed
            assert paged(sink) == ["firing"]

            async with monitor(int(address.rpartition(":")[2])) as restarted:
                await restarted.monitor.handle(quote(88))
                await sink.wait_for(lambda _, alert: (alert.name, alert.status) == ("MonitorDown", "resolved"), SOON)
                await asyncio.sleep(3)  # the loss is still there: neither a second page nor an end
                assert paged(sink) == ["firing"]
                await restarted.monitor.handle(quote(101))
                await sink.wait_for(lambda _, alert: is_page(alert) and alert.status == "resolved", SOON)
