"""Compares a broker's statement with the books, exactly."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

import msgspec

from genesis.core.errors import EventError
from genesis.core.models import MAX_TEXT
from genesis.core.money import ZERO
from genesis.core.statement import ALL, WHOLE_ACCOUNT, CashBasis, ComparisonSettings, Item, Statement
from genesis.ledger.book import Book

MAX_SCOPES = 100
MAX_KEPT_BREAKS = 1000


class Break(msgspec.Struct, frozen=True, kw_only=True):
    """A position or a cash balance that differs between statement and books."""

    strategy: str
    """Empty if the statement is for the whole account."""
    symbol: str = ""
    """The symbol of a position; empty for cash."""
    currency: str = ""
    """The currency of cash; empty for a position."""
    books: Decimal
    statement: Decimal
    difference: Decimal
    """Statement − books; above 0 the statement has more than the books."""


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a comparison."""

    scope: str
    """The strategies that were compared; empty for all."""
    positions: int
    """How many positions were compared: all in the books or in the statement, each once."""
    cash: int
    """How many balances were compared; 0 if the statement has no cash."""
    total_breaks: int
    breaks: tuple[Break, ...]
    """All breaks; a result that was kept has the first `MAX_KEPT_BREAKS` only."""
    timestamp: float
    """Wall time of the comparison, in seconds since 1970."""


class Reconciliations(msgspec.Struct, kw_only=True):
    """The result of the last statement of each scope. A statement of all strategies replaces every earlier result."""

    by_scope: dict[str, Reconciliation] = msgspec.field(default_factory=dict)

    def admit(self, terms: ComparisonSettings, strategies: Collection[str]) -> None:
        """Check that a statement with these `terms` can be compared and its result kept.

        Raises:
            EventError: `terms` name a strategy that has no book, or there are too many scopes.
        """
        for name in terms.strategies:
            if name not in strategies:
                raise EventError("strategy", name, "has no book, and cannot be compared; leave it out, or fix the name")
        if terms.strategies and terms.scope not in self.by_scope and len(self.by_scope) >= MAX_SCOPES:
            reason = f"is one more than {MAX_SCOPES} different choices of strategies; a statement of all starts over"
            raise EventError("strategy", terms.scope[:MAX_TEXT], reason)

    def keep(self, found: Reconciliation) -> None:
        """Keep the result of a comparison, with its first `MAX_KEPT_BREAKS` breaks."""
        if found.scope == ALL:
            self.by_scope.clear()
        self.by_scope[found.scope] = msgspec.structs.replace(found, breaks=found.breaks[:MAX_KEPT_BREAKS])


def reconcile(books: Mapping[str, Book], statement: Statement, terms: ComparisonSettings, timestamp: float) -> Reconciliation:
    """Compare the strategies that `terms` cover. The caller sets the decimal context `EXACT`."""
    covered = [book for name, book in books.items() if not terms.strategies or name in terms.strategies]
    positions = _positions(covered, by_strategy=_names_strategies(statement.positions))
    breaks = [
        Break(strategy=item.strategy, symbol=item.name, books=ours, statement=theirs, difference=theirs - ours)
        for item, ours, theirs in _side_by_side(positions, statement.positions)
        if theirs != ours
    ]
    cash: dict[Item, Decimal] = {}
    if statement.cash:
        cash = _cash(covered, terms.cash, by_strategy=_names_strategies(statement.cash))
        breaks += [
            Break(strategy=item.strategy, currency=item.name, books=ours, statement=theirs, difference=theirs - ours)
            for item, ours, theirs in _side_by_side(cash, statement.cash)
            if abs(theirs - ours) > terms.tolerance
        ]
    return Reconciliation(
        scope=terms.scope,
        positions=len(positions.keys() | statement.positions.keys()),
        cash=len(cash.keys() | statement.cash.keys()),
        total_breaks=len(breaks),
        breaks=tuple(breaks),
        timestamp=timestamp,
    )


def cash_of(book: Book, basis: CashBasis) -> dict[str, Decimal]:
    """Currency → the cash that the book expects."""
    cash = {book.currency: book.capital + book.realized - book.fees + book.funding}
    for currency, amounts in book.foreign.items():
        cash[currency] = amounts.realized - amounts.fees + amounts.funding
    if basis is CashBasis.SETTLED:
        for holding in book.holdings.values():
            cash[holding.currency] = cash.get(holding.currency, ZERO) - holding.basis
    return cash


def _names_strategies(rows: Mapping[Item, Decimal]) -> bool:
    return any(item.strategy != WHOLE_ACCOUNT for item in rows)


def _positions(books: list[Book], *, by_strategy: bool) -> dict[Item, Decimal]:
    """The open positions; for the whole account, the net of all strategies, without those that net to zero."""
    found: dict[Item, Decimal] = {}
    for book in books:
        for holding in book.holdings.values():
            if holding.quantity:
                _add(found, Item(book.strategy if by_strategy else WHOLE_ACCOUNT, holding.symbol), holding.quantity)
    return {item: quantity for item, quantity in found.items() if quantity}


def _cash(books: list[Book], basis: CashBasis, *, by_strategy: bool) -> dict[Item, Decimal]:
    found: dict[Item, Decimal] = {}
    for book in books:
        for name, amount in cash_of(book, basis).items():
            _add(found, Item(book.strategy if by_strategy else WHOLE_ACCOUNT, name), amount)
    return {item: amount for item, amount in found.items() if amount}


def _add(sums: dict[Item, Decimal], item: Item, amount: Decimal) -> None:
    sums[item] = sums.get(item, ZERO) + amount


def _side_by_side(ours: Mapping[Item, Decimal], theirs: Mapping[Item, Decimal]) -> Iterator[tuple[Item, Decimal, Decimal]]:
    """Every item of either side, in order: (item, ours, theirs); a missing one counts as 0."""
    for item in sorted(ours.keys() | theirs.keys()):
        yield item, ours.get(item, ZERO), theirs.get(item, ZERO)
