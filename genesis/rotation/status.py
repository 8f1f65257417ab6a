"""What a controller tells of itself: the state of now, and what it has counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from genesis.core.allocation import Action
from genesis.rotation.decision import Decision, Reason
from genesis.rotation.observation import EngineReport
from genesis.settings.rotation import RotationSettings


class StepKind(NamedTuple):
    """A kind of step that changed a strategy."""

    strategy: str
    action: str
    reason: str


@dataclass(frozen=True, slots=True)
class Status:
    """The state after a round."""

    settings: RotationSettings
    leading: bool = False
    waiting: str = "it has not begun"
    """Why it does not decide; empty while it does."""
    halted: str = ""
    """Who keeps everything as it is, and why; empty while nobody does."""
    trouble: Reason | None = None
    """What keeps it from deciding at all, or from following its decision."""
    number: int | None = None
    """Of the last decision."""
    decision: Decision | None = None
    """The last one that is recorded; None before the first one, and while another controller leads."""
    report: EngineReport | None = None
    """What the engine said last; None if it did not answer."""
    pinned: frozenset[str] = frozenset()

    @property
    def blocked(self) -> tuple[Reason, ...]:
        """Why no weight is raised."""
        decided = self.decision.blocked if self.decision is not None else ()
        return decided if self.trouble is None else (self.trouble, *decided)


@dataclass(slots=True)
class RotationCounters:
    """What was counted since the start."""

    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(action, reason) → steps."""
    deliveries: Counter[str] = field(default_factory=Counter)
    """Outcome → how often."""
    changed: dict[StepKind, datetime] = field(default_factory=dict)
    """When each kind of change was last made of a strategy that is still there."""

    def count(self, decision: Decision) -> None:
        """Count the steps of a decision; what no longer is a strategy is forgotten."""
        for strategy, step in decision.steps.items():
            reason = step.reasons[0].code if step.reasons else ""
            self.decisions[step.action.value, reason] += 1
            if step.action is not Action.HOLD:
                self.changed[StepKind(strategy, step.action.value, reason)] = decision.time
        self.changed = {change: at for change, at in self.changed.items() if change.strategy in decision.steps}
