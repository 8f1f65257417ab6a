"""All books of the account, and the marks that they are valued at."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from genesis.core.models import AnyAccountEvent, CapitalFlow, Fill, Funding, MarketTrade, Quote
from genesis.core.money import ZERO
from genesis.ledger.book import Book, Holding
from genesis.ledger.drawdown import Drawdown
from genesis.ledger.periods import Period, next_day_start, period_start
from genesis.ledger.state import LedgerState, MarkState

_HALF = Decimal("0.5")


class Mark:
    """The price that a symbol's positions are valued at, and who holds them."""

    __slots__ = ("holders", "price", "quantity", "quoted", "time")

    def __init__(self) -> None:
        self.price: Decimal | None = None
        self.time: datetime | None = None
        self.quoted = False
        self.holders: list[tuple[Book, Holding]] = []
        """The books with an open position in the symbol, and the position."""
        self.quantity = ZERO
        """Their sum."""


class Ledger:
    """The account: one book a strategy, one mark a symbol.

    Events are applied in the order in which they come. The arithmetic wants `genesis.core.money.EXACT` as the decimal context;
    whoever calls sets it.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.books: dict[str, Book] = {}
        self.marks: dict[str, Mark] = {}
        self.capital = ZERO
        self.equity = ZERO
        self.unmarked: set[str] = set()
        """Symbols with an open position and no mark; while there is one, the account's equity is not known."""
        self.drawdown: Drawdown | None = None
        self.period_starts: dict[Period, Decimal | None] = dict.fromkeys(Period, ZERO)
        self.time: datetime | None = None
        """The latest event time seen."""
        self._zone = zone
        self._next_day: datetime | None = None

    @property
    def net_pnl(self) -> Decimal | None:
        """Equity − capital of the account; None while a position has no mark."""
        return None if self.unmarked else self.equity - self.capital

    def book(self, strategy: str, time: datetime) -> Book:
        """The book of `strategy`, opened at its first event."""
        book = self.books.get(strategy)
        if book is None:
            book = self.books[strategy] = Book(strategy=strategy, drawdown=Drawdown.starting(time))
        return book

    def quote(self, quote: Quote) -> bool:
        """Mark a symbol at the mid of its best bid and ask; False if the quote is older than the mark, and so ignored."""
        return self._mark(quote.symbol, (quote.bid + quote.ask) * _HALF, quote.time, quoted=True)

    def market_trade(self, trade: MarketTrade) -> bool:
        """Mark a symbol that was never quoted at the last trade's price; False if the trade is older than the mark."""
        mark = self.marks.get(trade.symbol)
        if mark is not None and mark.quoted:
            if mark.time is not None and trade.time < mark.time:
                return False
            self.advance(trade.time)
            return True
        return self._mark(trade.symbol, trade.price, trade.time, quoted=False)

    def apply(self, event: AnyAccountEvent) -> None:
        """Book an account event. A signal moves no money."""
        self.advance(event.time)
        book = self.book(event.strategy, event.time)
        self._drawdown(event.time)
        before = self.equity
        if isinstance(event, Fill):
            self._fill(book, event)
        elif isinstance(event, Funding):
            book.fund(event)
            self.equity += event.amount
            self._observe(event.time)
        elif isinstance(event, CapitalFlow):
            book.move_capital(event)
            self.capital += event.amount
            self.equity += event.amount
            self._drawdown(event.time).flow(before, self.equity, event.time)
            self._observe(event.time)

    def _fill(self, book: Book, fill: Fill) -> None:
        mark = self.marks.setdefault(fill.symbol, Mark())
        holding = book.holding(fill.symbol)
        was_open = bool(holding.quantity)
        before = book.equity
        book.fill(fill, mark.price)
        self.equity += book.equity - before
        mark.quantity += fill.signed_quantity
        if was_open and not holding.quantity:
            mark.holders = [(owner, held) for owner, held in mark.holders if held is not holding]
        elif holding.quantity and not was_open:
            mark.holders.append((book, holding))
        if mark.price is None:
            (self.unmarked.add if mark.holders else self.unmarked.discard)(fill.symbol)
        self._observe(fill.time)

    def _mark(self, symbol: str, price: Decimal, time: datetime, *, quoted: bool) -> bool:
        mark = self.marks.get(symbol)
        if mark is None:
            mark = self.marks[symbol] = Mark()
        elif mark.time is not None and time < mark.time:
            return False
        self.advance(time)
        mark.time = time
        mark.quoted = quoted
        if mark.price is None:
            self._first_mark(symbol, mark, price, time)
        elif change := price - mark.price:
            mark.price = price
            if mark.holders:
                self._revalue(mark, change, time)
        return True

    def _revalue(self, mark: Mark, change: Decimal, time: datetime) -> None:
        """The hot path: every holder's equity and drawdown follow the change of the mark."""
        for book, holding in mark.holders:
            equity = book.equity = book.equity + holding.quantity * change
            if book.unmarked:
                continue
            drawdown = book.drawdown
            if equity >= drawdown.peak:
                drawdown.rise(equity, time)
            elif equity < drawdown.trough:
                drawdown.trough = equity
                drawdown.trough_time = time
        self.equity += mark.quantity * change
        self._observe(time)

    def _first_mark(self, symbol: str, mark: Mark, price: Decimal, time: datetime) -> None:
        mark.price = price
        self.unmarked.discard(symbol)
        for book, holding in mark.holders:
            gain = holding.unrealized(price)
            book.equity += gain
            self.equity += gain
            book.unmarked.discard(symbol)
            book.observe(time)
        if mark.holders:
            self._observe(time)

    def _drawdown(self, time: datetime) -> Drawdown:
        if self.drawdown is None:
            self.drawdown = Drawdown.starting(time)
        return self.drawdown

    def _observe(self, time: datetime) -> None:
        if not self.unmarked:
            self._drawdown(time).observe(self.equity, time)

    def advance(self, time: datetime) -> None:
        """Let event time go on to `time`, never back; where a day ends, the P&L so far is the start of the new periods."""
        if self.time is not None and time <= self.time:
            return
        if self._next_day is None:
            self._next_day = next_day_start(time, self._zone)
        elif time >= self._next_day and self.time is not None:
            ended = [p for p in Period if period_start(p, time, self._zone) > self.time]
            for period in ended:
                self.period_starts[period] = self.net_pnl
                for book in self.books.values():
                    book.period_starts[period] = book.net_pnl
            self._next_day = next_day_start(time, self._zone)
        self.time = time

    def state(self) -> LedgerState:
        """Everything, to be encoded before the next event: it shares what is mutable with the ledger."""
        return LedgerState(
            time=self.time,
            capital=self.capital,
            equity=self.equity,
            drawdown=self.drawdown,
            period_starts=self.period_starts,
            books=self.books,
            marks={
                symbol: MarkState(price=mark.price, time=mark.time, quoted=mark.quoted)
                for symbol, mark in self.marks.items()
                if mark.price is not None and mark.time is not None
            },
        )

    def restore(self, state: LedgerState) -> None:
        """Take over a state, in a new ledger."""
        self.time, self.capital, self.equity = state.time, state.capital, state.equity
        self.drawdown, self.period_starts, self.books = state.drawdown, state.period_starts, state.books
        self._next_day = next_day_start(state.time, self._zone) if state.time is not None else None
        for symbol, saved in state.marks.items():
            mark = self.marks[symbol] = Mark()
            mark.price, mark.time, mark.quoted = saved.price, saved.time, saved.quoted
        for book in self.books.values():
            for symbol, holding in book.holdings.items():
                mark = self.marks.setdefault(symbol, Mark())
                if holding.quantity:
                    mark.holders.append((book, holding))
                    mark.quantity += holding.quantity
                    if mark.price is None:
                        self.unmarked.add(symbol)
