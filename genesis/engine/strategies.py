"""Five small strategies. Each looks at its symbols four times a second of event time, and answers with orders.

A strategy sizes its orders for the equal share of the account; what it is allocated, the engine applies. It asks the desk for
what it holds instead of remembering it, so a partial fill, a dropped quote or a pause cannot leave it with a wrong idea.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from genesis.core.instrument import Instrument
from genesis.core.models import Side
from genesis.engine.broker import Cancel, Order
from genesis.engine.strategy import GRID_SECONDS, Average, Desk, GridStrategy, Wishes, sign


class SpreadCapture(GridStrategy):
    """Rests a quote on both sides of the mid, wider when the market moves more; holding something, it only quotes its way out.

    What the market does not take back within `PATIENCE_SECONDS` is closed at the market.
    """

    SHARE = 0.2
    MIN_WIDTH = 3e-4
    """Of each side, as a ratio of the mid: a multiple of the maker's fee."""
    WIDTH_DEVIATIONS = 2.5
    """In standard deviations of a second's move."""
    EXIT_WIDTH = 1e-4
    PATIENCE_SECONDS = 25.0
    REQUOTE = 0.5
    """How far a quote may be off, in widths, before it is replaced."""
    WARM_UP = 20

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments)
        self._moves = {symbol: Average(20.0) for symbol in self._instruments}
        self._last: dict[str, float] = {}

    def look(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Wishes:
        wishes: list[Order | Cancel] = []
        for symbol, mid in mids.items():
            moves = self._moves[symbol]
            moves.add(math.log(mid / self._last.get(symbol, mid)))
            self._last[symbol] = mid
            if moves.count < self.WARM_UP or desk.working(symbol):
                continue
            if self._held_seconds(symbol, now) > self.PATIENCE_SECONDS:
                wishes += self._close(symbol, desk)
                continue
            per_second = moves.deviation / math.sqrt(GRID_SECONDS)
            width = max(self.MIN_WIDTH, self.WIDTH_DEVIATIONS * per_second)
            for side in Side:
                wishes += self._keep_quote(symbol, side, mid, width, desk)
        return wishes

    def _keep_quote(self, symbol: str, side: Side, mid: float, width: float, desk: Desk) -> list[Order | Cancel]:
        """The order that puts this side's quote where it belongs, or none if it is near enough."""
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
    """As spread capture, but farther from the mid and larger: fewer trades, and more on each."""

    SHARE = 0.3
    MIN_WIDTH = 4.5e-4
    WIDTH_DEVIATIONS = 3.5
    EXIT_WIDTH = 1.5e-4


class MeanReversion(GridStrategy):
    """Trades each symbol's z-score against the basket: buys what has fallen behind the others, sells what has run ahead."""

    SHARE = 0.25
    ENTRY, EXIT = 2.0, 0.3
    MIN_EDGE = 4e-4
    """A distance below it is noise, however rare."""
    PATIENCE_SECONDS = 30.0
    WARM_UP = 60

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments)
        self._levels = {symbol: Average(180.0) for symbol in self._instruments}

    def look(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Wishes:
        if len(mids) < len(self._instruments):
            return ()
        logs = {symbol: math.log(mid) for symbol, mid in mids.items()}
        basket = sum(logs.values()) / len(logs) if len(logs) > 1 else 0.0
        wishes: list[Order | Cancel] = []
        for symbol, level in self._levels.items():
            distance = logs[symbol] - basket
            z, gap = level.z(distance), distance - level.mean
            level.add(distance)
            if level.count < self.WARM_UP or desk.working(symbol):
                continue
            position = desk.position(symbol)
            if position == 0 and abs(z) > self.ENTRY and abs(gap) > self.MIN_EDGE:
                wishes += self._enter(symbol, Side.SELL if z > 0 else Side.BUY, mids[symbol], self.SHARE)
            elif position and (z * sign(position) > -self.EXIT or self._held_seconds(symbol, now) > self.PATIENCE_SECONDS):
                wishes += self._close(symbol, desk)
        return wishes


class MultiPair(GridStrategy):
    """Follows the momentum that the symbols share: enters the strongest ones when nearly all of them run the same way."""

    SHARE = 0.3
    POSITIONS = 2
    ENTRY = 1.0
    """In standard deviations of the shared momentum."""
    MIN_EDGE = 4e-4
    KEEP = 0.5
    """The part of its peak that the momentum must keep."""
    AGREEMENT = 0.75
    PATIENCE_SECONDS = 40.0
    WARM_UP = 60

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments)
        self._fast = {symbol: Average(2.0) for symbol in self._instruments}
        self._slow = {symbol: Average(12.0) for symbol in self._instruments}
        self._shared = Average(90.0)
        self._peak = 0.0

    def look(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Wishes:
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
            return self._leave(held, shared, now, desk)
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

    def _leave(self, held: list[str], shared: float, now: datetime, desk: Desk) -> Wishes:
        """Close everything once the momentum has faded, turned, or lasted long enough."""
        along = shared * sign(desk.position(held[0]))
        self._peak = max(self._peak, along)
        old = self._held_seconds(held[0], now) > self.PATIENCE_SECONDS
        if along > self.KEEP * self._peak and not old:
            return ()
        return [order for symbol in held for order in self._close(symbol, desk)]


class StatisticalArb(GridStrategy):
    """Trades the spread between the market's first two symbols: sells the dear one and buys the cheap one, until they meet."""

    SHARE = 0.4
    """Of the capital, for each leg."""
    ENTRY, EXIT = 2.0, 0.2
    MIN_EDGE = 6e-4
    PATIENCE_SECONDS = 45.0
    WARM_UP = 60

    def __init__(self, name: str, capital: Decimal, instruments: Sequence[Instrument]) -> None:
        super().__init__(name, capital, instruments[:2])
        self._first, self._second = self._instruments
        self._spread = Average(240.0)

    def look(self, now: datetime, desk: Desk, mids: dict[str, float]) -> Wishes:
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
        """`side` of the first symbol and the opposite of the second, `share` of the capital's worth of each."""
        first = self._enter(self._first, side, mids[self._first], share)
        return first + self._enter(self._second, side.opposite, mids[self._second], share)
