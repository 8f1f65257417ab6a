"""A decision as people read it: whatever was wrong, halted, blocked, pinned or held by a rule is on a line of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest

from genesis.core.models import StrategyState
from genesis.rotation.audit.lines import decision_lines
from genesis.rotation.audit.rows import DeliveryAttempt, RecordedDecision
from genesis.rotation.decision import ActiveRule, Reason
from genesis.rotation.observation import Pin, StrategyReading
from tests.unit.rotation.logged import BEGIN, PIN, decision, observation

_DIGEST = "0123456789abcdef"


@dataclass
class _Told:
    """Lines by their first word."""

    lines: list[str]

    def of(self, word: str) -> list[str]:
        return [line.split(maxsplit=1)[1] for line in self.lines if line.split()[0] == word]


def _told(entry: RecordedDecision, *, deliveries: tuple[DeliveryAttempt, ...] = (), only: str | None = "trend") -> _Told:
    return _Told(list(decision_lines(7, _DIGEST, entry, deliveries, only)))


def test_what_was_wrong_with_all_of_it_stands_above_the_strategies() -> None:
    seen = msgspec.structs.replace(
        observation(), limits=None, daily_loss_used=None, engine=None, faults=("clock", "engine"), details={"clock": "jumped"}
    )
    made = msgspec.structs.replace(decision(), blocked=(Reason("clock", "it\njumped"), Reason("tier")), halted=True)
    told = _told(RecordedDecision(seen=seen, pins={}, halted="by ada: odd", decision=made))
    assert told.of("account") == ["tier unknown; daily loss unknown; engine silent, faults clock, engine"]
    assert told.of("HALTED") == ["by ada: odd"]
    assert told.of("BLOCKED") == [r"clock: it\njumped: no weight is raised", "tier: no weight is raised"]


def test_a_figure_that_is_old_or_missing_is_told_as_that() -> None:
    strategies = {
        "trend": StrategyReading(fresh=False, signals={"sharpe": 1.5}),
        "idle": StrategyReading(fresh=True, signals={}),
    }
    seen = msgspec.structs.replace(observation(), strategies=strategies)
    made = decision(strategies=("trend", "idle", "gone"))
    told = _told(RecordedDecision(seen=seen, pins={}, decision=made), only=None)
    assert told.of("seen") == ["nothing", "no figure", "sharpe 1.5 (not fresh)"]


def test_a_score_that_is_not_known_is_told_as_that() -> None:
    made = decision()
    steps = {name: msgspec.structs.replace(step, score=None, target=None) for name, step in made.steps.items()}
    assert _told(RecordedDecision(seen=observation(), pins={}, decision=msgspec.structs.replace(made, steps=steps))).of(
        "score"
    ) == ["unknown"]


def test_rules_are_told_with_how_long_they_hold() -> None:
    made = decision(after=90.0)
    held = {"falling": ActiveRule(since=29.6), "degraded": ActiveRule(since=0.0, suspended=True)}
    tracks = {"trend": msgspec.structs.replace(made.history.tracks["trend"], rules=held)}
    made = msgspec.structs.replace(made, history=msgspec.structs.replace(made.history, tracks=tracks))
    entry = RecordedDecision(seen=observation(), pins={}, decision=made)
    assert _told(entry).of("rules") == ["degraded suspended, falling holds since 1m"]
    assert _told(entry, only="carry").of("rules") == []


@pytest.mark.parametrize(("state", "weight"), [(StrategyState.PAUSED, None), (StrategyState.ACTIVE, Decimal("0.2"))])
def test_a_pin_is_told_with_who_and_why(state: StrategyState, weight: Decimal | None) -> None:
    pin = Pin(state=state, weight=weight, why="its\ndata", author="ada", since=BEGIN)
    told = _told(RecordedDecision(seen=observation(), pins={"trend": pin, "carry": PIN}, decision=decision()))
    assert told.of("pinned") == [rf"{state.value} by ada: its\ndata"]


def test_attempts_at_the_engine_come_last_in_their_order() -> None:
    deliveries = tuple(
        DeliveryAttempt(7, attempt, BEGIN + timedelta(seconds=attempt), outcome, text)
        for attempt, outcome, text in ((1, "failed", "no\nroute"), (2, "confirmed", ""))
    )
    told = _told(RecordedDecision(seen=observation(), pins={}, decision=decision()), deliveries=deliveries)
    assert [line.strip() for line in told.lines[-2:]] == [
        r"delivery  10:00:01  attempt 1 failed: no\nroute",
        "delivery  10:00:02  attempt 2 confirmed",
    ]
    assert told.lines[0].endswith("settings 0123456789ab, changes nothing")
