"""The policy, decision after decision, with what a test says is seen; all is well where it says nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from genesis.core.allocation import EngineReport, Share
from genesis.core.models import StrategyState
from genesis.rotation.decision import Decision, History, Step, Track
from genesis.rotation.observation import Limits, Observation, Pair, Pin, StrategyReading
from genesis.rotation.policy import decide
from genesis.settings.rotation import RotationSettings
from tests.unit.rotation.told import START, settings

ACTIVE, REDUCED = StrategyState.ACTIVE, StrategyState.REDUCED
PAUSED, STOPPED = StrategyState.PAUSED, StrategyState.STOPPED
ALL = Limits(tier="small", allowed=None, max_active=10)
WELL: dict[str, float] = {"sharpe": 1.0, "drawdown": 0.0}
QUICK: dict[str, object] = {
    "stale_after": "60s",
    "warm_up": "5m",
    "resume": {"after": "30s", "cooldown": "120s", "probation": "60s"},
}


def quick(allocation: Mapping[str, object] | None = None, **changes: object) -> RotationSettings:
    """`told.settings` with times of a minute or two; scores go from a Sharpe ratio of −1 (0) to 3 (1)."""
    bounds = {"min_dwell": "60s", "correlation_penalty": 0, **(allocation or {})}
    return settings(**(QUICK | {"allocation": bounds} | changes))


def report(decision: int | None = None, **weights: str | tuple[str, StrategyState]) -> EngineReport:
    """What an engine says that it does; ACTIVE where only a weight is given."""
    given = {name: (one, ACTIVE) if isinstance(one, str) else one for name, one in weights.items()}
    return EngineReport(
        decision=decision, shares={name: Share(Decimal(weight), state) for name, (weight, state) in given.items()}
    )


def pin(state: StrategyState, weight: str | None = None) -> Pin:
    return Pin(state=state, weight=None if weight is None else Decimal(weight), why="a try", author="ada", since=START)


class Played:
    """A sequence of decisions."""

    def __init__(self, *names: str, settings: RotationSettings | None = None) -> None:
        self.settings = settings or quick()
        self.time = START
        self.history: History | None = None
        self.signals: dict[str, dict[str, float]] = {name: dict(WELL) for name in names}
        """What is told from now on; a test changes it."""
        self.stale: set[str] = set()
        self.pins: dict[str, Pin] = {}
        self.limits: Limits | None = ALL
        self.pairs: tuple[Pair, ...] = ()

    def next(
        self,
        seconds: float = 10.0,
        *,
        halted: bool = False,
        faults: tuple[str, ...] = (),
        loss: float | None = 0.1,
        engine: EngineReport | None = None,
    ) -> Decision:
        """The decision so many seconds after the one before."""
        if self.history is not None:
            self.time += timedelta(seconds=seconds)
        seen = Observation(
            time=self.time,
            strategies={
                name: StrategyReading(fresh=name not in self.stale, signals=dict(told)) for name, told in self.signals.items()
            },
            correlations=self.pairs,
            limits=self.limits,
            daily_loss_used=loss,
            engine=engine,
            faults=faults,
        )
        decision = decide(self.settings, seen, self.history, pins=self.pins, halted=halted)
        self.history = decision.history
        return decision

    def pass_by(self, seconds: int) -> Decision:
        """Decisions every 10 s; the last of them."""
        for _ in range(seconds // 10):
            decision = self.next()
        return decision

    def track(self, name: str) -> Track:
        assert self.history is not None
        return self.history.tracks[name]


def weights(decision: Decision) -> dict[str, str]:
    """Strategy → what it is to have, as text."""
    return {name: f"{step.after.weight:.4f}" for name, step in decision.steps.items()}


def states(decision: Decision) -> dict[str, StrategyState]:
    return {name: step.after.state for name, step in decision.steps.items()}


def codes(step: Step) -> list[str]:
    return [reason.code for reason in step.reasons]


def blocked(decision: Decision) -> list[str]:
    return [reason.code for reason in decision.blocked]
