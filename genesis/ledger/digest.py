"""A fingerprint of the books: equal where, to the last digit, the same was booked."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from genesis.core.models import Liquidity, Side
from genesis.ledger.book import Book, TripTally, Turnover


class _HoldingFacts(msgspec.Struct, frozen=True):
    symbol: str
    quantity: Decimal
    basis: Decimal
    realized: Decimal
    fees: Decimal
    funding: Decimal
    trip_pnl: Decimal
    trips: TripTally
    turnover: dict[Side, dict[Liquidity, Turnover]]


class _BookFacts(msgspec.Struct, frozen=True):
    strategy: str
    capital: Decimal
    holdings: list[_HoldingFacts]


_ENCODER = msgspec.json.Encoder(order="deterministic")


def digest(books: Mapping[str, Book]) -> str:
    """SHA-256, in hex, of what the journal's events alone have made of the books. Marks and drawdowns are not in it."""
    return hashlib.sha256(_ENCODER.encode([_facts(books[name]) for name in sorted(books)])).hexdigest()


def _facts(book: Book) -> _BookFacts:
    holdings = [
        _HoldingFacts(**{field: getattr(holding, field) for field in _HoldingFacts.__struct_fields__})
        for _, holding in sorted(book.holdings.items())
    ]
    return _BookFacts(book.strategy, book.capital, holdings)
