"""Rules of the files against those that Prometheus has loaded: what differs is named, and layout is no difference."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from genesis.alerts.live.loaded import RELOAD, faults
from genesis.alerts.rules import Record, Rule
from genesis.clients.prometheus import LoadedRule, Prometheus

RULE = Rule("A", "warning", "x >= 1\nor\ny", {"summary": "s"}, timedelta(seconds=30), timedelta(minutes=1))
RECORD = Record("x", "y + 1")
SAME: dict[str, Any] = {
    "name": "A",
    "query": "x >= 1 or y",
    "labels": {"severity": "warning"},
    "annotations": {"summary": "s"},
    "duration": 30.0,
    "keep_firing_for": 60.0,
    "health": "ok",
}


class Scripted(Prometheus):
    """Has these rules, and lays expressions out on one line."""

    def __init__(self, *loaded: LoadedRule) -> None:
        super().__init__()
        self._loaded = loaded

    async def rules(self) -> list[LoadedRule]:
        return list(self._loaded)

    async def formatted(self, promql: str) -> str:
        return " ".join(promql.split())


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"query": "x >= 2 or y"}, f"Prometheus runs it with another expression: {RELOAD}"),
        ({"duration": 0.0}, f"Prometheus runs it with another for: {RELOAD}"),
        ({"keep_firing_for": 0.0, "annotations": {}}, f"Prometheus runs it with another keep_firing_for, texts: {RELOAD}"),
        ({"labels": {"severity": "critical"}}, f"Prometheus has not loaded it: {RELOAD}"),
        ({"health": "err", "last_error": "many-to-many"}, "Prometheus cannot evaluate it: many-to-many"),
    ],
)
async def test_a_rule_that_runs_otherwise_than_the_files_have_it_is_a_fault(changed: dict[str, Any], fault: str | None) -> None:
    found = await faults(Scripted(LoadedRule(**SAME | changed)), [RULE])
    assert found == ({} if fault is None else {("A", "warning"): fault})


async def test_a_recording_rule_is_compared_by_its_expression() -> None:
    assert await faults(Scripted(LoadedRule("x", "y + 1")), [RECORD]) == {}
    assert list(await faults(Scripted(LoadedRule("x", "y + 2")), [RECORD])) == [("x", "")]
    assert list(await faults(Scripted(), [RECORD])) == [("x", "")]
