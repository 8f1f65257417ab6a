"""A fingerprint of the books: equal when the same amounts were booked, to the last digit."""

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
    """SHA-256, in hex, of the amounts that the journal's events alone determine; without marks and drawdowns.

    A voided fill does not change it: a holding with voided fills only is left out, and so is a book of such holdings.
    """
    # The encoder sorts only keys that are strings; `str_keys` makes strings of sides and liquidities.
    all_facts = [facts for name in sorted(books) if (facts := _facts(books[name])).capital or facts.holdings]
    return hashlib.sha256(_ENCODER.encode(msgspec.to_builtins(all_facts, str_keys=True))).hexdigest()


def _facts(book: Book) -> _BookFacts:
    holdings = [
        _HoldingFacts(**{field: getattr(holding, field) for field in _HoldingFacts.__struct_fields__})
        for _, holding in sorted(book.holdings.items())
        if holding.turnover or holding.funding
    ]
    return _BookFacts(book.strategy, book.capital, holdings)
