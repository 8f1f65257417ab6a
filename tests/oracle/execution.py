"""Slippage, shortfall and what signals missed, from the whole history, in fractions.

A fill's decision price is that of the signal that led to it, if the fill does not tell it. The market that it met is the last
quote at or before it. A signal ends at its `SignalEnd`, or an hour of event time after it, at the mark of then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from genesis.core.models import AnyEvent, Fill, MarketTrade, Quote, Signal, SignalEnd, Void
from tests.oracle.holding import rounded

if TYPE_CHECKING:
    from tests.oracle.books import Oracle

EXPIRY = timedelta(hours=1)
FILL_PARTS = ("delay", "spread", "impact", "fees")
ZERO = Fraction(0)


class Missed(NamedTuple):
    """What was never filled of one signal, when it ended."""

    symbol: str
    money: Fraction
    """In the currency of the symbol."""
    unfilled_at_end: Fraction
    priced: bool


def noted(event: Fill | SignalEnd, history: Iterable[AnyEvent]) -> Fill | SignalEnd:
    """The event with the prices that are known when it comes."""
    past = list(history)
    if isinstance(event, SignalEnd):
        return _noted_end(event, past)
    if event.decision_price is None:
        signals = [one for one in past if isinstance(one, Signal) and leads(one, event)]
        event = msgspec.structs.replace(event, decision_price=signals[0].price) if signals else event
    if event.arrival_price is None and event.arrival_spread is None:
        quote = _quote(event.symbol, event, past)
        if quote is not None:
            spread = Fraction(quote.ask) - Fraction(quote.bid)
            event = msgspec.structs.replace(event, arrival_price=_decimal(_mid(quote)), arrival_spread=_decimal(spread))
    return event


def _noted_end(end: SignalEnd, past: list[AnyEvent]) -> SignalEnd:
    named = [one for one in past if isinstance(one, Signal) and (one.source, one.event_id) == (end.source, end.signal_id)]
    if end.price is not None or not named:
        return end
    price = mark(named[0].symbol, past)
    quote = _quote(named[0].symbol, end, past)
    price = _mid(quote) if quote is not None else price
    return end if price is None else msgspec.structs.replace(end, price=_decimal(price))


def leads(signal: Signal, fill: Fill) -> bool:
    same = (signal.source, signal.strategy, signal.symbol, signal.side) == (fill.source, fill.strategy, fill.symbol, fill.side)
    return same and signal.event_id == fill.signal_id


def mark(symbol: str, past: Iterable[AnyEvent]) -> Fraction | None:
    """The mid of the last quote, else the last trade's price."""
    quotes = [one for one in past if isinstance(one, Quote) and one.symbol == symbol]
    if quotes:
        return _mid(quotes[-1])
    trades = [one for one in past if isinstance(one, MarketTrade) and one.symbol == symbol]
    return Fraction(trades[-1].price) if trades else None


def shortfall(oracle: Oracle, strategy: str) -> dict[str, Fraction | None]:
    """Part → money in the reporting currency; None without a fill that is measured, a signal, or a rate."""
    measured = [fill for fill in oracle.fills(strategy) if is_measured(fill)]
    parts: dict[str, Fraction | None] = dict.fromkeys(FILL_PARTS)
    if measured:
        for part in FILL_PARTS[:-1]:
            parts[part] = worth(oracle, ((fill.symbol, None, split(fill)[part]) for fill in measured))
        parts["fees"] = worth(oracle, ((fill.symbol, fill.fee_currency, Fraction(fill.fee)) for fill in measured))
    signals = any(isinstance(event, Signal) and event.strategy == strategy for event in oracle.history)
    found = [(one.symbol, None, one.money) for one in missed(oracle, strategy)]
    return parts | {"opportunity": worth(oracle, found) if signals else None}


def slippage(oracle: Oracle, strategy: str, symbol: str | None = None) -> tuple[Fraction | None, Fraction | None] | None:
    """Money and value decided on, in the reporting currency; of one symbol in its own. None without a decision price."""
    fills = [fill for fill in oracle.fills(strategy) if fill.decision_price is not None and symbol in {None, fill.symbol}]
    costs = [
        (fill.symbol, None, fill.side.sign * Fraction(fill.quantity) * (Fraction(fill.price) - decided(fill))) for fill in fills
    ]
    values = [(fill.symbol, None, Fraction(fill.quantity) * decided(fill)) for fill in fills]
    if not fills:
        return None
    if symbol is not None:
        return sum((cost for *_, cost in costs), ZERO), sum((value for *_, value in values), ZERO)
    return worth(oracle, costs), worth(oracle, values)


def decided(fill: Fill) -> Fraction:
    assert fill.decision_price is not None
    return Fraction(fill.decision_price)


def worth(oracle: Oracle, amounts: Iterable[tuple[str, str | None, Fraction]]) -> Fraction | None:
    """Amounts of (symbol, currency or the symbol's own) in the reporting currency; None if one of their sums has no rate."""
    sums: dict[tuple[str, str], Fraction] = {}
    for symbol, currency, amount in amounts:
        key = symbol, currency or oracle.quoted_in(symbol)
        sums[key] = sums.get(key, ZERO) + amount
    found = [(oracle.rate(currency), amount) for (_, currency), amount in sums.items() if amount]
    if any(rate is None for rate, _ in found):
        return None
    return sum((rate * amount for rate, amount in found if rate is not None), ZERO)


def is_measured(fill: Fill) -> bool:
    return None not in (fill.decision_price, fill.arrival_price, fill.arrival_spread)


def split(fill: Fill) -> dict[str, Fraction]:
    """The fill's cost: of the way to the market, of the half spread there, and the rest."""
    assert fill.decision_price is not None
    assert fill.arrival_price is not None
    assert fill.arrival_spread is not None
    size, price, sign = Fraction(fill.quantity), Fraction(fill.price), fill.side.sign
    decided, arrived = Fraction(fill.decision_price), Fraction(fill.arrival_price)
    half = Fraction(fill.arrival_spread) / 2
    worst_mid = arrived + sign * half
    return {"delay": size * sign * (arrived - decided), "spread": size * half, "impact": size * sign * (price - worst_mid)}


def missed(oracle: Oracle, strategy: str) -> list[Missed]:
    """Of each of the strategy's signals that has ended. A fill that came before its signal is not known to be of it."""
    found = []
    for place, signal in enumerate(oracle.history):
        if isinstance(signal, Signal) and signal.strategy == strategy:
            end = _end(signal, oracle.history, place)
            if end is None:
                continue
            when, price = end
            fills = [fill for fill in oracle.fills(strategy, oracle.history[place + 1 :]) if leads(signal, fill)]
            left = max(ZERO, Fraction(signal.quantity) - _size(fills))
            then = [fill for fill in oracle.fills(strategy, oracle.history[place + 1 : when]) if leads(signal, fill)]
            left_then = max(ZERO, Fraction(signal.quantity) - _size(then))
            gain = ZERO if price is None else signal.side.sign * (price - Fraction(signal.price))
            found.append(Missed(signal.symbol, left * gain, left_then, price is not None))
    return found


def _end(signal: Signal, history: list[AnyEvent], place: int) -> tuple[int, Fraction | None] | None:
    """How many events came before the end, and the price at it; None while it has not ended."""
    clock = max(event.time for event in history[: place + 1])
    for at, event in enumerate(history[place + 1 :], start=place + 1):
        if event.time > clock and event.time >= signal.time + EXPIRY:
            return at, mark(signal.symbol, history[:at])
        clock = max(clock, event.time)
        ours = isinstance(event, SignalEnd) and (event.source, event.signal_id) == (signal.source, signal.event_id)
        if isinstance(event, SignalEnd) and ours and event.strategy == signal.strategy:
            return at, None if event.price is None else Fraction(event.price)
    return None


def valid_fills(history: Iterable[AnyEvent], strategy: str) -> list[Fill]:
    """Without those that are void."""
    past = list(history)
    void = {(event.source, event.voids) for event in past if isinstance(event, Void)}
    fills = [event for event in past if isinstance(event, Fill) and event.strategy == strategy]
    return [fill for fill in fills if (fill.source, fill.event_id) not in void]


def _quote(symbol: str, event: Fill | SignalEnd, past: list[AnyEvent]) -> Quote | None:
    found = [one for one in past if isinstance(one, Quote) and one.symbol == symbol and one.time <= event.time]
    return found[-1] if found else None


def _mid(quote: Quote) -> Fraction:
    return (Fraction(quote.bid) + Fraction(quote.ask)) / 2


def _size(fills: Iterable[Fill]) -> Fraction:
    return sum((Fraction(fill.quantity) for fill in fills), ZERO)


def _decimal(value: Fraction) -> Decimal:
    """As an event can hold it."""
    found = rounded(value, 18)
    return Decimal(f"{found.numerator * (10**18 // found.denominator)}e-18")
