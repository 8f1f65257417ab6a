"""What the market of a symbol can take: its volume of a day, and its depth near the mid. All times are event times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import NamedTuple

import msgspec

from genesis.core.models import Depth, Level, MarketTrade
from genesis.core.money import ONE, ZERO

HOURS = 24
"""The window of the volume: the open hour, and those before it."""
DEPTH_LASTS = timedelta(hours=1)
"""A book that was not updated for longer than this is out of date: its depth is not known."""

_HOUR = timedelta(hours=1)
_DAY_SECONDS = 86_400.0
_HALF = Decimal("0.5")
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Volume(NamedTuple):
    """What a market trades in a day: what was seen in the window, scaled from the time observed to 24 hours."""

    quantity: float
    """In units of the symbol."""
    value: float
    """In the currency that the symbol is quoted in."""
    observed_seconds: float
    """How much of the last 24 hours was watched."""


class Hour(msgspec.Struct, array_like=True, gc=False):
    """The trades of one hour; `number` is counted from 1970-01-01T00:00Z."""

    number: int
    quantity: float
    value: float


class VolumeWindow(msgspec.Struct, kw_only=True):
    """The trades of a symbol in the last 24 hours, by the hour. Instances are mutable, and owned by one market.

    A trade older than the latest one is not counted: what a feed sends again after a broken connection would count twice.
    """

    since: datetime
    """The first trade; nothing before it was watched."""
    latest: datetime
    ends: datetime
    """The end of the open hour."""
    quantity: Decimal = ZERO
    """Of the open hour."""
    value: Decimal = ZERO
    hours: list[Hour] = msgspec.field(default_factory=list)
    """The hours before it in which there was a trade, ascending."""
    left: datetime | None = None
    """When watching stopped, until the next trade."""
    unwatched: list[tuple[datetime, datetime]] = msgspec.field(default_factory=list)

    @classmethod
    def starting(cls, time: datetime) -> VolumeWindow:
        return cls(since=time, latest=time, ends=_start(_number(time) + 1))

    def trade(self, trade: MarketTrade) -> None:
        """Count a trade. The hot path of a busy feed."""
        time, quantity = trade.time, trade.quantity
        if time < self.latest:
            return
        if time >= self.ends:
            self._open(time)
        self.latest = time
        self.quantity += quantity
        self.value += quantity * trade.price

    def leave(self, time: datetime) -> None:
        """Stop watching at `time`, until the next trade: a restart."""
        if self.left is None:
            self._close()
            self.left, self.ends = time, _LONG_AGO

    def volume(self, now: datetime) -> Volume | None:
        """The volume of a day, as seen at `now`; None if no time was observed."""
        now = max(now, self.latest)
        first = _number(now) - HOURS + 1
        observed = self._observed(max(self.since, _start(first)), now).total_seconds()
        if observed <= 0:
            return None
        counted = [hour for hour in self.hours if hour.number >= first]
        if self.ends > _start(first):
            counted.append(self._open_hour())
        scale = _DAY_SECONDS / observed
        return Volume(
            quantity=sum(hour.quantity for hour in counted) * scale,
            value=sum(hour.value for hour in counted) * scale,
            observed_seconds=observed,
        )

    def _observed(self, begin: datetime, now: datetime) -> timedelta:
        observed = now - begin
        gaps = self.unwatched if self.left is None else [*self.unwatched, (self.left, now)]
        for left, back in gaps:
            observed -= max(timedelta(), min(back, now) - max(left, begin))
        return observed

    def _open(self, time: datetime) -> None:
        """Begin the hour of `time`."""
        number = _number(time)
        if self.left is None:
            self._close()
        elif time > self.left:
            self.unwatched.append((self.left, time))
        self.left = None
        first = number - HOURS + 1
        self.hours = [hour for hour in self.hours if hour.number >= first]
        self.unwatched = [gap for gap in self.unwatched if gap[1] > _start(first)]
        self.quantity = self.value = ZERO
        self.ends = _start(number + 1)

    def _close(self) -> None:
        closed = self._open_hour()
        if self.hours and self.hours[-1].number == closed.number:  # a restart split this hour in two
            last = self.hours.pop()
            closed = Hour(closed.number, last.quantity + closed.quantity, last.value + closed.value)
        self.hours.append(closed)

    def _open_hour(self) -> Hour:
        return Hour(_number(self.ends) - 1, float(self.quantity), float(self.value))


class NearDepth(msgspec.Struct, frozen=True, kw_only=True):
    """What the visible book offers within reach of its mid, in the currency that the symbol is quoted in."""

    time: datetime
    spread_ratio: float
    """(best ask − best bid) / mid."""
    bid_value: float
    ask_value: float

    @property
    def value(self) -> float:
        """Of the thinner side: an order may have to go either way."""
        return min(self.bid_value, self.ask_value)


def near_depth(depth: Depth, reach: Decimal) -> NearDepth | None:
    """The depth within `reach`, a ratio of the mid; None where a side is empty or the sides cross: there is no mid.

    Where the reported levels end before `reach`, only the reported levels count.
    """
    if not depth.bids or not depth.asks or depth.bids[0].price > depth.asks[0].price:
        return None
    bid, ask = depth.bids[0].price, depth.asks[0].price
    mid = (bid + ask) * _HALF
    lowest, highest = mid * (ONE - reach), mid * (ONE + reach)
    return NearDepth(
        time=depth.time,
        spread_ratio=float(ask - bid) / float(mid),
        bid_value=_value(takewhile(lambda level: level.price >= lowest, depth.bids)),
        ask_value=_value(takewhile(lambda level: level.price <= highest, depth.asks)),
    )


class Markets(msgspec.Struct, kw_only=True):
    """The markets of all symbols with a trade or a book."""

    reach: Decimal
    """How far from the mid the depth counts, as a ratio of it."""
    windows: dict[str, VolumeWindow] = msgspec.field(default_factory=dict)
    depths: dict[str, NearDepth] = msgspec.field(default_factory=dict)

    def trade(self, trade: MarketTrade) -> None:
        """Count a trade into its symbol's volume, in `EXACT` arithmetic."""
        window = self.windows.get(trade.symbol)
        if window is None:
            window = self.windows[trade.symbol] = VolumeWindow.starting(trade.time)
        window.trade(trade)

    def book(self, depth: Depth) -> None:
        """Take in a symbol's book, in `EXACT` arithmetic; one older than the last is ignored."""
        known = self.depths.get(depth.symbol)
        if known is not None and depth.time < known.time:
            return
        near = near_depth(depth, self.reach)
        if near is not None:
            self.depths[depth.symbol] = near
        elif known is not None:
            del self.depths[depth.symbol]

    def volume(self, symbol: str, now: datetime) -> Volume | None:
        """The volume of a day; None if there was no trade yet, or no time was watched."""
        window = self.windows.get(symbol)
        return window.volume(now) if window is not None else None

    def depth(self, symbol: str, now: datetime) -> NearDepth | None:
        """The last book near its mid; None if there was none, or it is older than `DEPTH_LASTS`."""
        depth = self.depths.get(symbol)
        return depth if depth is not None and now - depth.time <= DEPTH_LASTS else None

    def resume(self, saved: Markets, left: datetime | None) -> None:
        """Take over what was saved; nothing was watched since `left`. Depth of another reach is forgotten."""
        self.windows = saved.windows
        self.depths = saved.depths if saved.reach == self.reach else {}
        if left is not None:
            for window in self.windows.values():
                window.leave(left)


def _value(levels: Iterable[Level]) -> float:
    return float(sum((level.price * level.size for level in levels), ZERO))


def _number(time: datetime) -> int:
    """The hour that `time` is in."""
    return int(time.timestamp() // 3600)


def _start(number: int) -> datetime:
    return _EPOCH + number * _HOUR


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
