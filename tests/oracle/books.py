"""The history, and every figure of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from genesis.core.models import (
    AnyAccountEvent,
    AnyEvent,
    CapitalFlow,
    Depth,
    Fill,
    Funding,
    MarketTrade,
    Quote,
    Signal,
)
from tests.oracle.curve import Money, Point, total
from tests.oracle.holding import ZERO, Holding


class Trades(NamedTuple):
    """Round trips of a strategy."""

    wins: int
    losses: int
    evens: int
    gross_profit: Fraction
    gross_loss: Fraction
    win_rate: Fraction | None
    profit_factor: Fraction | None
    expectancy: Fraction | None


class Oracle:
    """The history, and every figure of it."""

    def __init__(self, *, zone: str = "UTC", currency: str = "USDT") -> None:
        self.history: list[AnyEvent] = []
        self.curves: dict[str, list[Point]] = {}
        self.total: list[Point] = []
        self._zone = ZoneInfo(zone)
        self._currency = currency

    # ---- events in

    def handle(self, event: AnyEvent) -> str:
        """The outcome of `event`; an accepted one becomes history."""
        outcome = self._judge(event)
        if outcome == "accepted":
            symbol = event.symbol if isinstance(event, Quote | MarketTrade) else None
            before = self.mark(symbol) if symbol else None
            self.history.append(event)
            self._draw_curves(event, symbol if symbol and self.mark(symbol) != before else None)
        return outcome

    def _judge(self, event: AnyEvent) -> str:
        if isinstance(event, Depth):
            return "accepted"
        if isinstance(event, Quote | MarketTrade):
            seen = self._mark_event(event.symbol)
            return "late" if seen is not None and event.time < seen.time else "accepted"
        same = [other for other in self._account_events() if _identity(other) == _identity(event)]
        if same:
            return "duplicate" if same[0] == event else "conflict"
        if isinstance(event, Fill) and event.fee and event.fee_currency not in {None, self._currency}:
            return "rejected"
        return "accepted"

    def _draw_curves(self, event: AnyEvent, moved: str | None) -> None:
        """Add a point to each curve; `moved` is the symbol whose mark the event changed."""
        everybody = self.strategies()
        moneys = {strategy: self.money(strategy) for strategy in everybody}
        holders = {strategy for strategy in everybody if moved and self.holding(strategy, moved).quantity}
        if isinstance(event, Fill | Funding | CapitalFlow):
            holders.add(event.strategy)
        flow = isinstance(event, CapitalFlow)
        clock = max(other.time for other in self.history)
        for strategy, money in moneys.items():
            tick = strategy in holders
            self.curves.setdefault(strategy, []).append(Point(event.time, clock, money, flow and tick, tick))
        if everybody:
            self.total.append(Point(event.time, clock, total(moneys.values()), flow, bool(holders)))

    # ---- figures out

    @property
    def now(self) -> datetime | None:
        return max((event.time for event in self.history), default=None)

    def strategies(self) -> list[str]:
        return sorted({event.strategy for event in self._account_events()})

    def symbols(self, strategy: str) -> list[str]:
        return sorted({fill.symbol for fill in self.fills(strategy)})

    def fills(self, strategy: str) -> list[Fill]:
        return [event for event in self.history if isinstance(event, Fill) and event.strategy == strategy]

    def mark(self, symbol: str) -> Fraction | None:
        event = self._mark_event(symbol)
        if isinstance(event, Quote):
            return (Fraction(event.bid) + Fraction(event.ask)) / 2
        return None if event is None else Fraction(event.price)

    def holding(self, strategy: str, symbol: str) -> Holding:
        holding = Holding()
        for event in self._account_events():
            if event.strategy != strategy:
                continue
            if isinstance(event, Fill) and event.symbol == symbol:
                holding.book_fill(event)
            if isinstance(event, Funding) and event.symbol == symbol:
                holding.book_funding(Fraction(event.amount))
        return holding

    def money(self, strategy: str) -> Money:
        own = [event for event in self._account_events() if event.strategy == strategy]
        capital = _sum(event.amount for event in own if isinstance(event, CapitalFlow))
        funding = _sum(event.amount for event in own if isinstance(event, Funding))
        fees = _sum(event.fee for event in own if isinstance(event, Fill))
        realized = cash = value = cost = unknown = ZERO
        marked = True
        for symbol in self.symbols(strategy):
            holding = self.holding(strategy, symbol)
            realized += holding.realized
            cash += holding.cash
            cost += holding.cost
            mark = self.mark(symbol)
            if mark is not None:
                value += holding.quantity * mark
            elif holding.quantity:
                marked = False
                unknown += holding.cost
        equity = capital + cash + value - fees + funding
        if not marked:
            return Money(capital, realized, None, fees, funding, None, equity + unknown)
        return Money(capital, realized, value - cost, fees, funding, equity, equity)

    def period_pnl(self, curve: Sequence[Point], period: str) -> Fraction | None:
        """Net P&L now less the net P&L after the last event before the period began; 0 where there was none."""
        if not curve or self.now is None:
            return None
        start = period_start(self.now, period, self._zone)
        before = [point for point in curve if point.clock < start]
        opening = before[-1].money.net if before else ZERO
        closing = curve[-1].money.net
        return None if opening is None or closing is None else closing - opening

    def trades(self, strategy: str) -> Trades:
        trips = [trip for symbol in self.symbols(strategy) for trip in self.holding(strategy, symbol).trips]
        profits = [trip for trip in trips if trip > 0]
        losses = [-trip for trip in trips if trip < 0]
        return Trades(
            wins=len(profits),
            losses=len(losses),
            evens=len(trips) - len(profits) - len(losses),
            gross_profit=_sum(profits),
            gross_loss=_sum(losses),
            win_rate=Fraction(len(profits), len(trips)) if trips else None,
            profit_factor=_sum(profits) / _sum(losses) if losses else None,
            expectancy=_sum(trips) / len(trips) if trips else None,
        )

    def slippages(self, strategy: str) -> list[Fraction]:
        """Of each fill whose signal came before it; above 0 cost money."""
        return [
            fill.side.sign * (Fraction(fill.price) - Fraction(signal.price)) / Fraction(signal.price)
            for fill, signal in self._decided(strategy)
        ]

    def delays(self, strategy: str) -> list[float]:
        """Seconds from signal to fill, of each fill whose signal came before it."""
        return [(fill.time - signal.time).total_seconds() for fill, signal in self._decided(strategy)]

    # ---- the history, asked

    def _decided(self, strategy: str) -> list[tuple[Fill, Signal]]:
        return [
            (event, other)
            for place, event in enumerate(self.history)
            for other in self.history[:place]
            if isinstance(event, Fill) and event.strategy == strategy
            if isinstance(other, Signal) and (other.source, other.event_id) == (event.source, event.signal_id)
            if (other.strategy, other.symbol, other.side) == (event.strategy, event.symbol, event.side)
        ]

    def _account_events(self) -> list[AnyAccountEvent]:
        return [event for event in self.history if isinstance(event, Signal | Fill | Funding | CapitalFlow)]

    def _mark_event(self, symbol: str) -> Quote | MarketTrade | None:
        market = [event for event in self.history if isinstance(event, Quote | MarketTrade) and event.symbol == symbol]
        quotes = [event for event in market if isinstance(event, Quote)]
        return (quotes or market or [None])[-1]


def period_start(now: datetime, period: str, zone: ZoneInfo) -> datetime:
    """The first instant of the day, week (Monday) or month of `now` on the clocks of `zone`."""
    day = now.astimezone(zone).date()
    if period == "week":
        day -= timedelta(days=day.weekday())
    if period == "month":
        day = day.replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _identity(event: AnyAccountEvent) -> tuple[str, str]:
    return event.source, event.event_id


def _sum(values: Iterable[Decimal | Fraction]) -> Fraction:
    return sum((Fraction(value) for value in values), ZERO)
