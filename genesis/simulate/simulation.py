"""Runs the policy over the past: its decisions, and the P&L that they would have earned."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from genesis.core.allocation import Action
from genesis.core.models import StrategyState
from genesis.rotation.decision import Decision, History, Step
from genesis.rotation.policy import decide
from genesis.settings.rotation import RotationSettings
from genesis.simulate.past import Moment
from genesis.simulate.profit import Comparison

_STATES = frozenset({Action.PAUSE, Action.RESUME, Action.REDUCE, Action.RESTORE})


class TimedStep(NamedTuple):
    """A step that changed a strategy's share, and its time."""

    time: datetime
    strategy: str
    step: Step


class StrategyTotals:
    """The totals of one strategy over the simulation."""

    def __init__(self) -> None:
        self.steps = 0
        self.paused_steps = 0
        self.switches = 0
        """How often its state changed."""
        self.changes = 0
        """How often its weight or its state changed."""
        self.first: dict[Action, datetime] = {}
        """Action → when it was first taken."""
        self._weights = 0.0

    @property
    def mean_weight(self) -> float:
        return self._weights / self.steps if self.steps else 0.0

    def count(self, time: datetime, step: Step) -> None:
        self.steps += 1
        self.paused_steps += step.after.state in (StrategyState.PAUSED, StrategyState.STOPPED)
        self.switches += step.action in _STATES
        self.changes += step.before != step.after
        self._weights += float(step.after.weight)
        self.first.setdefault(step.action, time)


def simulated(settings: RotationSettings, step: timedelta) -> RotationSettings:
    """The settings for a simulation: the mode advise, and the interval of the data."""
    return settings.model_copy(update={"mode": "advise", "interval": step})


class Simulation:
    """Takes the past, moment by moment."""

    def __init__(self, settings: RotationSettings, *, keep_changes: bool = True) -> None:
        """`settings`: as `simulated` returns them."""
        self.comparison = Comparison()
        self.totals: dict[str, StrategyTotals] = {}
        self.changes: list[TimedStep] = []
        """In their order; empty unless they are kept."""
        self.blocked: Counter[str] = Counter()
        """Reason → steps in which it blocked all raises."""
        self.blocked_steps = 0
        self.steps = 0
        self.empty_steps = 0
        """Steps without any strategy."""
        self.steered_steps = 0
        """Steps at which a controller already moved capital."""
        self.first: datetime | None = None
        self.last: datetime | None = None
        self._settings = settings
        self._keep_changes = keep_changes
        self._history: History | None = None

    def take(self, moment: Moment) -> Decision:
        """Decide on the moment's observation, and book the P&L of the previous decision."""
        decision = decide(self._settings, moment.observation, self._history, pins={}, halted=False)
        self._history = decision.history
        weights = {name: float(step.after.weight) for name, step in decision.steps.items()}
        self.comparison.step(moment.accounts, weights)
        self._count(moment, decision)
        return decision

    def _count(self, moment: Moment, decision: Decision) -> None:
        self.first = self.first or decision.time
        self.last = decision.time
        self.steps += 1
        self.empty_steps += not moment.observation.strategies
        self.steered_steps += moment.steered
        self.blocked_steps += bool(decision.blocked)
        self.blocked.update({reason.code for reason in decision.blocked})
        for name, step in decision.steps.items():
            self.totals.setdefault(name, StrategyTotals()).count(decision.time, step)
            if self._keep_changes and step.before != step.after:
                self.changes.append(TimedStep(decision.time, name, step))
