"""The interface between strategies and engine, and what small strategies have in common."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from genesis.core.instrument import Instrument
from genesis.core.models import Side
from genesis.engine.broker import Instruction, Order

Instructions = Sequence[Instruction]

GRID = timedelta(milliseconds=250)
GRID_SECONDS = GRID.total_seconds()


class Desk(Protocol):
    """What a strategy sees: the market, and its own orders and positions."""

    def mid(self, symbol: str) -> float | None:
        """The middle of the book; None while it is unknown or stale."""
        ...

    def equity(self) -> float:
        """Its capital plus its profit since the start, with open positions at the mid."""
        ...

    def position(self, symbol: str) -> Decimal:
        """Its position: above 0 long, below 0 short."""
        ...

    def working(self, symbol: str) -> bool:
        """Whether one of its instructions for the symbol is still in flight."""
        ...

    def quote(self, symbol: str, side: Side) -> Order | None:
        """Its resting quote, if there is one."""
        ...


class Strategy(Protocol):
    """Decides on orders; the engine calls it at every quote."""

    @property
    def name(self) -> str: ...

    def decide(self, now: datetime, desk: Desk) -> Instructions:
        """The orders and cancels to send now; mostly none."""
        ...


class Average:
    """Exponentially weighted mean and standard deviation of values on the grid, with the time constant `seconds`."""

    __slots__ = ("_alpha", "_variance", "count", "mean")

    def __init__(self, seconds: float) -> None:
        self._alpha = 1 - math.exp(-GRID_SECONDS / seconds)
        self._variance = 0.0
        self.mean = 0.0
        self.count = 0

    def add(self, value: float) -> None:
        self.count += 1
        alpha = max(self._alpha, 1 / self.count)
        difference = value - self.mean
        self.mean += alpha * difference
        self._variance = (1 - alpha) * (self._variance + alpha * difference * difference)

    @property
    def deviation(self) -> float:
        return math.sqrt(self._variance)

    def z(self, value: float) -> float:
        """How many standard deviations `value` is above the mean; 0 while nothing has moved."""
        return (value - self.mean) / self.deviation if self._variance > 0 else 0.0


def sign(value: float | Decimal) -> int:
    return (value > 0) - (value < 0)


class GridStrategy(ABC):
    """A strategy that decides once in each grid step: `decide_on_grid`."""

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        self.name = name
        self.capital = float(capital)
        self._instruments = {instrument.symbol: instrument for instrument in instruments}
        self._next: datetime | None = None
        self._held_since: dict[str, datetime] = {}

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self._instruments)

    def decide(self, now: datetime, desk: Desk) -> Instructions:
        if self._next is not None and now < self._next:
            return ()
        self._next = now + GRID
        mids = {symbol: mid for symbol in self._instruments if (mid := desk.mid(symbol)) is not None}
        for symbol in self._instruments:
            if desk.position(symbol) == 0:
                self._held_since.pop(symbol, None)
            else:
                self._held_since.setdefault(symbol, now)
        return self.decide_on_grid(now, desk, mids)

    @abstractmethod
    def decide_on_grid(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Instructions:
        """The orders and cancels to send now; `mids`: symbol → mid, without symbols whose mid is unknown or stale."""

    def _held_seconds(self, symbol: str, now: datetime) -> float:
        """How long the position has been open; 0 without one."""
        since = self._held_since.get(symbol)
        return 0.0 if since is None else (now - since).total_seconds()

    def _enter(self, symbol: str, side: Side, mid: float, share: float) -> list[Order]:
        """Open a position worth `share` of the capital at the market."""
        quantity = self._instruments[symbol].quantity(self.capital * share / mid)
        return [Order(symbol, side, quantity)] if quantity > 0 else []

    def _close(self, symbol: str, desk: Desk) -> list[Order]:
        """Close the position at the market."""
        position = desk.position(symbol)
        if position == 0:
            return []
        return [Order(symbol, Side.SELL if position > 0 else Side.BUY, abs(position), reduce_only=True)]
