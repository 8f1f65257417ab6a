"""The sink keeps what Alertmanager delivers, and refuses what is no notification."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from genesis.core.clock import SystemClock
from genesis.stack.sink import Notification, NotificationSink
from tests.integration.waiting import SOON

BODY = {
    "version": "4",
    "receiver": "pager",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "StrategyDrawdown", "strategy": "pairs"},
            "annotations": {"summary": "pairs is 12 % below its peak"},
            "startsAt": "2026-01-31T12:00:00Z",
        }
    ],
}


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def test_a_notification_is_kept_and_handed_on(client: aiohttp.ClientSession) -> None:
    seen: list[Notification] = []
    async with NotificationSink(SystemClock(), seen.append) as sink:
        async with client.post(f"{sink.url}/pager", json=BODY) as response:
            assert response.status == 200
        note = await sink.wait_for(lambda _, alert: alert.name == "StrategyDrawdown", within=SOON)
    assert note.receiver == "pager"
    assert note.alerts[0].labels["strategy"] == "pairs"
    assert seen == [note] == list(sink.notifications)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        json.dumps(BODY | {"status": "maybe"}).encode(),
        json.dumps(BODY | {"alerts": [{"labels": {"a": 1}}]}).encode(),
    ],
)
async def test_a_malformed_body_is_answered_400_and_the_sink_goes_on(client: aiohttp.ClientSession, body: bytes) -> None:
    async with NotificationSink(SystemClock()) as sink:
        async with client.post(f"{sink.url}/pager", data=body) as response:
            assert response.status == 400
            assert "not an Alertmanager webhook body" in await response.text()
        async with client.post(f"{sink.url}/pager", json=BODY) as response:
            assert response.status == 200
        assert len(sink.notifications) == 1


async def test_a_failing_callback_is_not_alertmanagers_fault(client: aiohttp.ClientSession) -> None:
    def fail(_: Notification) -> None:
        raise RuntimeError("no paper in the printer")

    async with NotificationSink(SystemClock(), fail) as sink, client.post(f"{sink.url}/pager", json=BODY) as response:
        assert response.status == 200
        assert len(sink.notifications) == 1


async def test_only_the_latest_are_kept(client: aiohttp.ClientSession) -> None:
    async with NotificationSink(SystemClock(), keep=2) as sink:
        for receiver in ("a", "b", "c"):
            async with client.post(f"{sink.url}/{receiver}", json=BODY) as response:
                assert response.status == 200
        assert [note.receiver for note in sink.notifications] == ["b", "c"]


async def test_waiting_for_what_does_not_come_ends_in_time() -> None:
    async with NotificationSink(SystemClock()) as sink:
        with pytest.raises(TimeoutError):
            await sink.wait_for(lambda note, _: note.status == "resolved", within=0.05)
