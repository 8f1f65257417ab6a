"""The books worked out a second way: slowly, from the whole history of events, in fractions.

Nothing here is incremental and nothing rounds, except where the definition itself does (a cost or a fee that is split leaves
with 24 places). It imports the events and nothing else of the package. What the figures mean:

- Cash is what was paid and received, so equity = capital + cash + Σ quantity × mark. Average cost only splits that sum.
- The mark is the mid of the last quote, or the last trade's price as long as there never was a quote.
- A tick is an event after which a defined equity is another than at the tick before, or a capital flow.
- A flow F scales the episode by (E + F)/E; E is the equity of the last tick, and where E or E + F is not above 0 the episode
  starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
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

ZERO = Fraction(0)
PERIODS = ("day", "week", "month")


def rounded(value: Fraction) -> Fraction:
    """Half-even at 24 places, as a split cost or fee is."""
    return Fraction(round(value * 10**24), 10**24)


@dataclass
class Holding:
    """One strategy in one symbol, walked from its first event to its last."""

    quantity: Fraction = ZERO
    cost: Fraction = ZERO
    """What the open quantity cost; below 0 for a short, which was paid for."""
    cash: Fraction = ZERO
    realized: Fraction = ZERO
    trip: Fraction = ZERO
    """Cash, fees and funding of the open round trip."""
    trips: list[Fraction] = field(default_factory=list)

    def book_funding(self, amount: Fraction) -> None:
        if self.quantity:
            self.trip += amount

    def book_fill(self, fill: Fill) -> None:
        signed = Fraction(fill.signed_quantity)
        price, fee = Fraction(fill.price), Fraction(fill.fee)
        self.cash -= signed * price
        if self.quantity * signed >= 0:
            self._open(signed, price, fee)
            return
        closed = -signed if abs(signed) <= abs(self.quantity) else self.quantity
        closing_fee = fee if closed == -signed else rounded(fee * abs(closed) / abs(signed))
        self._close(closed, price, closing_fee)
        if closed != -signed:
            self._open(signed + closed, price, fee - closing_fee)

    def _open(self, signed: Fraction, price: Fraction, fee: Fraction) -> None:
        self.quantity += signed
        self.cost += signed * price
        self.trip -= signed * price + fee

    def _close(self, closed: Fraction, price: Fraction, fee: Fraction) -> None:
        cost = self.cost if closed == self.quantity else rounded(self.cost * closed / self.quantity)
        self.realized += closed * price - cost
        self.quantity -= closed
        self.cost -= cost
        self.trip += closed * price - fee
        if not self.quantity:
            self.trips.append(self.trip)
            self.trip = ZERO


class Money(NamedTuple):
    """A strategy's, or the account's, money after one event."""

    capital: Fraction
    realized: Fraction
    unrealized: Fraction | None
    fees: Fraction
    funding: Fraction
    equity: Fraction | None

    @property
    def net(self) -> Fraction | None:
        return None if self.equity is None else self.equity - self.capital


class Point(NamedTuple):
    """One event as a curve of equity sees it."""

    time: datetime
    money: Money
    flow: Fraction | None


@dataclass
class Drawdown:
    """The open episode and what is remembered of the closed ones."""

    peak: Fraction | None = None
    equity: Fraction | None = None
    money: Fraction | None = None
    ratio: Fraction | None = None
    deepest: Fraction | None = None
    under_water: float | None = None
    last_recovery: float | None = None
    longest_recovery: float | None = None


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
            self.history.append(event)
            self._mark_the_curves(event)
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

    def _mark_the_curves(self, event: AnyEvent) -> None:
        flow = Fraction(event.amount) if isinstance(event, CapitalFlow) else None
        total = Money(ZERO, ZERO, ZERO, ZERO, ZERO, ZERO)
        for strategy in self.strategies():
            money = self.money(strategy)
            own = isinstance(event, CapitalFlow) and event.strategy == strategy
            self.curves.setdefault(strategy, []).append(Point(event.time, money, flow if own else None))
            total = Money(*(_plus(one, other) for one, other in zip(total, money, strict=True)))  # type: ignore[arg-type]
        self.total.append(Point(event.time, total, flow))

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
        realized = cash = value = cost = ZERO
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
        if not marked:
            return Money(capital, realized, None, fees, funding, None)
        return Money(capital, realized, value - cost, fees, funding, capital + cash + value - fees + funding)

    def period_pnl(self, curve: Sequence[Point], period: str) -> Fraction | None:
        """Net P&L now less the net P&L after the last event before the period began; 0 where there was none."""
        if not curve or self.now is None:
            return None
        start = period_start(self.now, period, self._zone)
        before = [point for point in curve if point.time < start]
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
        pairs = []
        for place, event in enumerate(self.history):
            if not isinstance(event, Fill) or event.strategy != strategy:
                continue
            for other in self.history[:place]:
                if isinstance(other, Signal) and (other.source, other.event_id) == (event.source, event.signal_id):
                    pairs.append((event, other))
        return pairs

    def _account_events(self) -> list[AnyAccountEvent]:
        return [event for event in self.history if isinstance(event, Signal | Fill | Funding | CapitalFlow)]

    def _mark_event(self, symbol: str) -> Quote | MarketTrade | None:
        market = [event for event in self.history if isinstance(event, Quote | MarketTrade) and event.symbol == symbol]
        quotes = [event for event in market if isinstance(event, Quote)]
        return (quotes or market or [None])[-1]


def drawdown(curve: Sequence[Point], now: datetime | None) -> Drawdown:
    """The whole curve of equity, walked once more from its start."""
    found = Drawdown()
    peak_time = trough_time = None
    trough = ZERO
    recoveries: list[float] = []
    for time, money, flow in curve:
        if flow is not None:
            before = found.equity or ZERO
            if found.peak is not None and before > 0 and before + flow > 0:
                scale = (before + flow) / before
                found.peak, trough = found.peak * scale, trough * scale
            else:
                found.peak, peak_time = None, None
            found.equity = before + flow
        equity = money.equity
        if equity is None or (flow is None and equity == found.equity and found.peak is not None):
            continue
        found.equity = equity
        if found.peak is None or equity >= found.peak:
            if trough_time is not None and found.peak is not None:
                recoveries.append((time - trough_time).total_seconds())
            found.peak, peak_time, trough, trough_time = equity, time, equity, None
        elif equity < trough:
            trough, trough_time = equity, time
        if found.peak > 0:
            found.deepest = max(found.deepest or ZERO, 1 - equity / found.peak)
    if found.peak is not None and found.peak > 0 and curve[-1].money.equity is not None:
        found.money = found.peak - curve[-1].money.equity
        found.ratio = found.money / found.peak
    if peak_time is not None and now is not None:
        found.under_water = (now - peak_time).total_seconds() if trough_time is not None else 0.0
    found.last_recovery = recoveries[-1] if recoveries else None
    found.longest_recovery = max(recoveries, default=None)
    return found


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


def _sum(values: Iterable[object]) -> Fraction:
    return sum((Fraction(value) for value in values), ZERO)  # type: ignore[arg-type, call-overload]


def _plus(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or other is None else one + other
