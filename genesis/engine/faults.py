"""Faults to watch: what an execution bug, or a lost edge, does to a strategy that was fine.

These are injected faults, and whoever runs them says so at the start. Nothing about the events is different: the losses come
from the same broker, at the same fees, in the same market as everybody's.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from genesis.core.models import Side
from genesis.engine.broker import Order
from genesis.engine.strategies import StatisticalArb
from genesis.engine.strategy import Desk, GridStrategy, Wishes


class FaultyExecution:
    """Turns a pair strategy, some time after its start, into one that churns.

    The bug: each acknowledged entry is taken for a new signal of the opposite direction, the cool-down between entries is lost,
    and the size is the whole equity on each leg. So it turns the pair over again and again, and pays the spread and the
    taker's fee for twice its equity, on both legs, every `COOL_DOWN`.
    """

    COOL_DOWN = timedelta(seconds=1.75)

    def __init__(self, strategy: StatisticalArb, after: timedelta) -> None:
        self.name = strategy.name
        self._strategy = strategy
        self._after = after
        self._start: datetime | None = None
        self._next: datetime | None = None
        self._side = Side.BUY

    def decide(self, now: datetime, desk: Desk) -> Wishes:
        self._start = self._start or now
        if now < self._start + self._after:
            return self._strategy.decide(now, desk)
        if self._next is not None and now < self._next:
            return ()
        return self._turn_over(now, desk)

    def _turn_over(self, now: datetime, desk: Desk) -> Wishes:
        symbols = self._strategy.symbols
        mids = {symbol: mid for symbol in symbols if (mid := desk.mid(symbol)) is not None}
        if len(mids) < len(symbols) or any(desk.working(symbol) for symbol in symbols):
            return ()
        self._next = now + self.COOL_DOWN
        self._side = self._side.opposite
        wanted = self._strategy.open_pair(self._side, mids, max(0.0, desk.equity()) / self._strategy.capital)
        missing = [(order, order.quantity - desk.position(order.symbol) * order.side.sign) for order in wanted]
        return [order._replace(quantity=quantity) for order, quantity in missing if quantity > 0]


class LostEdge:
    """Takes the edge away from a strategy that trades at the market, some time after its start.

    From then on a part of its round trips is on the wrong side, from entry to exit: with half of them its signals are worth
    nothing and it pays the costs, with all of them it is paid back what it earned before. It trades as often as ever.
    """

    def __init__(self, strategy: GridStrategy, after: timedelta, *, seed: int, wrong: float = 0.5) -> None:
        """`wrong`: the part of the round trips that is on the wrong side, 0 to 1."""
        self.name = strategy.name
        self._strategy = strategy
        self._after = after
        self._wrong = wrong
        self._random = Random(f"lost edge {seed}")  # noqa: S311 - a simulation, not a secret
        self._start: datetime | None = None
        self._mirrored = False

    def decide(self, now: datetime, desk: Desk) -> Wishes:
        self._start = self._start or now
        if not any(desk.position(symbol) or desk.working(symbol) for symbol in self._strategy.symbols):
            self._mirrored = now >= self._start + self._after and self._random.random() < self._wrong
        if not self._mirrored:
            return self._strategy.decide(now, desk)
        wishes = self._strategy.decide(now, _Mirror(desk))
        return [wish._replace(side=wish.side.opposite) for wish in wishes]


class _Mirror:
    """The desk with every position on its other side: what a strategy sees that has its sides mixed up."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def mid(self, symbol: str) -> float | None:
        return self._desk.mid(symbol)

    def equity(self) -> float:
        return self._desk.equity()

    def position(self, symbol: str) -> Decimal:
        return -self._desk.position(symbol)

    def working(self, symbol: str) -> bool:
        return self._desk.working(symbol)

    def quote(self, symbol: str, side: Side) -> Order | None:
        return self._desk.quote(symbol, side.opposite)
