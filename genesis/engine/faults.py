"""A fault to watch: what an execution bug does to a strategy that was fine.

This is an injected fault, and says so at the start of the demo. Nothing about the events is different: the losses come from the
same broker, at the same fees, in the same market as everybody's.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from genesis.core.models import Side
from genesis.engine.strategies import StatisticalArb
from genesis.engine.strategy import Desk, Wishes


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
