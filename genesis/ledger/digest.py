"""A fingerprint of the books: equal where, to the last digit, the same was booked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from genesis.ledger.book import Book
from genesis.ledger.component import ComponentPart
from genesis.ledger.holding import Turnovers
from genesis.ledger.trips import TripTally


class _HoldingFacts(msgspec.Struct, frozen=True):
    symbol: str
    currency: str
    quantity: Decimal
    basis: Decimal
    realized: Decimal
    fees: dict[str, Decimal]
    funding: dict[str, Decimal]
    tagged: dict[str, ComponentPart]
    trip_pnl: Decimal | None
    trips: TripTally
    turnover: Turnovers


class _BookFacts(msgspec.Struct, frozen=True):
    strategy: str
    capital: Decimal
    holdings: list[_HoldingFacts]


_ENCODER = msgspec.json.Encoder(order="deterministic")


def digest(books: Mapping[str, Book]) -> str:
    """SHA-256, in hex, of what the journal's events alone have made of the books. Marks and drawdowns are not in it.

    A voided fill leaves no trace in it: a holding of nothing but voided fills is left out, and a book of nothing else.
    """
    # The encoder sorts by keys that are texts; sides and liquidities are not.
    facts = [one for name in sorted(books) if (one := _facts(books[name])).capital or one.holdings]
    return hashlib.sha256(_ENCODER.encode(msgspec.to_builtins(facts, str_keys=True))).hexdigest()


def _facts(book: Book) -> _BookFacts:
    holdings = [
        _HoldingFacts(**{field: getattr(holding, field) for field in _HoldingFacts.__struct_fields__})
        for _, holding in sorted(book.holdings.items())
        if holding.turnover or holding.funding
    ]
    return _BookFacts(book.strategy, book.capital, holdings)
