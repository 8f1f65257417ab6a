"""A controller's state → its /metrics: the catalogue's rotation metrics. Unknown figures are left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import Metric as Family
from prometheus_client.registry import Collector

from genesis.metrics.families.rotation import Decided, DecidedStrategy, Lead, RotationSnapshot
from genesis.metrics.groups import ROTATION
from genesis.rotation.decision import Decision
from genesis.rotation.status import RotationCounters, Status

_DAY = 24 * 60 * 60.0


class RotationCollector(Collector):
    """Exposes the state of one controller. A waiting controller exposes that it waits, and no allocations."""

    def __init__(self, status: Callable[[], Status], counters: RotationCounters) -> None:
        self._status = status
        self._counters = counters

    def collect(self) -> Iterator[Family]:
        """The families that have samples."""
        for table in ROTATION.tables(_snapshot(self._status(), self._counters)):
            family = table.family()
            if family.samples:
                yield family


def _snapshot(status: Status, counters: RotationCounters) -> RotationSnapshot:
    return RotationSnapshot(
        leading=status.leading,
        interval_seconds=status.settings.interval.total_seconds(),
        blocked=tuple(reason.code for reason in status.blocked),
        decisions=dict(counters.decisions),
        deliveries=dict(counters.deliveries),
        changed={(step.strategy, step.action, step.reason): at for step, at in counters.changed.items()},
        lead=_lead(status) if status.leading else None,
    )


def _lead(status: Status) -> Lead:
    shares = status.report.shares if status.report is not None else {}
    return Lead(
        enforcing=status.settings.mode == "enforce",
        halted=bool(status.halted),
        engine_weights={name: share.weight for name, share in shares.items()},
        decided=_decided(status, status.decision) if status.decision is not None else None,
    )


def _decided(status: Status, decision: Decision) -> Decided:
    return Decided(
        time=decision.time,
        strategies={
            name: DecidedStrategy(
                weight=step.after.weight, score=step.score, state=step.after.state, pinned=name in status.pinned
            )
            for name, step in decision.steps.items()
        },
        rules=_rules(status, decision),
        turnover_used_ratio=_turnover_used(status, decision),
    )


def _rules(status: Status, decision: Decision) -> Mapping[str, Mapping[str, bool]]:
    return {
        name: {rule: rule in track.rules and not track.rules[rule].suspended for rule in status.settings.rules}
        for name, track in decision.history.tracks.items()
    }


def _turnover_used(status: Status, decision: Decision) -> float:
    since = decision.history.clock - _DAY
    moved = sum(float(turnover.amount) for turnover in decision.history.turnover if turnover.at > since)
    return moved / float(status.settings.allocation.max_turnover_per_day)
