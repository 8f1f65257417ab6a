"""What the controller sees at the moment of a decision; all that a decision stands on, besides the settings and the history."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.allocation import EngineReport, Share
from genesis.core.models import StrategyState

__all__ = ["EngineReport", "Limits", "Observation", "Pair", "Pin", "Seen", "Share"]


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy as Prometheus tells it."""

    fresh: bool
    """Whether its figures were read from the monitor within `max_age`."""
    signals: dict[str, float]
    """Signal → its value; finite. One that is not known is left out."""


class Pair(msgspec.Struct, frozen=True):
    """Two strategies, and the correlation of their returns, −1 to 1."""

    one: str
    other: str
    correlation: float


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of the account's tier."""

    tier: str
    allowed: frozenset[str] | None
    """The strategies that may have capital; None for all."""
    max_active: int
    """How many strategies may have capital at a time: the tier's max_positions, as each holds a position at least."""

    def allows(self, strategy: str) -> bool:
        return self.allowed is None or strategy in self.allowed


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was seen."""

    time: datetime
    """Wall time of the controller, in UTC."""
    strategies: dict[str, Seen]
    """Every strategy of which anything was told."""
    correlations: tuple[Pair, ...] = ()
    limits: Limits | None
    """None while the account's equity is not known, or below the smallest tier."""
    daily_loss_used: float | None
    """Today's loss over the tier's limit; None while it is not known."""
    engine: EngineReport | None = None
    """None where the engine was not asked, or did not answer."""
    faults: tuple[str, ...] = ()
    """Why what was seen is not to be relied on as a whole: `prometheus` (does not answer), `stale` (the account's figures are
    old), `clock` (a clock jumped, or that of Prometheus is another), `signals` (an expression failed, or came to two samples
    for a strategy), `engine` (it does not answer), `unconfirmed` (it does not do what was decided), `rules` (Prometheus does
    not evaluate the alert rules)."""
    details: dict[str, str] = {}
    """Fault → what it is, in words."""


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """What a person fixed of a strategy."""

    state: StrategyState
    weight: Decimal | None = None
    """None: 0 if paused or stopped, else what it has."""
    why: str
    author: str
    since: datetime
