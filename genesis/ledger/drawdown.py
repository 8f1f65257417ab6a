"""Drawdown of an equity curve, updated tick by tick in constant memory."""

from __future__ import annotations

from bisect import insort
from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.money import ZERO, ratio, share

KEPT_EPISODES = 5
"""How many closed episodes are kept: the deepest."""


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """A time of equity below its peak: from the peak, through the trough, back to the peak."""

    peak_time: datetime
    trough_time: datetime
    recovered: datetime | None = None
    """When the equity was back at the peak; None before that, or if a capital flow ended the episode."""
    ratio: float
    """The depth as a share of the peak."""
    amount: Decimal
    """The depth in money."""

    @property
    def recovery_seconds(self) -> float | None:
        """From the trough to the recovery; None without one."""
        return None if self.recovered is None else _seconds(self.trough_time, self.recovered)


class Drawdown(msgspec.Struct, kw_only=True):
    """The open episode (peak and trough), and the deepest of the closed ones.

    An episode opens when the equity falls below its peak and closes when it is back at the peak or above. All times are
    event times. Instances are mutable, and owned by one book.
    """

    peak: Decimal = ZERO
    peak_time: datetime
    trough: Decimal = ZERO
    trough_time: datetime
    closed_max_ratio: float | None = None
    last_recovery_seconds: float | None = None
    longest_recovery_seconds: float | None = None
    worst: list[Episode] = msgspec.field(default_factory=list)
    """The deepest closed episodes, the deepest first, the earlier of two equal ones first."""

    @classmethod
    def starting(cls, time: datetime) -> Drawdown:
        """At zero equity."""
        return cls(peak_time=time, trough_time=time)

    def observe(self, equity: Decimal, time: datetime) -> None:
        """Update with the equity after each change of it."""
        if equity >= self.peak:
            self.rise(equity, time)
        elif equity < self.trough:
            self.trough = equity
            self.trough_time = time

    def rise(self, equity: Decimal, time: datetime) -> None:
        """`equity` is at the peak or above: the open episode, if any, is over."""
        if self.trough < self.peak:
            seconds = _seconds(self.trough_time, time)
            self.last_recovery_seconds = seconds
            self.longest_recovery_seconds = max(seconds, self.longest_recovery_seconds or 0.0)
        self._restart(equity, time, recovered=time)

    def flow(self, before: Decimal, after: Decimal, time: datetime) -> None:
        """A capital flow moved the equity from `before` to `after`: scale the curve, as a flow is neither a gain nor a loss.

        If either equity is not above 0, no scale exists: the episode ends, and a new one starts at `after`.
        """
        if before > 0 and after > 0:
            # At the peak the quotient is exactly `after`; `share` would round it to 24 places.
            self.peak = after if self.peak == before else share(self.peak, after, before)
            self.trough = share(self.trough, after, before)
        else:
            self._restart(after, time)

    def _restart(self, equity: Decimal, time: datetime, *, recovered: datetime | None = None) -> None:
        """Close the open episode, if any, and start at `equity`; cheap at each new high, where no episode is open."""
        if self.trough < self.peak or self.closed_max_ratio is None:
            self.closed_max_ratio = self.max_ratio()
            self._keep(self.open_episode(recovered))
        self.peak = self.trough = equity
        self.peak_time = self.trough_time = time

    def _keep(self, episode: Episode | None) -> None:
        worst = self.worst
        if episode is not None and (len(worst) < KEPT_EPISODES or episode.ratio > worst[-1].ratio):
            insort(worst, episode, key=lambda kept: -kept.ratio)
            del worst[KEPT_EPISODES:]

    def open_episode(self, recovered: datetime | None = None) -> Episode | None:
        """The episode since the peak, with the depth of its trough; None at the peak, or while no peak is above 0."""
        depth = self.ratio(self.trough)
        if not depth:
            return None
        return Episode(
            peak_time=self.peak_time,
            trough_time=self.trough_time,
            recovered=recovered,
            ratio=depth,
            amount=self.peak - self.trough,
        )

    def ratio(self, equity: Decimal) -> float | None:
        """1 − equity / peak; None while no peak is above 0."""
        return ratio(self.peak - equity, self.peak) if self.peak > 0 else None

    def max_ratio(self) -> float | None:
        """The depth of the deepest episode, the open one included; None while no peak was ever above 0."""
        open_ratio = self.ratio(self.trough)
        if open_ratio is None:
            return self.closed_max_ratio
        return max(open_ratio, self.closed_max_ratio or 0.0)

    def under_water_seconds(self, equity: Decimal, now: datetime) -> float:
        """Time since the peak; 0 at the peak."""
        return (now - self.peak_time).total_seconds() if equity < self.peak else 0.0


def _seconds(start: datetime, end: datetime) -> float:
    return max(0.0, (end - start).total_seconds())  # the event times of two symbols can be out of order
