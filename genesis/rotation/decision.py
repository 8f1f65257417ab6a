"""A decision with its reasons, and the memory for the next one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from genesis.core.allocation import Action
from genesis.rotation.observation import Share


class Reason(msgspec.Struct, frozen=True):
    """Why: a code (the name of a rule, or one of `settings.rotation.RESERVED`), and the figures behind it in words."""

    code: str
    text: str = ""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision does to one strategy, and why."""

    action: Action
    before: Share
    after: Share
    reasons: tuple[Reason, ...]
    """At least one; the first one counts in metrics."""
    score: float | None = None
    """0 to 1, more is better; None if it is not known."""
    target: Decimal | None = None
    """The weight that the scores give, before turnover and dwell time limit the move; None if there is none."""


class ActiveRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that has reached its threshold and has not been cleared."""

    since: float
    suspended: bool = False
    """Cleared by the cooldown: the rule has no effect until its signal was below `until` once, or the probation is over."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """The memory of one strategy. Times are seconds of the history's `clock`; None: never, unless stated otherwise."""

    share: Share
    first_seen: float
    heard: float = 0.0
    """When Prometheus, the engine or a pin last named it."""
    known: float | None = None
    """When all signals of the rules were last known. It moves on while others lack them too: that time does not count."""
    scored: bool = False
    """Whether it ever had a score."""
    state_since: float
    raised: float | None = None
    lowered: float | None = None
    paused: float | None = None
    """When it was last paused."""
    barred: float | None = None
    """When a limit of the account last took its capital."""
    clear_since: float | None = None
    """Since when no pausing rule has been active, by known figures; None while one is active or unknown."""
    probation_until: float | None = None
    rules: dict[str, ActiveRule] = {}
    pinned: bool = False


class Turnover(msgspec.Struct, frozen=True):
    """What a decision moved, as a share of the capital."""

    at: float
    amount: Decimal


class History(msgspec.Struct, frozen=True, kw_only=True):
    """The memory from decision to decision; the same observation, settings and history give the same decision."""

    time: datetime
    """Wall time of the last decision."""
    clock: float = 0.0
    """Seconds that count for cooldowns, dwell times and the day's turnover: the time between decisions, at most three
    intervals each. A clock that jumps, or an outage, lets nothing expire."""
    mode: Literal["advise", "enforce"]
    tracks: dict[str, Track]
    turnover: tuple[Turnover, ...] = ()
    """Of the last 24 hours of `clock`."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The new shares of all strategies, and why."""

    time: datetime
    steps: dict[str, Step]
    """Every strategy, in the order of their names."""
    blocked: tuple[Reason, ...]
    """Why no weight may be raised; empty if raising is allowed."""
    halted: bool
    history: History
    """For the next decision."""

    @property
    def changes(self) -> bool:
        """Whether any share changes."""
        return any(step.before != step.after for step in self.steps.values())
