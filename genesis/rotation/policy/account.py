"""The state of the account: its limits, how much of them is used, and whether the observation is complete enough to rely on."""

from __future__ import annotations

from math import isfinite

from genesis.rotation.observation import Observation
from genesis.settings.rotation import RotationSettings

UNRELIABLE = frozenset({"prometheus", "stale", "clock"})
"""Faults after which no figure of the account can be relied on."""
INCOMPLETE = UNRELIABLE | {"signals", "rules"}
"""Faults after which a missing signal, or a signal without alarm, proves nothing about its strategy."""


def account_known(observation: Observation) -> bool:
    """Whether the limits of the account, and how much of them is used, are known."""
    return (
        observation.limits is not None
        and daily_loss(observation) is not None
        and not UNRELIABLE.intersection(observation.faults)
    )


def account_complete(observation: Observation) -> bool:
    """Whether the data of the account are complete: a missing signal is then missing for its strategy alone."""
    return observation.limits is not None and not INCOMPLETE.intersection(observation.faults)


def account_allows(settings: RotationSettings, observation: Observation) -> bool:
    """Whether the account and the data as a whole allow more capital for any strategy."""
    used = daily_loss(observation)
    return account_complete(observation) and used is not None and used < settings.daily_loss.no_raise_from


def daily_loss(observation: Observation) -> float | None:
    """Today's loss as a share of the limit; None if it is not known."""
    used = observation.daily_loss_used
    return used if used is not None and isfinite(used) else None
