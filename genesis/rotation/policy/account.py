"""What is known of the account: its limits, how much of them is used, and whether what was seen can be relied on for that."""

from __future__ import annotations

from math import isfinite

from genesis.rotation.observation import Observation
from genesis.settings.rotation import RotationSettings

UNRELIABLE = frozenset({"prometheus", "stale", "clock"})
"""Faults with which nothing can be said of the account."""
UNTOLD = UNRELIABLE | {"signals", "rules"}
"""Faults with which a figure that is missing, or says that all is well, says nothing of its strategy."""


def account_known(seen: Observation) -> bool:
    """Whether the limits of the account are known, and how much of them is used."""
    return seen.limits is not None and daily_loss(seen) is not None and not UNRELIABLE.intersection(seen.faults)


def account_told(seen: Observation) -> bool:
    """Whether what is missing of a strategy is missing of it alone: the account is seen."""
    return seen.limits is not None and not UNTOLD.intersection(seen.faults)


def account_allows(settings: RotationSettings, seen: Observation) -> bool:
    """Whether nothing of the account, and nothing of what was seen as a whole, speaks against more capital for anybody."""
    used = daily_loss(seen)
    return account_told(seen) and used is not None and used < settings.daily_loss.no_raise_from


def daily_loss(seen: Observation) -> float | None:
    """Today's loss over the limit, if it is known."""
    used = seen.daily_loss_used
    return used if used is not None and isfinite(used) else None
