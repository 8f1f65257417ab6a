"""The controller's pages: well while it does what it should, unwell when it stands still."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
from aiohttp.test_utils import TestClient, TestServer

from genesis.rotation.controller import Controller
from genesis.rotation.decision import Reason
from genesis.rotation.http import ROUNDS, rotation_site
from genesis.rotation.status import RotationCounters, Status
from tests.unit.rotation.logged import SETTINGS

_LEADS = Status(SETTINGS, leading=True, waiting="")
_INTERVAL = SETTINGS.interval.total_seconds()


class _Controller:
    def __init__(self, status: Status, silent_for: float = 0.0) -> None:
        self.status = status
        self.silent_for = silent_for
        self.counters = RotationCounters()


async def _told(path: str, controller: _Controller) -> tuple[int, str]:
    async with TestClient(TestServer(rotation_site(cast("Controller", controller)))) as client:
        answer = await client.get(path)
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    "status",
    [
        _LEADS,
        replace(_LEADS, halted="by ada: odd"),
        replace(_LEADS, trouble=Reason("engine", "no route")),
        Status(SETTINGS, waiting="another one leads"),
    ],
)
async def test_a_controller_that_decides_or_waits_is_well(status: Status) -> None:
    assert await _told("/healthz", _Controller(status, ROUNDS * _INTERVAL)) == (200, "ok\n")


async def test_a_controller_without_a_round_for_too_long_is_not_well() -> None:
    silent = ROUNDS * _INTERVAL + 1
    assert await _told("/healthz", _Controller(_LEADS, silent)) == (
        503,
        f"no round for {silent:.0f} s, one is due every 30 s\n",
    )


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (_LEADS, "State: deciding"),
        (replace(_LEADS, halted="by <ada>"), "State: halted: by &lt;ada&gt;"),
        (replace(_LEADS, trouble=Reason("engine", "no route")), "State: no weight is raised: engine no route"),
        (Status(SETTINGS, waiting="pid 7 leads"), "State: waiting: pid 7 leads"),
    ],
)
async def test_the_page_says_what_it_does(status: Status, said: str) -> None:
    code, page = await _told("/", _Controller(status))
    assert code == 200
    assert f"Mode: advise. {said}<" in page


async def test_metrics_are_told_to_prometheus() -> None:
    code, text = await _told("/metrics", _Controller(_LEADS))
    assert code == 200
    assert "genesis_rotation_leading 1.0" in text.splitlines()


async def test_metrics_tell_what_the_process_uses() -> None:
    _, text = await _told("/metrics", _Controller(_LEADS))
    assert "\nprocess_resident_memory_bytes " in text
