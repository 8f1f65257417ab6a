"""Five small strategies. Each decides four times a second of event time, and returns its orders and cancels.

A strategy sizes its orders for its own capital; the engine applies its allocation. It asks the desk for its positions and
quotes instead of remembering them, so that a partial fill, a dropped quote or a pause cannot leave it with a wrong state.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from genesis.core.instrument import Instrument
from genesis.core.models import Side
from genesis.engine.broker import Cancel, Instruction, Order
from genesis.engine.strategy import GRID_SECONDS, Average, Desk, GridStrategy, Instructions, sign


class SpreadCapture(GridStrategy):
    """Quotes on both sides of the mid, wider when volatility is higher; with a position, it quotes only to close it.

    A position that is not closed within `PATIENCE_SECONDS` is closed at the market.
    """

    SHARE = 0.2
    MIN_WIDTH = 3e-4
    """Smallest distance of a quote from the mid, as a ratio of the mid: a multiple of the maker fee."""
    WIDTH_DEVIATIONS = 2.5
    """Distance of a quote from the mid, in standard deviations of a one-second move."""
    EXIT_WIDTH = 1e-4
    PATIENCE_SECONDS = 25.0
    REQUOTE = 0.5
    """How far a quote may be from its target price, in widths, before it is replaced."""
    WARM_UP = 20

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments)
        self._moves = {symbol: Average(20.0) for symbol in self._instruments}
        self._last: dict[str, float] = {}

    def decide_on_grid(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Instructions:
        instructions: list[Instruction] = []
        for symbol, mid in mids.items():
            moves = self._moves[symbol]
            moves.add(math.log(mid / self._last.get(symbol, mid)))
            self._last[symbol] = mid
            if moves.count < self.WARM_UP or desk.working(symbol):
                continue
            if self._held_seconds(symbol, now) > self.PATIENCE_SECONDS:
                instructions += self._close(symbol, desk)
                continue
            per_second = moves.deviation / math.sqrt(GRID_SECONDS)
            width = max(self.MIN_WIDTH, self.WIDTH_DEVIATIONS * per_second)
            for side in Side:
                instructions += self._keep_quote(symbol, side, mid, width, desk)
        return instructions

    def _keep_quote(self, symbol: str, side: Side, mid: float, width: float, desk: Desk) -> list[Instruction]:
        """The instruction that moves this side's quote to its target price, or none if it is near enough."""
        position, resting = desk.position(symbol), desk.quote(symbol, side)
        if position * side.sign > 0:
            return [Cancel(symbol, side)] if resting is not None else []
        instrument = self._instruments[symbol]
        width = self.EXIT_WIDTH if position else width
        price = mid * (1 - side.sign * width)
        limit = instrument.price_below(price) if side is Side.BUY else instrument.price_above(price)
        if resting is not None and resting.limit is not None and resting.reduce_only == bool(position):
            off = abs(float(limit - resting.limit))
            if off <= self.REQUOTE * width * mid:
                return []
        quantity = abs(position) or instrument.quantity(self.capital * self.SHARE / mid)
        return [Order(symbol, side, quantity, limit, reduce_only=bool(position))] if quantity > 0 else []


class MarketMaking(SpreadCapture):
    """As spread capture, but with larger quotes farther from the mid: fewer trades, and more profit on each."""

    SHARE = 0.3
    MIN_WIDTH = 4.5e-4
    WIDTH_DEVIATIONS = 3.5
    EXIT_WIDTH = 1.5e-4


class MeanReversion(GridStrategy):
    """Trades each symbol's z-score against the basket: buys laggards, sells leaders."""

    SHARE = 0.25
    ENTRY, EXIT = 2.0, 0.3
    MIN_EDGE = 4e-4
    """A smaller distance is noise, however large its z-score."""
    PATIENCE_SECONDS = 30.0
    WARM_UP = 60

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments)
        self._levels = {symbol: Average(180.0) for symbol in self._instruments}

    def decide_on_grid(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Instructions:
        if len(mids) < len(self._instruments):
            return ()
        logs = {symbol: math.log(mid) for symbol, mid in mids.items()}
        basket = sum(logs.values()) / len(logs) if len(logs) > 1 else 0.0
        instructions: list[Instruction] = []
        for symbol, level in self._levels.items():
            distance = logs[symbol] - basket
            z, gap = level.z(distance), distance - level.mean
            level.add(distance)
            if level.count < self.WARM_UP or desk.working(symbol):
                continue
            position = desk.position(symbol)
            if position == 0 and abs(z) > self.ENTRY and abs(gap) > self.MIN_EDGE:
                instructions += self._enter(symbol, Side.SELL if z > 0 else Side.BUY, mids[symbol], self.SHARE)
            elif position and (z * sign(position) > -self.EXIT or self._held_seconds(symbol, now) > self.PATIENCE_SECONDS):
                instructions += self._close(symbol, desk)
        return instructions


class MultiPair(GridStrategy):
    """Follows shared momentum: enters the strongest symbols when nearly all move in the same direction."""

    SHARE = 0.3
    POSITIONS = 2
    ENTRY = 1.0
    """Entry threshold, in standard deviations of the shared momentum."""
    MIN_EDGE = 4e-4
    KEEP = 0.5
    """The share of its peak that the momentum must keep."""
    AGREEMENT = 0.75
    PATIENCE_SECONDS = 40.0
    WARM_UP = 60

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments)
        self._fast = {symbol: Average(2.0) for symbol in self._instruments}
        self._slow = {symbol: Average(12.0) for symbol in self._instruments}
        self._shared = Average(90.0)
        self._peak = 0.0

    def decide_on_grid(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Instructions:
        if len(mids) < len(self._instruments):
            return ()
        momentum = {symbol: self._momentum(symbol, math.log(mid)) for symbol, mid in mids.items()}
        shared = sum(momentum.values()) / len(momentum)
        scale = self._shared.deviation
        self._shared.add(shared)
        held = [symbol for symbol in self._instruments if desk.position(symbol)]
        if self._shared.count < self.WARM_UP or any(desk.working(symbol) for symbol in self._instruments):
            return ()
        if held:
            return self._exit(held, shared, now, desk)
        agreeing = [symbol for symbol, value in momentum.items() if value * shared > 0]
        if abs(shared) < max(self.MIN_EDGE, self.ENTRY * scale) or len(agreeing) < self.AGREEMENT * len(momentum):
            return ()
        self._peak = abs(shared)
        side = Side.BUY if shared > 0 else Side.SELL
        strongest = sorted(agreeing, key=lambda symbol: -abs(momentum[symbol]))[: self.POSITIONS]
        return [order for symbol in strongest for order in self._enter(symbol, side, mids[symbol], self.SHARE)]

    def _momentum(self, symbol: str, log_price: float) -> float:
        fast, slow = self._fast[symbol], self._slow[symbol]
        fast.add(log_price)
        slow.add(log_price)
        return fast.mean - slow.mean

    def _exit(self, held: list[str], shared: float, now: datetime, desk: Desk) -> Instructions:
        """Close all positions once the momentum has faded or turned, or the positions are old."""
        along = shared * sign(desk.position(held[0]))
        self._peak = max(self._peak, along)
        old = self._held_seconds(held[0], now) > self.PATIENCE_SECONDS
        if along > self.KEEP * self._peak and not old:
            return ()
        return [order for symbol in held for order in self._close(symbol, desk)]


class StatisticalArb(GridStrategy):
    """Trades the spread between its first two symbols: sells the dear one and buys the cheap one until they converge."""

    SHARE = 0.4
    """Size of each leg, as a share of the capital."""
    ENTRY, EXIT = 2.0, 0.2
    MIN_EDGE = 6e-4
    PATIENCE_SECONDS = 45.0
    WARM_UP = 60

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments[:2])
        self._first, self._second = self._instruments
        self._spread = Average(240.0)

    def decide_on_grid(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Instructions:
        if len(mids) < len(self._instruments):
            return ()
        spread = math.log(mids[self._first] / mids[self._second])
        z, gap = self._spread.z(spread), spread - self._spread.mean
        self._spread.add(spread)
        if self._spread.count < self.WARM_UP or desk.working(self._first) or desk.working(self._second):
            return ()
        if desk.position(self._first) == desk.position(self._second) == 0:
            if abs(z) > self.ENTRY and abs(gap) > self.MIN_EDGE:
                return self.open_pair(Side.SELL if z > 0 else Side.BUY, mids, self.SHARE)
            return ()
        held = max(self._held_seconds(symbol, now) for symbol in self._instruments)
        bought = sign(desk.position(self._first)) or -sign(desk.position(self._second))
        if z * bought > -self.EXIT or held > self.PATIENCE_SECONDS:
            return self._close(self._first, desk) + self._close(self._second, desk)
        return ()

    def open_pair(self, side: Side, mids: dict[str, float], share: float) -> list[Order]:
        """Orders for `side` of the first symbol and the opposite side of the second, each worth `share` of the capital."""
        first = self._enter(self._first, side, mids[self._first], share)
        return first + self._enter(self._second, side.opposite, mids[self._second], share)
