"""A test alert against an Alertmanager that follows a script: what is said, what is sent, and that it is always ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from genesis.alerts.live.drill import drill
from genesis.alerts.live.firing import Firing
from genesis.alerts.live.routing import Routing
from genesis.clients.alertmanager import (
    ATTEMPTED,
    REQUESTS,
    REQUESTS_FAILED,
    Alertmanager,
    AlertStatus,
    Counters,
    ManagedAlert,
    Posted,
)
from genesis.core.errors import GenesisError, ServerError
from tests.unit.alerts.live.definitions import BOOK

NOON = datetime(2026, 2, 2, 12, tzinfo=UTC)
CONFIG = """
route:
  receiver: desk
  group_wait: 0s
  group_interval: 2s
  routes:
    - {matchers: ['severity="warning"'], receiver: day, active_time_intervals: [past], continue: true}
    - {matchers: ['severity="warning"'], receiver: desk, mute_time_intervals: [past]}
    - {matchers: ['alertname="EventsMissing"'], receiver: quiet}
receivers:
  - {name: desk, webhook_configs: [{url: x}]}
  - {name: day, slack_configs: [{}]}
  - {name: quiet, email_configs: [{}]}
time_intervals:
  - {name: past, time_intervals: [{weekdays: [tuesday]}]}
"""


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its time passes on the clock of the test alone."""
    monkeypatch.setattr("genesis.alerts.live.firing._POLL_SECONDS", 0)


class Ticking:
    """A clock on which half a second passes whenever somebody looks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds)

    def timestamp(self) -> float:
        return self.now().timestamp()

    def monotonic(self) -> float:
        self.seconds += 0.5
        return self.seconds


class Scripted(Alertmanager):
    """Takes what is posted, and counts one notification of each kind a post."""

    def __init__(self, config: str = CONFIG) -> None:
        super().__init__()
        self.posted: list[Posted] = []
        self.counting: Callable[[int], tuple[int, int, int]] = lambda posts: (posts, posts, 0)
        self.own: list[AlertStatus | None] = [None, AlertStatus("active")]
        """What it has of the alert, look by look."""
        self._config = config

    async def config(self) -> str:
        return self._config

    async def alerts(self, matching: object = None) -> list[ManagedAlert]:
        status = self.own.pop(0)
        if status is None:
            return []
        labels = dict(self.posted[-1].labels) if self.posted else dict(matching)  # type: ignore[call-overload]
        return [ManagedAlert(labels, {}, NOON, NOON, "f", status, [])]

    async def post(self, alerts: Iterable[Posted]) -> None:
        self.posted += alerts

    async def counters(self) -> Counters:
        values = zip((ATTEMPTED, REQUESTS, REQUESTS_FAILED), self.counting(len(self.posted)), strict=True)
        return Counters(tuple((name, {"integration": kind}, value) for name, value in values for kind in ("webhook", "email")))


class Told(NamedTuple):
    delivered: bool
    lines: list[str]


async def fired(manager: Scripted, name: str = "DailyLoss", severity: str | None = None, config: str = CONFIG) -> Told:
    lines: list[str] = []
    sent = drill(BOOK.find(name), None, severity, {})
    firing = Firing(manager, sent, Ticking(), lines.append, timedelta(seconds=10))
    return Told(await firing.run(Routing(config)), lines)


def ended(manager: Scripted) -> bool:
    first, last = manager.posted
    return last.labels == first.labels and last.starts_at == first.starts_at and last.ends_at < first.ends_at


async def test_an_alert_and_its_end_that_are_taken_are_delivered() -> None:
    manager = Scripted()
    told = await fired(manager)
    assert told.delivered
    assert ended(manager)
    assert [line.split()[0] for line in told.lines] == ["test", "route:", "delivered", "ended;"]


async def test_an_end_that_is_not_told_is_no_delivery() -> None:
    manager = Scripted()
    manager.counting = lambda posts: (1, 1, 0) if posts else (0, 0, 0)
    told = await fired(manager)
    assert not told.delivered
    assert ended(manager)
    assert "desk by webhook: the notification was not started" in told.lines[-1]


async def test_a_receiver_that_is_never_told_of_ends_is_not_waited_for() -> None:
    told = await fired(Scripted(), "EventsMissing")
    assert told.delivered
    assert told.lines[-1] == "ended; no receiver here is notified of the end"


async def test_an_end_that_is_told_much_later_is_not_waited_for() -> None:
    told = await fired(Scripted(CONFIG.replace("2s", "5m")))
    assert told.delivered
    assert told.lines[-1] == "ended; the notification of the end comes within 5m: not waiting for it"


async def test_where_the_hours_of_one_route_are_over_the_other_one_is_watched() -> None:
    report = await fired(Scripted(), severity="warning")
    assert report.delivered
    route = 'route: severity="warning" → day (slack), only within past, at once, a change after 2s, again every 4h'
    assert route in report.lines
    assert "note: day is notified only within past, which is not now" in report.lines
    assert any("desk by webhook" in line for line in report.lines)


async def test_nothing_is_sent_out_of_the_hours_of_all_routes() -> None:
    other = CONFIG.replace("mute_time_intervals: [past]", "mute_time_intervals: [rest]")
    manager = Scripted(f"{other}  - {{name: rest, time_intervals: [{{weekdays: [monday]}}]}}")
    report = await fired(manager, severity="warning")
    assert not report.delivered
    assert manager.posted == []
    assert report.lines[-2:] == [
        "NOT DELIVERED: day is notified only within past, which is not now",
        "NOT DELIVERED: desk is notified only outside rest, which is not now",
    ]


async def test_nothing_is_sent_where_nobody_would_be_told() -> None:
    manager = Scripted(CONFIG.replace("{name: desk, webhook_configs: [{url: x}]}", "{name: desk}"))
    told = await fired(manager)
    assert not told.delivered
    assert manager.posted == []
    assert told.lines[-1].startswith("NOT DELIVERED: desk has no integration and notifies nobody")


async def test_another_configuration_than_that_of_the_files_is_told() -> None:
    told = await fired(Scripted(), config=CONFIG.replace("receiver: desk\n", "receiver: day\n"))
    assert any(line.startswith("note: the files send it to day, the running Alertmanager to desk") for line in told.lines)


async def test_an_alert_that_is_there_already_is_waited_for() -> None:
    manager = Scripted()
    manager.own = [AlertStatus("active")]
    with pytest.raises(GenesisError, match="is active already, until 12:00:00 UTC"):
        await fired(manager)
    assert manager.posted == []


async def test_an_alert_that_vanishes_is_not_delivered() -> None:
    manager = Scripted()
    manager.own = [None, None]
    told = await fired(manager)
    assert (told.delivered, told.lines[-1]) == (False, "NOT DELIVERED: Alertmanager accepted the alert, but does not have it")
    assert ended(manager)


async def test_an_alert_is_ended_when_alertmanager_cannot_be_asked_any_more() -> None:
    manager = Scripted()

    def counting(posts: int) -> tuple[int, int, int]:
        if posts:
            raise ServerError("gone")
        return 0, 0, 0

    manager.counting = counting
    with pytest.raises(ServerError, match="gone"):
        await fired(manager)
    assert ended(manager)


async def test_an_alert_is_ended_when_its_command_is_stopped() -> None:
    manager = Scripted()
    manager.counting = lambda _: (0, 0, 0)
    running = asyncio.create_task(fired(manager))
    while not manager.posted:  # noqa: ASYNC110 - a list
        await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended(manager)


async def test_an_alert_is_ended_when_alertmanager_does_not_answer_to_it() -> None:
    class Silent(Scripted):
        async def post(self, alerts: Iterable[Posted]) -> None:
            await super().post(alerts)
            if len(self.posted) == 1:
                raise ServerError("nothing came")

    manager = Silent()
    with pytest.raises(ServerError, match="nothing came"):
        await fired(manager)
    assert ended(manager)
