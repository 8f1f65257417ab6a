"""The rotation controller's own metrics. Weights are shares of the capital; the rest is unallocated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genesis.core.models import StrategyState
from genesis.metrics.declaration import Group, Labels, Number, Rows, itself
from genesis.metrics.metric import Unit

if TYPE_CHECKING:
    from datetime import datetime
    from decimal import Decimal

MAX_STRATEGIES = 1000
"""Strategies beyond this number, sorted by name, have no series; the monitor's default limit is the same."""


@dataclass(frozen=True, slots=True)
class DecidedStrategy:
    """The last decision on a strategy."""

    weight: Decimal
    score: float | None
    state: StrategyState
    pinned: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """The last decision."""

    time: datetime
    strategies: Mapping[str, DecidedStrategy]
    rules: Mapping[str, Mapping[str, bool]]
    """Strategy → hard rule → whether it holds."""
    turnover_used_ratio: float


@dataclass(frozen=True, slots=True)
class Lead:
    """Figures that only the deciding controller exposes."""

    enforcing: bool
    halted: bool
    engine_weights: Mapping[str, Decimal]
    """As the engine reports them; empty if it did not."""
    decided: Decided | None


@dataclass(frozen=True, slots=True)
class RotationSnapshot:
    """The state of one controller, and its counts."""

    leading: bool
    interval_seconds: float
    blocked: Sequence[str]
    """Reasons for which no step that adds risk is taken."""
    decisions: Mapping[tuple[str, str], int]
    """(action, reason) → steps."""
    deliveries: Mapping[str, int]
    """By outcome."""
    changed: Mapping[tuple[str, str, str], datetime]
    """(strategy, action, reason) → the time of the last such change."""
    lead: Lead | None
    """None while another controller decides."""


# Every controller.


def _controller(snapshot: RotationSnapshot) -> Iterator[tuple[Labels, RotationSnapshot]]:
    yield (), snapshot


def _blocked(snapshot: RotationSnapshot) -> Iterator[tuple[Labels, None]]:
    for reason in sorted(set(snapshot.blocked)):
        yield (reason,), None


def _decisions(snapshot: RotationSnapshot) -> Iterator[tuple[Labels, int]]:
    yield from sorted(snapshot.decisions.items())


def _deliveries(snapshot: RotationSnapshot) -> Iterator[tuple[Labels, int]]:
    for outcome, count in sorted(snapshot.deliveries.items()):
        yield (outcome,), count


def _changed(snapshot: RotationSnapshot) -> Iterator[tuple[Labels, datetime]]:
    yield from sorted(snapshot.changed.items())


_CONTROLLER = Rows(Group.ROTATION, "", _controller)

ROTATION_LEADING = _CONTROLLER.gauge(
    "rotation_leading",
    Unit.FLAG,
    "1 if this controller decides, 0 if it waits for another one that does.",
    lambda snapshot: snapshot.leading,
)
ROTATION_INTERVAL_SECONDS = _CONTROLLER.gauge(
    "rotation_interval_seconds",
    Unit.SECONDS,
    "The time between two decisions, as it is configured.",
    lambda snapshot: snapshot.interval_seconds,
)
ROTATION_BLOCKED_INFO = Rows(Group.ROTATION, "reason", _blocked).info(
    "rotation_blocked_info", "Why no step that adds risk is taken; no series while such steps are allowed."
)
ROTATION_DECISIONS = Rows(Group.ROTATION, "action reason", _decisions).counter(
    "rotation_decisions_total",
    Unit.COUNT,
    "Decisions on single strategies by action and reason; hold changes nothing.",
    itself,
)
ROTATION_DELIVERIES = Rows(Group.ROTATION, "outcome", _deliveries).counter(
    "rotation_deliveries_total",
    Unit.COUNT,
    "Deliveries of decisions to the engine: confirmed, unconfirmed, refused, failed.",
    itself,
)
ROTATION_STEP_TIMESTAMP_SECONDS = Rows(Group.ROTATION, "strategy action reason", _changed).gauge(
    "rotation_step_timestamp_seconds",
    Unit.TIMESTAMP,
    "Wall time of the last such change of a strategy for this reason.",
    lambda at: at.timestamp(),
)


# The leading controller.


def _lead(snapshot: RotationSnapshot) -> Iterator[tuple[Labels, Lead]]:
    if snapshot.lead is not None:
        yield (), snapshot.lead


def _engine_weights(lead: Lead) -> Iterator[tuple[Labels, Number]]:
    for name in sorted(lead.engine_weights)[:MAX_STRATEGIES]:
        yield (name,), lead.engine_weights[name]


_LEAD = Rows(Group.ROTATION, "", _lead)

ROTATION_ENFORCING = _LEAD.gauge(
    "rotation_enforcing",
    Unit.FLAG,
    "1 if decisions are sent to the engine, 0 if they are only reported.",
    lambda lead: lead.enforcing,
)
ROTATION_HALTED = _LEAD.gauge(
    "rotation_halted",
    Unit.FLAG,
    "1 while the kill switch keeps all allocations as they are, 0 while not.",
    lambda lead: lead.halted,
)
ROTATION_ENGINE_WEIGHT_RATIO = _LEAD.by("strategy", _engine_weights).gauge(
    "rotation_engine_weight_ratio",
    Unit.RATIO,
    "Share of the capital that the strategy has, as the engine reports it.",
    itself,
)


# Its last decision.


def _decided(snapshot: RotationSnapshot) -> Iterator[tuple[Labels, Decided]]:
    for labels, lead in _lead(snapshot):
        if lead.decided is not None:
            yield labels, lead.decided


def _strategies(decided: Decided) -> Iterator[tuple[Labels, DecidedStrategy]]:
    for name in sorted(decided.strategies)[:MAX_STRATEGIES]:
        yield (name,), decided.strategies[name]


def _states(strategy: DecidedStrategy) -> Iterator[tuple[Labels, bool]]:
    for name, state in sorted((state.value, state) for state in StrategyState):
        yield (name,), strategy.state is state


def _rules(decided: Decided) -> Iterator[tuple[Labels, bool]]:
    for name in sorted(decided.rules)[:MAX_STRATEGIES]:
        for rule, holds in sorted(decided.rules[name].items()):
            yield (name, rule), holds


_DECIDED = Rows(Group.ROTATION, "", _decided)
_STRATEGY = _DECIDED.by("strategy", _strategies)

ROTATION_LAST_DECISION_TIMESTAMP_SECONDS = _DECIDED.gauge(
    "rotation_last_decision_timestamp_seconds",
    Unit.TIMESTAMP,
    "Wall time of the last decision; one that changes nothing, or is blocked, counts as well.",
    lambda decided: decided.time.timestamp(),
)
ROTATION_TARGET_WEIGHT_RATIO = _STRATEGY.gauge(
    "rotation_target_weight_ratio",
    Unit.RATIO,
    "Share of the capital that the strategy is to have, by the last decision.",
    lambda strategy: strategy.weight,
)
ROTATION_SCORE = _STRATEGY.gauge(
    "rotation_score",
    Unit.NUMBER,
    "Score of the strategy by its figures; higher is better.",
    lambda strategy: strategy.score,
)
ROTATION_STATE = _STRATEGY.by("state", _states).gauge(
    "rotation_state",
    Unit.FLAG,
    "1 for the state of the strategy by the last decision, 0 for the others.",
    itself,
)
ROTATION_PINNED = _STRATEGY.gauge(
    "rotation_pinned", Unit.FLAG, "1 if a person fixed the strategy, 0 if not.", lambda strategy: strategy.pinned
)
ROTATION_RULE_HOLDS = _DECIDED.by("strategy rule", _rules).gauge(
    "rotation_rule_holds", Unit.FLAG, "1 while a hard rule holds for the strategy, 0 while it does not.", itself
)
ROTATION_TURNOVER_USED_RATIO = _DECIDED.gauge(
    "rotation_turnover_used_ratio",
    Unit.RATIO,
    "Turnover of the last 24 hours over the most that is allowed.",
    lambda decided: decided.turnover_used_ratio,
)
