"""What the controller tells at /metrics: the catalogue's rotation metrics. What is not known is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from math import isfinite
from typing import TypeVar

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from genesis.core.models import StrategyState
from genesis.metrics import catalog
from genesis.metrics.catalog import Kind, Metric
from genesis.rotation.decision import Decision
from genesis.rotation.status import RotationCounters, Status

MAX_STRATEGIES = 1000
"""Strategies past this number, in the order of their names, have no series: the monitor tells no more by name either."""

Labels = tuple[str, ...]
_Value = TypeVar("_Value")
_DAY = 24 * 60 * 60.0


class RotationCollector(Collector):
    """Tells the state of one controller. A controller that waits tells that it does, and nothing of allocations."""

    def __init__(self, status: Callable[[], Status], tally: RotationCounters) -> None:
        self._status = status
        self._tally = tally

    def collect(self) -> Iterator[Family]:
        """The families that have samples."""
        status = self._status()
        told = [*_own(status), *_counted(self._tally)]
        if status.leading:
            told += _lead(status)
            if status.decision is not None:
                told += _decided(status, status.decision)
        yield from (family for family in told if family.samples)


def _own(status: Status) -> Iterator[Family]:
    yield _one(catalog.ROTATION_LEADING, float(status.leading))
    yield _one(catalog.ROTATION_INTERVAL_SECONDS, status.settings.interval.total_seconds())
    yield _family(catalog.ROTATION_BLOCKED_INFO, {(reason.code,): 1.0 for reason in status.blocked}.items())


def _counted(tally: RotationCounters) -> Iterator[Family]:
    yield _family(catalog.ROTATION_DECISIONS, tally.decisions.items())
    yield _family(catalog.ROTATION_DELIVERIES, (((outcome,), count) for outcome, count in tally.deliveries.items()))
    changed = ((change, at.timestamp()) for change, at in tally.changed.items())
    yield _family(catalog.ROTATION_STEP_TIMESTAMP_SECONDS, changed)


def _lead(status: Status) -> Iterator[Family]:
    yield _one(catalog.ROTATION_ENFORCING, float(status.settings.mode == "enforce"))
    yield _one(catalog.ROTATION_HALTED, float(bool(status.halted)))
    if status.report is not None:
        shares = _bounded(status.report.shares)
        yield _family(catalog.ROTATION_ENGINE_WEIGHT_RATIO, (((name,), float(share.weight)) for name, share in shares))


def _decided(status: Status, decision: Decision) -> Iterator[Family]:
    steps = _bounded(decision.steps)
    yield _one(catalog.ROTATION_LAST_DECISION_TIMESTAMP_SECONDS, decision.time.timestamp())
    yield _family(catalog.ROTATION_TARGET_WEIGHT_RATIO, (((name,), float(step.after.weight)) for name, step in steps))
    yield _family(catalog.ROTATION_SCORE, (((name,), step.score) for name, step in steps if step.score is not None))
    states = (((name, state.value), float(step.after.state is state)) for name, step in steps for state in StrategyState)
    yield _family(catalog.ROTATION_STATE, states)
    yield _family(catalog.ROTATION_PINNED, (((name,), float(name in status.pinned)) for name, _ in steps))
    yield _family(catalog.ROTATION_RULE_HOLDS, _rules(status, decision))
    yield _one(catalog.ROTATION_TURNOVER_USED_RATIO, _turnover_used(status, decision))


def _rules(status: Status, decision: Decision) -> Iterator[tuple[Labels, float]]:
    for name, track in _bounded(decision.history.tracks):
        for rule in status.settings.rules:
            yield (name, rule), float(rule in track.rules and not track.rules[rule].suspended)


def _turnover_used(status: Status, decision: Decision) -> float:
    since = decision.history.clock - _DAY
    moved = sum(float(turnover.amount) for turnover in decision.history.turnover if turnover.at > since)
    return moved / float(status.settings.allocation.max_turnover_per_day)


def _bounded(by_strategy: Mapping[str, _Value]) -> list[tuple[str, _Value]]:
    return [(name, by_strategy[name]) for name in sorted(by_strategy)[:MAX_STRATEGIES]]


def _one(metric: Metric, value: float) -> Family:
    return _family(metric, [((), value)])


def _family(metric: Metric, values: Iterable[tuple[Labels, float]]) -> Family:
    """As prometheus_client has it; an info is a gauge of 1, in its own name."""
    kind = "gauge" if metric.kind is Kind.INFO else metric.kind.value
    family = Family(metric.name.removesuffix("_total") if kind == "counter" else metric.name, metric.help, kind)
    for labels, value in sorted(values):
        if isfinite(value):
            family.add_sample(metric.name, dict(zip(metric.labels, labels, strict=True)), value)
    return family
