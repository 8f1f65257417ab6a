"""A market written by hand, a clock turned by hand, and what a run published."""

from __future__ import annotations

import math
from collections.abc import Generator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from genesis.core.instrument import Instrument
from genesis.core.models import AnyEvent, AnyMarketEvent, Depth, Fill, Level, MarketTrade, Quote, Side, Signal
from genesis.engine.broker import Cancel, Order, PaperBroker, TradingConditions
from genesis.engine.strategy import Desk, Instructions
from genesis.settings.strategies import StrategiesSettings, StrategySettings

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
COIN = Instrument("COINUSDT", Decimal("0.1"), Decimal("0.01"))
TENTH = (0.1, 0.1)
"""A latency of exactly a tenth of a second."""


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def quote(seconds: float, bid: str, ask: str, *, size: str = "100", symbol: str = COIN.symbol) -> Quote:
    amount = Decimal(size)
    return Quote(time=at(seconds), symbol=symbol, bid=Decimal(bid), ask=Decimal(ask), bid_size=amount, ask_size=amount)


def depth(seconds: float, bids: Sequence[tuple[str, str]], asks: Sequence[tuple[str, str]]) -> Depth:
    return Depth(time=at(seconds), symbol=COIN.symbol, bids=_levels(bids), asks=_levels(asks))


def _levels(levels: Sequence[tuple[str, str]]) -> tuple[Level, ...]:
    return tuple(Level(Decimal(price), Decimal(size)) for price, size in levels)


def trade(seconds: float, price: str, quantity: str) -> MarketTrade:
    return MarketTrade(time=at(seconds), symbol=COIN.symbol, price=Decimal(price), quantity=Decimal(quantity))


def order(side: Side, quantity: str, limit: str | None = None, *, reduce_only: bool = False) -> Order:
    return Order(COIN.symbol, side, Decimal(quantity), Decimal(limit) if limit else None, reduce_only)


def broker(latency: tuple[float, float] = TENTH) -> PaperBroker:
    ids = (f"run-{number}" for number in count(1))
    return PaperBroker([COIN], ids, seed=1, conditions=TradingConditions(latency_seconds=latency))


class WrittenMarket:
    """Plays a list of events."""

    def __init__(self, events: Sequence[AnyMarketEvent], instruments: tuple[Instrument, ...] = (COIN,)) -> None:
        self._events = events
        self.instruments = instruments

    def events(self) -> Generator[AnyMarketEvent, None, None]:
        yield from self._events


class Script:
    """A strategy that sends the written instructions, one list at each quote."""

    def __init__(self, *instructions: Sequence[Order | Cancel], name: str = "script") -> None:
        self.name = name
        self._instructions = iter(instructions)
        self.desk: Desk | None = None

    def decide(self, now: datetime, desk: Desk) -> Instructions:
        self.desk = desk
        return next(self._instructions, ())


class HandClock:
    """Stands still until somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime:
        return START

    def timestamp(self) -> float:
        return START.timestamp() + self.seconds

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class Tape:
    """A subscriber that keeps everything."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    async def __call__(self, event: AnyEvent) -> None:
        self.events.append(event)

    @property
    def fills(self) -> list[Fill]:
        return [event for event in self.events if isinstance(event, Fill)]

    @property
    def signals(self) -> list[Signal]:
        return [event for event in self.events if isinstance(event, Signal)]


NO_PACING = math.inf
FOUR = StrategiesSettings(
    strategies={
        name: StrategySettings(capital=Decimal(5000))
        for name in ("spread_capture", "mean_reversion", "multi_pair", "statistical_arb")
    }
)
"""The configured strategies, 5,000 each."""
