"""The history, and every figure of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

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
    SignalEnd,
    Void,
)
from tests.oracle import execution
from tests.oracle.curve import Money, Point, total
from tests.oracle.holding import ZERO, Holding, rounded


class Trades(NamedTuple):
    """Round trips of a strategy."""

    wins: int
    losses: int
    evens: int
    unvalued: int
    gross_profit: Fraction | None
    gross_loss: Fraction | None
    win_rate: Fraction | None
    profit_factor: Fraction | None
    expectancy: Fraction | None


class InCurrency(NamedTuple):
    """What a strategy has in one currency, in that currency."""

    realized: Fraction
    fees: Fraction
    funding: Fraction
    cash: Fraction
    value: Fraction
    """Of the open positions that have a mark."""
    cost: Fraction
    """Of the same."""
    unmarked_cost: Fraction
    positions: int

    @property
    def matters(self) -> bool:
        return any((self.realized, self.fees, self.funding, self.positions))


class Oracle:
    """The history, and every figure of it."""

    def __init__(
        self,
        *,
        zone: str = "UTC",
        currency: str = "USDT",
        conversions: Mapping[str, str] | None = None,
        symbol_currencies: Mapping[str, str] | None = None,
    ) -> None:
        self.history: list[AnyEvent] = []
        self.curves: dict[str, list[Point]] = {}
        self.total: list[Point] = []
        self.zone = ZoneInfo(zone)
        self._currency = currency
        self._conversions = conversions or {}
        self._symbol_currencies = symbol_currencies or {}
        self._counters: dict[tuple[str, str, str], int] = {}
        self._last_counts: dict[tuple[str, str, str], int] = {}

    # ---- events in

    def handle(self, event: AnyEvent) -> str:
        """The outcome of `event`; an accepted one becomes history."""
        outcome = self._judge(event)
        if outcome == "accepted":
            symbol = event.symbol if isinstance(event, Quote | MarketTrade) else None
            before = self.mark(symbol) if symbol else None
            self.history.append(self._noted(event))
            self._draw_curves(event, symbol if symbol and self.mark(symbol) != before else None)
            self._count()
        return outcome

    def _judge(self, event: AnyEvent) -> str:
        if isinstance(event, Depth):
            return "accepted"
        if isinstance(event, Quote | MarketTrade):
            seen = self._mark_event(event.symbol)
            return "late" if seen is not None and event.time < seen.time else "accepted"
        if isinstance(event, Void) and self._void_is_wrong(event):
            return "rejected"
        same = [other for other in self._account_events() if _identity(other) == _identity(event)]
        if same:
            return "duplicate" if _unrated(same[0]) == _unrated(event) else "conflict"
        return "accepted"

    def _void_is_wrong(self, void: Void) -> bool:
        before = [other for other in self._voids() if (other.source, other.voids) == (void.source, void.voids)]
        if before:
            return before[0].event_id != void.event_id
        named = [event for event in self._account_events() if _identity(event) == (void.source, void.voids)]
        return not (named and isinstance(named[0], Fill) and named[0].strategy == void.strategy)

    def _noted(self, event: AnyEvent) -> AnyEvent:
        """The event with the rate that a round trip is charged at and the prices of its execution, as far as they are known."""
        if isinstance(event, Fill | SignalEnd):
            event = execution.noted(event, self.history)
        if isinstance(event, Fill) and event.fee and event.fee_rate is None:
            return msgspec.structs.replace(event, fee_rate=self._rate_at(event.fee_currency, event.symbol, event.price))
        if isinstance(event, Funding) and event.amount and event.rate is None:
            return msgspec.structs.replace(event, rate=self._rate_at(event.currency, event.symbol, None))
        return event

    def _rate_at(self, currency: str | None, symbol: str, price: Decimal | None) -> Decimal | None:
        quoted = self.quoted_in(symbol)
        if currency in {None, quoted}:
            return None
        own_price = price is not None and self._conversions.get(str(currency)) == symbol
        amount, unit = Fraction(price or 0) if own_price else self.rate(str(currency)), self.rate(quoted)
        if amount is None or unit is None:
            return None
        found = rounded(amount / unit, 18)
        if not 0 < found < 10**15:
            return None
        return Decimal(f"{found.numerator * (10**18 // found.denominator)}e-18")  # a scaleb would round

    def _count(self) -> None:
        """Let the counters of round trips rise where there are more than before; nothing lets them fall."""
        for strategy in self.strategies():
            for symbol in self.symbols(strategy):
                now = _results(self.holding(strategy, symbol).trips)
                for result, count in now.items():
                    before = self._last_counts.get((strategy, symbol, result), 0)
                    key = (strategy, symbol, result)
                    self._counters[key] = self._counters.get(key, 0) + max(0, count - before)
                    self._last_counts[key] = count

    def _draw_curves(self, event: AnyEvent, moved: str | None) -> None:
        """Add a point to each curve; `moved` is the symbol whose mark the event changed."""
        everybody = self.strategies()
        moneys = {strategy: self.money(strategy) for strategy in everybody}
        holders = {strategy for strategy in everybody if moved and self.holding(strategy, moved).quantity}
        for strategy in everybody:
            matter = [currency for currency, amounts in self.in_currencies(strategy).items() if amounts.matters]
            if moved and any(self._conversions.get(currency) == moved for currency in matter):
                holders.add(strategy)
        if isinstance(event, Fill | Funding | CapitalFlow | Void):
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
        """Those that were traded, voided fills included."""
        return sorted({fill.symbol for fill in self.all_fills(strategy)})

    def all_fills(self, strategy: str) -> list[Fill]:
        """Voided ones included."""
        return [event for event in self.history if isinstance(event, Fill) and event.strategy == strategy]

    def fills(self, strategy: str, history: Sequence[AnyEvent] | None = None) -> list[Fill]:
        """Without those that are void, at the end of `history` or of all there is."""
        return execution.valid_fills(self.history if history is None else history, strategy)

    def voided_fills(self, strategy: str) -> int:
        return sum(void.strategy == strategy for void in self._voids())

    def quoted_in(self, symbol: str) -> str:
        return self._symbol_currencies.get(symbol, self._currency)

    def rate(self, currency: str) -> Fraction | None:
        """What one unit is worth in the reporting currency."""
        if currency == self._currency:
            return Fraction(1)
        return self.mark(self._conversions[currency]) if currency in self._conversions else None

    def mark(self, symbol: str) -> Fraction | None:
        event = self._mark_event(symbol)
        if isinstance(event, Quote):
            return (Fraction(event.bid) + Fraction(event.ask)) / 2
        return None if event is None else Fraction(event.price)

    def holding(self, strategy: str, symbol: str) -> Holding:
        holding = Holding(self.quoted_in(symbol))
        for event in self.valid(strategy):
            if isinstance(event, Fill) and event.symbol == symbol:
                holding.book_fill(event)
            if isinstance(event, Funding) and event.symbol == symbol:
                holding.book_funding(event)
        return holding

    def in_currencies(self, strategy: str) -> dict[str, InCurrency]:
        own = self.valid(strategy)
        fees = [(event.fee_currency or self.quoted_in(event.symbol), event.fee) for event in own if isinstance(event, Fill)]
        paid = [(event.currency or self.quoted_in(event.symbol), event.amount) for event in own if isinstance(event, Funding)]
        symbols = self.symbols(strategy)
        found = {}
        for currency in {self._currency, *(name for name, _ in fees + paid), *map(self.quoted_in, symbols)}:
            held = [
                (self.mark(symbol), self.holding(strategy, symbol)) for symbol in symbols if self.quoted_in(symbol) == currency
            ]
            found[currency] = InCurrency(
                realized=_sum(holding.realized for _, holding in held),
                fees=_sum(amount for name, amount in fees if name == currency),
                funding=_sum(amount for name, amount in paid if name == currency),
                cash=_sum(holding.cash for _, holding in held),
                value=_sum(holding.quantity * mark for mark, holding in held if mark is not None),
                cost=_sum(holding.cost for mark, holding in held if mark is not None),
                unmarked_cost=_sum(holding.cost for mark, holding in held if mark is None),
                positions=sum(bool(holding.quantity) for _, holding in held),
            )
        return found

    def money(self, strategy: str) -> Money:
        capital = _sum(event.amount for event in self.valid(strategy) if isinstance(event, CapitalFlow))
        amounts = [(self.rate(currency), one) for currency, one in self.in_currencies(strategy).items()]
        known = all(rate is not None or not one.matters for rate, one in amounts)
        known &= all(
            self.mark(symbol) is not None or not self.holding(strategy, symbol).quantity for symbol in self.symbols(strategy)
        )
        at_cost = capital + _sum(
            rate * (one.cash + one.value + one.unmarked_cost - one.fees + one.funding)
            for rate, one in amounts
            if rate is not None
        )
        return Money(
            capital=capital,
            realized=_worth((rate, one.realized) for rate, one in amounts),
            unrealized=_worth((rate, one.value - one.cost) for rate, one in amounts) if known else None,
            fees=_worth((rate, one.fees) for rate, one in amounts),
            funding=_worth((rate, one.funding) for rate, one in amounts),
            equity=at_cost if known else None,
            at_cost=at_cost,
        )

    def period_pnl(self, curve: Sequence[Point], period: str) -> Fraction | None:
        """Net P&L now less the net P&L after the last event before the period began; 0 where there was none."""
        if not curve or self.now is None:
            return None
        start = period_start(self.now, period, self.zone)
        before = [point for point in curve if point.clock < start]
        opening = before[-1].money.net if before else ZERO
        closing = curve[-1].money.net
        return None if opening is None or closing is None else closing - opening

    def trades(self, strategy: str) -> Trades:
        holdings = [self.holding(strategy, symbol) for symbol in self.symbols(strategy)]
        results = _results([trip for holding in holdings for trip in holding.trips])
        profits, losses = (
            _worth(
                (self.rate(holding.currency), _sum(sign * trip for trip in holding.trips if trip and sign * trip > 0))
                for holding in holdings
            )
            for sign in (1, -1)
        )
        valued = sum(results.values()) - results["unvalued"]
        mean = (profits - losses) / valued if valued and profits is not None and losses is not None else None
        return Trades(
            wins=results["win"],
            losses=results["loss"],
            evens=results["even"],
            unvalued=results["unvalued"],
            gross_profit=profits,
            gross_loss=losses,
            win_rate=Fraction(results["win"], valued) if valued else None,
            profit_factor=profits / losses if profits is not None and losses else None,
            expectancy=mean,
        )

    def trades_counted(self, strategy: str) -> dict[str, int]:
        """Result → how many round trips ever ended so."""
        counted = dict.fromkeys(_results([]), 0)
        for (owner, _, result), count in self._counters.items():
            if owner == strategy:
                counted[result] += count
        return counted

    def slippages(self, strategy: str) -> list[Fraction]:
        """Of each fill with a decision price, voided ones included; above 0 cost money."""
        return [
            fill.side.sign * (Fraction(fill.price) - Fraction(fill.decision_price)) / Fraction(fill.decision_price)
            for fill in self.all_fills(strategy)
            if fill.decision_price is not None
        ]

    def delays(self, strategy: str) -> list[float]:
        """Seconds from signal to fill, of each fill whose signal came before it."""
        return [(fill.time - signal.time).total_seconds() for fill, signal in self.decided(strategy)]

    # ---- the history, asked

    def decided(self, strategy: str) -> list[tuple[Fill, Signal]]:
        """Each fill whose signal came before it, and the signal."""
        return [
            (event, other)
            for place, event in enumerate(self.history)
            for other in self.history[:place]
            if isinstance(event, Fill) and event.strategy == strategy
            if isinstance(other, Signal) and (other.source, other.event_id) == (event.source, event.signal_id)
            if (other.strategy, other.symbol, other.side) == (event.strategy, event.symbol, event.side)
        ]

    def _account_events(self) -> list[AnyAccountEvent]:
        return [event for event in self.history if isinstance(event, Signal | SignalEnd | Fill | Funding | CapitalFlow | Void)]

    def _voids(self) -> list[Void]:
        return [event for event in self.history if isinstance(event, Void)]

    def valid(self, strategy: str) -> list[AnyAccountEvent]:
        """The strategy's events without the voided fills."""
        voided = {(void.source, void.voids) for void in self._voids()}
        return [
            event
            for event in self._account_events()
            if event.strategy == strategy and not (isinstance(event, Fill) and _identity(event) in voided)
        ]

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


def _unrated(event: AnyAccountEvent) -> AnyAccountEvent:
    if isinstance(event, Fill):
        return msgspec.structs.replace(event, fee_rate=None, decision_price=None, arrival_price=None, arrival_spread=None)
    if isinstance(event, SignalEnd):
        return msgspec.structs.replace(event, price=None)
    return msgspec.structs.replace(event, rate=None) if isinstance(event, Funding) else event


def _results(trips: Sequence[Fraction | None]) -> dict[str, int]:
    return {
        "win": sum(trip is not None and trip > 0 for trip in trips),
        "loss": sum(trip is not None and trip < 0 for trip in trips),
        "even": sum(trip == 0 for trip in trips),
        "unvalued": sum(trip is None for trip in trips),
    }


def _worth(amounts: Iterable[tuple[Fraction | None, Fraction]]) -> Fraction | None:
    """The sum of amounts at their rates; None if one that is not 0 has none."""
    pairs = [(rate, amount) for rate, amount in amounts if amount]
    if any(rate is None for rate, _ in pairs):
        return None
    return _sum(rate * amount for rate, amount in pairs if rate is not None)


def _sum(values: Iterable[Decimal | Fraction]) -> Fraction:
    return sum((Fraction(value) for value in values), ZERO)
