"""Decisions to be recorded, made without a policy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from genesis.configuration import load_settings
from genesis.core.allocation import Action
from genesis.core.models import StrategyState
from genesis.rotation.decision import Decision, History, Reason, Step, Track
from genesis.rotation.observation import EngineReport, Limits, Observation, Pin, Share, StrategyReading
from genesis.settings.rotation import RotationSettings

BEGIN = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
SETTINGS: RotationSettings = load_settings(Path(__file__).parents[3] / "config").rotation
PIN = Pin(state=StrategyState.PAUSED, why="maintenance", author="ada", since=BEGIN)


def share(weight: str, state: StrategyState = StrategyState.ACTIVE) -> Share:
    return Share(Decimal(weight), state)


def observation(after: float = 0.0, strategies: tuple[str, ...] = ("trend", "carry")) -> Observation:
    return Observation(
        time=BEGIN + timedelta(seconds=after),
        strategies={name: StrategyReading(fresh=True, signals={"sharpe": 1.5, "drawdown": 0.01}) for name in strategies},
        limits=Limits(tier="micro", allowed=frozenset(strategies), max_active=5),
        daily_loss_used=0.25,
        engine=EngineReport(decision=None, shares={name: share("0.3") for name in strategies}),
    )


def decision(after: float = 0.0, strategies: tuple[str, ...] = ("trend", "carry"), *, to: str = "0.3") -> Decision:
    """Each strategy from 0.3 to `to`."""
    time = BEGIN + timedelta(seconds=after)
    steps = {
        name: Step(
            action=Action.HOLD if to == "0.3" else Action.LOWER,
            before=share("0.3"),
            after=share(to),
            reasons=(Reason("settled", f"it has what it is to have: {to}"),),
            score=0.5,
            target=Decimal(to),
        )
        for name in sorted(strategies)
    }
    tracks = {name: Track(share=step.after, first_seen=0.0, state_since=0.0) for name, step in steps.items()}
    history = History(time=time, clock=after, mode="enforce", tracks=tracks)
    return Decision(time=time, steps=steps, blocked=(), halted=False, history=history)
