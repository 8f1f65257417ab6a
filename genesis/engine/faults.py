"""Injected faults: what an execution bug, or a lost edge, does to a healthy strategy.

The program that injects a fault says so at its start. The events themselves are genuine: the losses come from the same broker
and market, and with the same fees, as those of all strategies.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from genesis.core.models import Side
from genesis.engine.broker import Order
from genesis.engine.strategies import StatisticalArb
from genesis.engine.strategy import Desk, GridStrategy, Instructions


class FaultyExecution:
    """Turns a pair strategy, some time after its start, into one that churns.

    The bug: each acknowledged entry is taken for a new signal in the opposite direction, the cool-down between entries is lost,
    and each leg has the size of the whole equity. So the strategy reverses the pair every `COOL_DOWN`, and each time pays the
    spread and the taker fee for twice its equity on each of the two legs.
    """

    COOL_DOWN = timedelta(seconds=1.75)

    def __init__(self, strategy: StatisticalArb, after: timedelta) -> None:
        self.name = strategy.name
        self._strategy = strategy
        self._after = after
        self._start: datetime | None = None
        self._next: datetime | None = None
        self._side = Side.BUY

    def decide(self, now: datetime, desk: Desk) -> Instructions:
        self._start = self._start or now
        if now < self._start + self._after:
            return self._strategy.decide(now, desk)
        if self._next is not None and now < self._next:
            return ()
        return self._reverse(now, desk)

    def _reverse(self, now: datetime, desk: Desk) -> Instructions:
        symbols = self._strategy.symbols
        mids = {symbol: mid for symbol in symbols if (mid := desk.mid(symbol)) is not None}
        if len(mids) < len(symbols) or any(desk.working(symbol) for symbol in symbols):
            return ()
        self._next = now + self.COOL_DOWN
        self._side = self._side.opposite
        entries = self._strategy.open_pair(self._side, mids, max(0.0, desk.equity()) / self._strategy.capital)
        missing = [(order, order.quantity - desk.position(order.symbol) * order.side.sign) for order in entries]
        return [order._replace(quantity=quantity) for order, quantity in missing if quantity > 0]


class LostEdge:
    """Removes the edge of a strategy that trades at the market, some time after its start.

    From then on, part of its round trips are on the wrong side from entry to exit. With half of them, its signals are worthless
    and only the costs remain; with all of them, it loses what it earned before. It trades as often as before.
    """

    def __init__(self, strategy: GridStrategy, after: timedelta, *, seed: int, wrong: float = 0.5) -> None:
        """`wrong`: the share of round trips on the wrong side, 0 to 1."""
        self.name = strategy.name
        self._strategy = strategy
        self._after = after
        self._wrong = wrong
        self._random = Random(f"lost edge {seed}")  # noqa: S311 - a simulation, not a secret
        self._start: datetime | None = None
        self._mirrored = False

    def decide(self, now: datetime, desk: Desk) -> Instructions:
        self._start = self._start or now
        if not any(desk.position(symbol) or desk.working(symbol) for symbol in self._strategy.symbols):
            self._mirrored = now >= self._start + self._after and self._random.random() < self._wrong
        if not self._mirrored:
            return self._strategy.decide(now, desk)
        instructions = self._strategy.decide(now, _Mirror(desk))
        return [instruction._replace(side=instruction.side.opposite) for instruction in instructions]


class _Mirror:
    """The desk with every position and quote on the opposite side."""

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
