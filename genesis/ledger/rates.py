"""The rates that the monitor notes on events whose fee or funding is in another currency than their symbol's.

They are noted before the journal keeps the event, so that a replay, which has no marks, charges a round trip alike.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from genesis.core.models import AnyAccountEvent, AnyMarketEvent, Fill, Funding, MarketTrade, Quote
from genesis.core.money import entry_ratio, exact_arithmetic
from genesis.ledger.ledger import Ledger
from genesis.ledger.mark import mid
from genesis.ledger.state import MarkState


class RateNotes:
    """Notes the rates of one batch, event by event, before any of it is booked."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ahead: dict[str, MarkState] = {}
        """Conversion symbol → the mark that it will have where the batch has come to."""

    def see(self, event: AnyMarketEvent) -> None:
        """Take in a market event of the batch, as the ledger will."""
        if not isinstance(event, Quote | MarketTrade) or not self._ledger.currencies.converted_at(event.symbol):
            return
        known = self._mark(event.symbol)
        quoted = isinstance(event, Quote)
        if known is not None and (event.time < known.time or (known.quoted and not quoted)):
            return
        with exact_arithmetic():
            price = mid(event) if isinstance(event, Quote) else event.price
        self._ahead[event.symbol] = MarkState(price=price, time=event.time, quoted=quoted)

    def note(self, event: AnyAccountEvent) -> AnyAccountEvent:
        """`event` with the rate noted, if it wants one that is known and its sender gave none."""
        if isinstance(event, Fill) and event.fee and event.fee_currency is not None and event.fee_rate is None:
            rate = self._rate(event.fee_currency, event.symbol, event.price)
            return event if rate is None else msgspec.structs.replace(event, fee_rate=rate)
        if isinstance(event, Funding) and event.amount and event.currency is not None and event.rate is None:
            rate = self._rate(event.currency, event.symbol, None)
            return event if rate is None else msgspec.structs.replace(event, rate=rate)
        return event

    def _rate(self, currency: str, symbol: str, price: Decimal | None) -> Decimal | None:
        """The price of one unit of `currency` in the currency of `symbol`, as an event can hold it.

        None if it is not known, or not wanted as both are the same. `price` is the symbol's own, where the event tells it: it
        comes before the mark, if the symbol is what converts the currency.
        """
        quoted = self._ledger.currencies.of_symbol(symbol)
        if currency == quoted:
            return None
        of_amount = price if price is not None and self._ledger.currencies.conversion(currency) == symbol else None
        of_amount = of_amount if of_amount is not None else self._worth(currency)
        of_symbol = self._worth(quoted)
        return None if of_amount is None or of_symbol is None else entry_ratio(of_amount, of_symbol)

    def _worth(self, currency: str) -> Decimal | None:
        """What one unit of `currency` is worth in the reporting currency."""
        symbol = self._ledger.currencies.conversion(currency)
        ahead = self._ahead.get(symbol) if symbol is not None else None
        return ahead.price if ahead is not None else self._ledger.rates.get(currency)

    def _mark(self, symbol: str) -> MarkState | None:
        known, mark = self._ahead.get(symbol), self._ledger.marks.get(symbol)
        if known is not None or mark is None or mark.price is None or mark.time is None:
            return known
        return MarkState(price=mark.price, time=mark.time, quoted=mark.quoted)
