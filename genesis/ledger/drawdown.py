"""Drawdown of an equity curve, kept up tick by tick in constant memory."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import msgspec

from genesis.core.money import ZERO, ratio, share


class Drawdown(msgspec.Struct, kw_only=True):
    """The open episode (peak and trough) and what is kept of the closed ones.

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

    @classmethod
    def starting(cls, time: datetime) -> Drawdown:
        """At zero equity."""
        return cls(peak_time=time, trough_time=time)

    def observe(self, equity: Decimal, time: datetime) -> None:
        """Take in the equity after a change of it."""
        if equity >= self.peak:
            self.rise(equity, time)
        elif equity < self.trough:
            self.trough = equity
            self.trough_time = time

    def rise(self, equity: Decimal, time: datetime) -> None:
        """`equity` is at the peak or above: the open episode, if any, is over."""
        if self.trough < self.peak:
            seconds = max(0.0, (time - self.trough_time).total_seconds())  # events of two symbols may cross
            self.last_recovery_seconds = seconds
            self.longest_recovery_seconds = max(seconds, self.longest_recovery_seconds or 0.0)
        self._restart(equity, time)

    def flow(self, before: Decimal, after: Decimal, time: datetime) -> None:
        """Capital moved the equity from `before` to `after`: the curve is scaled, as neither is a gain or a loss.

        Without equity on both sides there is no scale: the episode starts anew.
        """
        if before > 0 and after > 0:
            # At the peak the quotient is `after`, of which a share would keep 24 places only.
            self.peak = after if self.peak == before else share(self.peak, after, before)
            self.trough = share(self.trough, after, before)
        else:
            self._restart(after, time)

    def _restart(self, equity: Decimal, time: datetime) -> None:
        self.closed_max_ratio = self.max_ratio()
        self.peak = self.trough = equity
        self.peak_time = self.trough_time = time

    def ratio(self, equity: Decimal) -> float | None:
        """1 − equity / peak; None while no peak is above 0."""
        return ratio(self.peak - equity, self.peak) if self.peak > 0 else None

    def max_ratio(self) -> float | None:
        """The deepest of all episodes, the open one included; None while no peak was ever above 0."""
        open_ratio = self.ratio(self.trough)
        if open_ratio is None:
            return self.closed_max_ratio
        return max(open_ratio, self.closed_max_ratio or 0.0)

    def under_water_seconds(self, equity: Decimal, now: datetime) -> float:
        """Time since the peak; 0 at the peak."""
        return (now - self.peak_time).total_seconds() if equity < self.peak else 0.0
