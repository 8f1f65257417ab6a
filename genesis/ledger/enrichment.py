"""Fields that the monitor adds to account events before the journal stores them, if the sender left them out.

A replay has no marks and no quotes. With these fields it gives the same round trips and the same execution figures:

- the conversion rate of a fee or funding in a currency other than the symbol's;
- the decision price of a fill, from its signal;
- the mid and the spread at a fill's arrival, from the last quote at or before it;
- the mark at which a signal ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec

from genesis.core.models import AnyAccountEvent, AnyMarketEvent, Fill, Funding, MarketTrade, Quote, Signal, SignalEnd
from genesis.core.money import entry, entry_ratio, exact_arithmetic
from genesis.ledger.correction import Identity
from genesis.ledger.decisions import TrackedSignal, decision_of
from genesis.ledger.ledger import Ledger
from genesis.ledger.mark import mid
from genesis.ledger.state import MarkState


class Arrival(NamedTuple):
    """The market that an order met."""

    price: Decimal
    spread: Decimal


class Enrichment:
    """Adds the missing fields to the events of one batch, one by one, before any of them is booked."""

    def __init__(self, ledger: Ledger, decisions: Mapping[Identity, TrackedSignal]) -> None:
        """`decisions`: the booked signals; they are read only."""
        self._ledger = ledger
        self._decisions = decisions
        self._signals: dict[Identity, TrackedSignal] = {}
        """The signals of the batch."""
        self._ahead: dict[str, MarkState] = {}
        """Symbol → its mark after the market events of the batch seen so far."""
        self._quotes: dict[str, list[Quote]] = {}
        """Symbol → quotes of the batch, in the order of their time."""

    def see(self, event: AnyMarketEvent) -> None:
        """Follow a market event of the batch, by the same rules as the ledger."""
        if not isinstance(event, Quote | MarketTrade):
            return
        known = self._mark(event.symbol)
        quoted = isinstance(event, Quote)
        if known is not None and (event.time < known.time or (known.quoted and not quoted)):
            return
        with exact_arithmetic():
            price = mid(event) if isinstance(event, Quote) else event.price
        self._ahead[event.symbol] = MarkState(price=price, time=event.time, quoted=quoted)
        if isinstance(event, Quote):
            self._quotes.setdefault(event.symbol, []).append(event)

    def note(self, event: AnyAccountEvent) -> AnyAccountEvent:
        """A copy of `event` with the missing fields filled in as far as known; `event` itself if there is nothing to add."""
        if isinstance(event, Fill):
            return self._note_fill(event)
        if isinstance(event, Funding):
            return self._note_funding(event)
        if isinstance(event, SignalEnd):
            return self._note_end(event)
        if isinstance(event, Signal):
            self._signals.setdefault((event.source, event.event_id), TrackedSignal.of(event))
        return event

    def _note_fill(self, fill: Fill) -> Fill:
        notes: dict[str, Decimal] = {}
        if fill.fee and fill.fee_currency is not None and fill.fee_rate is None:
            rate = self._rate(fill.fee_currency, fill.symbol, fill.price)
            if rate is not None:
                notes["fee_rate"] = rate
        if fill.decision_price is None:
            decision = decision_of(fill, self._decisions, self._signals)
            if decision is not None:
                notes["decision_price"] = decision.price
        if fill.arrival_price is None and fill.arrival_spread is None:
            arrival = self._arrival(fill.symbol, fill.time)
            if arrival is not None:
                notes["arrival_price"], notes["arrival_spread"] = arrival
        return msgspec.structs.replace(fill, **notes) if notes else fill

    def _note_funding(self, funding: Funding) -> Funding:
        if not funding.amount or funding.currency is None or funding.rate is not None:
            return funding
        rate = self._rate(funding.currency, funding.symbol, None)
        return funding if rate is None else msgspec.structs.replace(funding, rate=rate)

    def _note_end(self, end: SignalEnd) -> SignalEnd:
        if end.price is not None:
            return end
        identity = end.source, end.signal_id
        decision = self._decisions.get(identity) or self._signals.get(identity)
        if decision is None:
            return end
        met, mark = self._arrival(decision.symbol, end.time), self._mark(decision.symbol)
        price = met.price if met is not None else mark.price if mark is not None else None
        return end if price is None else msgspec.structs.replace(end, price=entry(price))

    def _arrival(self, symbol: str, time: datetime) -> Arrival | None:
        """The market at the last quote at or before `time`, in the precision of an event; None if no such quote is kept."""
        mark = self._ledger.marks.get(symbol)
        for quotes in (self._quotes.get(symbol, ()), mark.quotes if mark is not None else ()):
            for quote in reversed(quotes):
                if quote.time <= time:
                    with exact_arithmetic():
                        return Arrival(entry(mid(quote)), quote.ask - quote.bid)
        return None

    def _rate(self, currency: str, symbol: str, price: Decimal | None) -> Decimal | None:
        """The price of one unit of `currency` in the currency of `symbol`, in the precision of an event.

        None if it is not known, or not needed because both are the same. `price` is the event's own price of the symbol, None
        without one. If the symbol is the conversion symbol of `currency`, `price` is used instead of the mark.
        """
        quoted = self._ledger.currencies.of_symbol(symbol)
        if currency == quoted:
            return None
        of_amount = price if price is not None and self._ledger.currencies.conversion(currency) == symbol else None
        of_amount = of_amount if of_amount is not None else self._worth(currency)
        of_symbol = self._worth(quoted)
        return None if of_amount is None or of_symbol is None else entry_ratio(of_amount, of_symbol)

    def _worth(self, currency: str) -> Decimal | None:
        """The value of one unit of `currency` in the reporting currency; None if it is not known."""
        symbol = self._ledger.currencies.conversion(currency)
        ahead = self._ahead.get(symbol) if symbol is not None else None
        return ahead.price if ahead is not None else self._ledger.rates.get(currency)

    def _mark(self, symbol: str) -> MarkState | None:
        known, mark = self._ahead.get(symbol), self._ledger.marks.get(symbol)
        if known is not None or mark is None or mark.price is None or mark.time is None:
            return known
        return MarkState(price=mark.price, time=mark.time, quoted=mark.quoted)
