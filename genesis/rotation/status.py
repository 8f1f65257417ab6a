"""What a controller reports about itself: its current state, and what it has counted."""

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
    """A kind of change of a strategy."""

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
    """Who or what halts it, and why; empty while it is not halted."""
    trouble: Reason | None = None
    """What prevents it from deciding, or from having its decision followed."""
    number: int | None = None
    """The number of the last decision."""
    decision: Decision | None = None
    """The last recorded one; None before the first, and while another controller leads."""
    report: EngineReport | None = None
    """The engine's last report; None if it did not answer."""
    pinned: frozenset[str] = frozenset()

    @property
    def blocked(self) -> tuple[Reason, ...]:
        """Why no weight is raised."""
        decided = self.decision.blocked if self.decision is not None else ()
        return decided if self.trouble is None else (self.trouble, *decided)


@dataclass(slots=True)
class RotationCounters:
    """Counts since the start."""

    decisions: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(action, reason) → steps."""
    deliveries: Counter[str] = field(default_factory=Counter)
    """Outcome → number of attempts."""
    changed: dict[StepKind, datetime] = field(default_factory=dict)
    """Kind of change → when it was last made; only of strategies that still exist."""

    def count(self, decision: Decision) -> None:
        """Count the steps of a decision, and drop the times of strategies that no longer exist."""
        for strategy, step in decision.steps.items():
            reason = step.reasons[0].code if step.reasons else ""
            self.decisions[step.action.value, reason] += 1
            if step.action is not Action.HOLD:
                self.changed[StepKind(strategy, step.action.value, reason)] = decision.time
        self.changed = {change: at for change, at in self.changed.items() if change.strategy in decision.steps}
