"""What the controller knows at a decision: everything that a decision rests on, besides the settings and the history."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.allocation import EngineReport, Share
from genesis.core.models import StrategyState

__all__ = ["EngineReport", "Limits", "Observation", "Pair", "Pin", "Share", "StrategyReading"]


class StrategyReading(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one strategy as Prometheus has them."""

    fresh: bool
    """Whether its figures were scraped from the monitor within `max_age`."""
    signals: dict[str, float]
    """Signal → its finite value. An unknown signal is left out."""


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
    """How many strategies may have capital at a time: the tier's max_positions, as each holds at least one position."""

    def allows(self, strategy: str) -> bool:
        return self.allowed is None or strategy in self.allowed


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was observed at one moment."""

    time: datetime
    """Wall time of the controller, in UTC."""
    strategies: dict[str, StrategyReading]
    """Every strategy that the monitor knows."""
    correlations: tuple[Pair, ...] = ()
    limits: Limits | None
    """None while the account's equity is not known, or below the smallest tier."""
    daily_loss_used: float | None
    """Today's loss over the tier's limit; None while it is not known."""
    engine: EngineReport | None = None
    """None if the engine was not asked, or did not answer."""
    faults: tuple[str, ...] = ()
    """Why the observation as a whole is not reliable: `prometheus` (does not answer), `stale` (the account's figures are old),
    `clock` (a clock jumped, or Prometheus has another time), `signals` (an expression failed, or returned two samples for a
    strategy), `engine` (does not answer), `unconfirmed` (does not follow the last instruction), `rules` (Prometheus does not
    evaluate the alert rules)."""
    details: dict[str, str] = {}
    """Fault → its description."""


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """A strategy's state and weight as fixed by a person."""

    state: StrategyState
    weight: Decimal | None = None
    """None: 0 if paused or stopped, else the current weight."""
    why: str
    author: str
    since: datetime
