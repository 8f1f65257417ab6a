"""A decision with its reasons, and what is remembered for the next one."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Literal

import msgspec

from genesis.core.allocation import Action
from genesis.rotation.observation import Share


class Reason(msgspec.Struct, frozen=True):
    """Why: a code (the name of a rule, or one of `core.rotation_config.RESERVED`), and the figures behind it in words."""

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
    """0 to 1, more is better; None where it is not known."""
    target: Decimal | None = None
    """The weight that the scores amount to, before bounds on its way; None where there is none."""


class ActiveRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that holds."""

    since: float
    suspended: bool = False
    """A rule that time cleared: it holds again only once the signal was below `until`, or the probation is over."""


class Track(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a strategy. Times are seconds of the history's `clock`."""

    share: Share
    first_seen: float
    heard: float = 0.0
    """When anything was last told of it: by Prometheus, by the engine, or by a pin."""
    known: float | None = None
    """When all that the rules want was last known, later by as long as nothing was known of the account; None: never."""
    scored: bool = False
    """Whether it ever had a score."""
    state_since: float
    raised: float | None = None
    lowered: float | None = None
    paused: float | None = None
    """When it was last paused."""
    barred: float | None = None
    """When a limit of the account last took capital from it."""
    clear_since: float | None = None
    """Since when no rule that pauses has held, by figures that are known; None while one holds or is not known."""
    probation_until: float | None = None
    rules: dict[str, ActiveRule] = {}
    pinned: bool = False


class Turnover(msgspec.Struct, frozen=True):
    """What a decision moved, as a share of the capital."""

    at: float
    amount: Decimal


class History(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered from decision to decision; with the same observation and settings it gives the same decision."""

    time: datetime
    """Wall time of the last decision."""
    clock: float = 0.0
    """Seconds that count for cooldowns, dwell times and the day's turnover: those between decisions, no more than three
    intervals each. A clock that jumps, or an outage, lets nothing expire."""
    mode: Literal["advise", "enforce"]
    tracks: dict[str, Track]
    turnover: tuple[Turnover, ...] = ()
    """Of the last 24 hours of `clock`."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be, and why."""

    time: datetime
    steps: dict[str, Step]
    """Every strategy, in the order of their names."""
    blocked: tuple[Reason, ...]
    """Why no weight may be raised; empty while all is well."""
    halted: bool
    history: History
    """For the next decision."""

    @property
    def changes(self) -> bool:
        """Whether anything is to be different."""
        return any(step.before != step.after for step in self.steps.values())
