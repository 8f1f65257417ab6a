"""The simulated market: a few correlated symbols with an order book each, from a seed.

The log price of symbol i is its starting level + βᵢ·F + Xᵢ. F is the market's factor: a random walk with bursts of drift, which
momentum strategies can follow. Xᵢ is the symbol's own deviation: it reverts to 0, so that the symbols are cointegrated and a
symbol that has moved away comes back. Sometimes an aggressive order sweeps several levels, and fills quotes behind the best
price. The market is more volatile than usual, so that ten minutes show something; no strategy's result is scripted.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from typing import NamedTuple, Protocol

from genesis.core.instrument import Instrument
from genesis.core.models import AnyMarketEvent, Depth, Level, MarketTrade, Quote, Side

BASIS_POINT = 1e-4


class Market(Protocol):
    """A source of market events."""

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """The traded instruments; the first two are the most closely related."""
        ...

    def events(self) -> Generator[AnyMarketEvent, None, None]:
        """The events in the order of their time."""
        ...


class Character(NamedTuple):
    """How a simulated symbol behaves. Ratios are fractions of the price, sizes USDT."""

    instrument: Instrument
    price: float
    beta: float
    deviation: float
    """Standard deviation of the symbol's own deviation Xᵢ."""
    half_spread: float
    touch_size: float
    """Median value of the best level, in USDT."""


DEFAULT_SYMBOLS = (
    Character(Instrument("BTCUSDT", Decimal("0.1"), Decimal("0.001")), 61_850.0, 0.97, 13e-4, 0.25e-4, 120_000),
    Character(Instrument("ETHUSDT", Decimal("0.01"), Decimal("0.001")), 2_685.0, 1.00, 15e-4, 0.35e-4, 80_000),
    Character(Instrument("SOLUSDT", Decimal("0.01"), Decimal("0.01")), 162.0, 1.04, 17e-4, 0.8e-4, 10_000),
    Character(Instrument("XRPUSDT", Decimal("0.0001"), Decimal("1")), 0.6180, 1.02, 17e-4, 1.2e-4, 7_000),
)

STEP_SECONDS = 0.125
"""Time between two quotes of one symbol; the other symbols quote in between."""
DEPTH_EVERY = 4
"""One depth for this many quotes of a symbol: twice a second."""
DEPTH_LEVELS = 10

FACTOR_VOLATILITY = 1.2 * BASIS_POINT
"""Volatility of the factor for one second: about 70 % a year."""
BURST_EVERY_SECONDS = 45.0
"""Mean time from the end of a burst to the next one."""
BURST_DRIFT = (2.0 * BASIS_POINT, 3.5 * BASIS_POINT)
"""Smallest and largest drift per second, up or down."""
BURST_SECONDS = (15.0, 30.0)
REVERSION_HALF_LIFE_SECONDS = 12.0
TRADE_CHANCE = 0.15
SWEEP_CHANCE = 0.008
SWEEP_DEPTH = (6.0 * BASIS_POINT, 16.0 * BASIS_POINT)
SWEEP_IMPACT = 0.25
"""The share of a sweep's depth by which the symbol's own deviation moves."""


class SimulatedMarket:
    """Same seed and start, same events; without end, or for `seconds` of event time."""

    def __init__(
        self, start: datetime, seed: int, *, seconds: float = math.inf, symbols: tuple[Character, ...] = DEFAULT_SYMBOLS
    ) -> None:
        self._start = start
        self._seed = seed
        self._seconds = seconds
        self._symbols = symbols
        self.instruments = tuple(symbol.instrument for symbol in symbols)

    def events(self) -> Generator[AnyMarketEvent, None, None]:
        random = Random(f"market {self._seed}")  # noqa: S311 - a simulation, not a secret
        factor = _Factor(random)
        symbols = [_Symbol(character, random) for character in self._symbols]
        turn = STEP_SECONDS / len(symbols)
        for number in count():
            seconds = number * turn
            if seconds > self._seconds:
                return
            factor.advance(turn)
            symbol = symbols[number % len(symbols)]
            yield from symbol.step(self._start + timedelta(seconds=seconds), factor.level)


class _Factor:
    """What moves all symbols: a random walk in log price, with bursts of drift."""

    def __init__(self, random: Random) -> None:
        self.level = 0.0
        self._random = random
        self._drift = 0.0
        self._burst_seconds = 0.0

    def advance(self, seconds: float) -> None:
        random = self._random
        if self._burst_seconds > 0:
            self._burst_seconds -= seconds
        else:
            self._drift = 0.0
            if random.random() < seconds / BURST_EVERY_SECONDS:
                self._drift = random.uniform(*BURST_DRIFT) * random.choice((-1, 1))
                self._burst_seconds = random.uniform(*BURST_SECONDS)
        self.level += self._drift * seconds + FACTOR_VOLATILITY * math.sqrt(seconds) * random.gauss(0, 1)


class _Symbol:
    """One symbol: its own deviation from the factor, its quotes, depth and trades."""

    def __init__(self, character: Character, random: Random) -> None:
        self._character = character
        self._random = random
        self._deviation = character.deviation * random.gauss(0, 1)
        self._steps = 0
        self._keep = 0.5 ** (STEP_SECONDS / REVERSION_HALF_LIFE_SECONDS)
        self._noise = character.deviation * math.sqrt(1 - self._keep**2)

    def step(self, time: datetime, factor: float) -> Iterator[AnyMarketEvent]:
        """Advance by one step: a quote, every `DEPTH_EVERY` steps a depth before it, and trades."""
        character, random = self._character, self._random
        self._deviation = self._keep * self._deviation + self._noise * random.gauss(0, 1)
        mid = character.price * math.exp(character.beta * factor + self._deviation)
        bid = character.instrument.price_below(mid * (1 - character.half_spread))
        ask = character.instrument.price_above(mid * (1 + character.half_spread))
        if bid == ask:
            ask += character.instrument.tick
        bid_size, ask_size = self._size(mid, 1.0), self._size(mid, 1.0)
        symbol = character.instrument.symbol
        if self._steps % DEPTH_EVERY == 0:
            yield Depth(
                time=time, symbol=symbol, bids=self._ladder(bid, bid_size, mid, -1), asks=self._ladder(ask, ask_size, mid, 1)
            )
        self._steps += 1
        yield Quote(time=time, symbol=symbol, bid=bid, ask=ask, bid_size=bid_size, ask_size=ask_size)
        if random.random() < TRADE_CHANCE:
            side = random.choice((Side.BUY, Side.SELL))
            yield self._trade(time, side, ask if side is Side.BUY else bid, self._size(mid, 0.05))
        if random.random() < SWEEP_CHANCE:
            yield from self._sweep(time, mid)

    def _sweep(self, time: datetime, mid: float) -> Iterator[AnyMarketEvent]:
        """An order larger than the best level: trades at three worse prices in turn, which also move the deviation."""
        random, instrument = self._random, self._character.instrument
        side = random.choice((Side.BUY, Side.SELL))
        depth = self._character.half_spread + random.uniform(*SWEEP_DEPTH)
        for part in (1 / 3, 2 / 3, 1.0):
            price = mid * (1 + side.sign * depth * part)
            on_tick = instrument.price_above(price) if side is Side.BUY else instrument.price_below(price)
            yield self._trade(time, side, on_tick, self._size(mid, 0.5))
        self._deviation += side.sign * depth * SWEEP_IMPACT

    def _trade(self, time: datetime, side: Side, price: Decimal, quantity: Decimal) -> MarketTrade:
        return MarketTrade(time=time, symbol=self._character.instrument.symbol, price=price, quantity=quantity, aggressor=side)

    def _ladder(self, best: Decimal, best_size: Decimal, mid: float, worse: int) -> tuple[Level, ...]:
        """Levels from the best one on, about two half-spreads apart, with sizes that grow with the distance."""
        instrument = self._character.instrument
        gap = max(1, round(2 * self._character.half_spread * mid / float(instrument.tick))) * instrument.tick
        deeper = (Level(best + worse * level * gap, self._size(mid, 1 + 0.5 * level)) for level in range(1, DEPTH_LEVELS))
        return (Level(best, best_size), *deeper)

    def _size(self, mid: float, multiple: float) -> Decimal:
        """A random quantity with the median `multiple` of the usual best level; at least one lot."""
        instrument = self._character.instrument
        value = self._character.touch_size * multiple * self._random.lognormvariate(0, 0.8)
        return max(instrument.lot, instrument.quantity(value / mid))
