"""(settings, what is seen, pins, history) → decision. Pure: no clock, no I/O; the same inputs give the same decision."""

from __future__ import annotations

from collections.abc import Mapping

from genesis.core.rotation_config import RotationSettings
from genesis.rotation.decision import Decision, History
from genesis.rotation.observation import Observation, Pin


def decide(
    settings: RotationSettings,
    seen: Observation,
    history: History | None,
    *,
    pins: Mapping[str, Pin],
    halted: bool,
) -> Decision:
    """One decision.

    Args:
        settings: signals, rules and bounds.
        seen: what is seen now.
        history: of the decision before; None at the first one. Then the weights are those that the engine reports, or equal
            shares of what the reserve leaves over where it reports none.
        pins: strategy → what a person fixed.
        halted: whether the kill switch is on: everything stays as it is.
    """
    raise NotImplementedError
