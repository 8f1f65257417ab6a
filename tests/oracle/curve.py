"""A curve of equity, and the drawdown that is read off it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

ZERO = Fraction(0)


class Money(NamedTuple):
    """A strategy's, or the account's, money after one event."""

    capital: Fraction
    realized: Fraction | None
    unrealized: Fraction | None
    fees: Fraction | None
    funding: Fraction | None
    equity: Fraction | None
    at_cost: Fraction
    """Equity with the positions that have no mark at cost, and without the currencies that have no rate."""

    @property
    def net(self) -> Fraction | None:
        return None if self.equity is None else self.equity - self.capital


class Point(NamedTuple):
    """One event as a curve of equity sees it."""

    time: datetime
    clock: datetime
    """The latest event time of all that came until then."""
    money: Money
    flow: bool
    tick: bool


class Episode(NamedTuple):
    """An equity below its peak, until it was back or capital put an end to it."""

    peak_time: datetime
    trough_time: datetime
    recovered: datetime | None
    ratio: Fraction
    amount: Fraction


@dataclass
class Drawdown:
    """The open episode, and what is remembered of the closed ones."""

    peak: Fraction
    peak_time: datetime
    trough: Fraction
    trough_time: datetime
    deepest: Fraction | None = None
    recoveries: list[float] = field(default_factory=list)
    episodes: list[Episode] = field(default_factory=list)
    """All closed ones, in the order of their end."""

    def tick(self, equity: Fraction, time: datetime) -> None:
        if equity >= self.peak:
            if self.trough < self.peak:
                self.recoveries.append(max(0.0, (time - self.trough_time).total_seconds()))
                self.episodes += self.open_episode(time)
            self.start(equity, time)
        elif equity < self.trough:
            self.trough, self.trough_time = equity, time
        self.remember()

    def start(self, equity: Fraction, time: datetime) -> None:
        self.peak = self.trough = equity
        self.peak_time = self.trough_time = time

    def flow(self, before: Fraction, after: Fraction, time: datetime) -> None:
        if before > 0 and after > 0:
            self.peak *= after / before
            self.trough *= after / before
        else:
            self.episodes += self.open_episode(None)
            self.start(after, time)
        self.remember()

    def open_episode(self, recovered: datetime | None = None) -> list[Episode]:
        """The one that is open now, if there is one of a peak above 0."""
        if not self.trough < self.peak or self.peak <= 0:
            return []
        depth = self.peak - self.trough
        return [Episode(self.peak_time, self.trough_time, recovered, depth / self.peak, depth)]

    def worst(self, number: int) -> list[Episode]:
        """The deepest closed ones; the earlier of two equal ones first."""
        return sorted(self.episodes, key=lambda episode: -episode.ratio)[:number]

    def remember(self) -> None:
        if self.peak > 0:
            self.deepest = max(self.deepest or ZERO, 1 - self.trough / self.peak)

    def money(self, equity: Fraction) -> Fraction:
        return self.peak - equity

    def ratio(self, equity: Fraction) -> Fraction | None:
        return 1 - equity / self.peak if self.peak > 0 else None

    def under_water(self, equity: Fraction, now: datetime) -> float:
        return (now - self.peak_time).total_seconds() if equity < self.peak else 0.0


def drawdown(curve: Sequence[Point]) -> Drawdown | None:
    """The whole curve of equity, walked once more from its start; None for a curve without a point."""
    if not curve:
        return None
    found = Drawdown(ZERO, curve[0].time, ZERO, curve[0].time)
    before = ZERO
    for time, _, money, flow, tick in curve:
        if flow:
            found.flow(before, money.at_cost, time)
        if tick and money.equity is not None:
            found.tick(money.equity, time)
        before = money.at_cost
    return found


def total(moneys: Iterable[Money]) -> Money:
    """The account: the sum of its strategies, not known where one of them is not."""
    added = Money(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)
    for money in moneys:
        added = Money(
            capital=added.capital + money.capital,
            realized=_plus(added.realized, money.realized),
            unrealized=_plus(added.unrealized, money.unrealized),
            fees=_plus(added.fees, money.fees),
            funding=_plus(added.funding, money.funding),
            equity=_plus(added.equity, money.equity),
            at_cost=added.at_cost + money.at_cost,
        )
    return added


def _plus(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or other is None else one + other
