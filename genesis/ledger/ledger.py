"""The account: all books, and the marks that value them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from genesis.core.models import AnyAccountEvent, CapitalFlow, Fill, Funding, MarketTrade, Quote
from genesis.core.money import ONE, ZERO
from genesis.ledger.book import Book
from genesis.ledger.currency import NO_CONVERSION, NO_MARK, Amounts, Currencies, Unvalued
from genesis.ledger.decisions import Decisions
from genesis.ledger.drawdown import Drawdown
from genesis.ledger.equity import EquityGrid, Watched
from genesis.ledger.holding import Holding
from genesis.ledger.mark import HALF, Mark
from genesis.ledger.periods import Period, next_day_start, period_start
from genesis.ledger.state import LedgerState, MarkState


class Ledger:
    """The account: one book per strategy, one mark per symbol.

    Events are applied in the order of arrival. The caller sets the decimal context `genesis.core.money.EXACT`.
    """

    def __init__(
        self, zone: ZoneInfo, currencies: Currencies, grid: EquityGrid | None = None, decisions: Decisions | None = None
    ) -> None:
        """`grid` takes points once `watch` was called; `decisions` are expired as event time advances."""
        self.currencies = currencies
        self.grid = grid
        self.books: dict[str, Book] = {}
        self.marks: dict[str, Mark] = {}
        self.rates: dict[str, Decimal] = {currencies.reporting: ONE}
        """Currency → value of one unit in the reporting currency, from the mark of its conversion symbol."""
        self.capital = ZERO
        self.equity = ZERO
        self.unvalued: set[Unvalued] = set()
        """Positions and currencies of the books without a known value; while there are any, the account's equity is unknown."""
        self.drawdown: Drawdown | None = None
        self.period_starts: dict[Period, Decimal | None] = dict.fromkeys(Period, ZERO)
        self.time: datetime | None = None
        """The latest event time seen."""
        self._zone = zone
        self._next_day: datetime | None = None
        self._next_stop: datetime | None = None
        """The next event time at which `advance` has work: the end of a day, a point of the grid, or the expiry of a signal."""
        self._decisions = decisions
        self._involved: dict[str, dict[str, tuple[Book, Amounts]]] = {}
        """Currency → strategy → (book, its amounts in the currency); without the reporting currency."""

    @property
    def net_pnl(self) -> Decimal | None:
        """Equity − capital of the account; None while the value of a part is unknown."""
        return None if self.unvalued else self.equity - self.capital

    def book(self, strategy: str, time: datetime) -> Book:
        """The book of `strategy`, opened at its first event."""
        book = self.books.get(strategy)
        if book is None:
            reporting = self.currencies.reporting
            drawdown = Drawdown.starting(time)
            book = self.books[strategy] = Book(strategy=strategy, currency=reporting, opened=time, drawdown=drawdown)
        return book

    def component(self, strategy: str, tag: str | None) -> str | None:
        """The component that an event of `strategy` with this tag was booked to; None for `main`."""
        return self.books[strategy].components.name(tag)

    def prices(self) -> dict[str, Decimal]:
        """Symbol → mark, of the symbols that have one."""
        return {symbol: mark.price for symbol, mark in self.marks.items() if mark.price is not None}

    def quote(self, quote: Quote) -> bool:
        """Mark a symbol at the mid of its best bid and ask; False if the quote is older than the mark; it is then ignored."""
        return self._mark(quote.symbol, (quote.bid + quote.ask) * HALF, quote.time, quote)  # mid(), without the call

    def market_trade(self, trade: MarketTrade) -> bool:
        """Mark a symbol at the trade's price, unless quotes mark it; False if the trade is older than the mark, and ignored."""
        mark = self.marks.get(trade.symbol)
        if mark is not None and mark.quoted:
            if mark.time is not None and trade.time < mark.time:
                return False
            self.advance(trade.time)
            return True
        return self._mark(trade.symbol, trade.price, trade.time, None)

    def apply(self, event: AnyAccountEvent) -> None:
        """Book an account event. A signal changes no amounts; a void is booked by `replace`."""
        self.advance(event.time)
        book = self.book(event.strategy, event.time)
        self._drawdown(event.time)
        before = self.equity
        if isinstance(event, Fill):
            self._fill(book, event)
        elif isinstance(event, Funding):
            equity = book.equity
            book.fund(event, self.currencies.of_symbol(event.symbol), self.rates)
            self._settle(book, equity, event.time, event.currency or self.currencies.of_symbol(event.symbol))
        elif isinstance(event, CapitalFlow):
            book.move_capital(event)
            self.capital += event.amount
            self.equity += event.amount
            self._drawdown(event.time).flow(before, self.equity, event.time)
            self._observe(event.time)

    def replace(self, strategy: str, holding: Holding, time: datetime) -> None:
        """Replace a strategy's holding by its recomputed version, after a void; the equity jumps by the difference."""
        book, mark = self.books[strategy], self._mark_of(holding.symbol)
        equity = book.equity
        old = book.replace(holding, mark.price, self.rates)
        self._hold(mark, book, old, holding, holding.quantity - old.quantity)
        book.observe(time)
        self._settle(book, equity, time, *book.foreign)

    def _fill(self, book: Book, fill: Fill) -> None:
        mark = self._mark_of(fill.symbol)
        holding = book.holding(fill.symbol, mark.currency)
        was_open = holding if holding.quantity else None
        equity = book.equity
        book.fill(fill, mark.currency, mark.price, self.rates)
        if was_open is not None and holding.quantity:
            mark.quantity += fill.signed_quantity
        else:
            self._hold(mark, book, was_open, holding, fill.signed_quantity)
        self._settle(book, equity, fill.time, mark.currency, fill.fee_currency or mark.currency)

    def _hold(self, mark: Mark, book: Book, old: Holding | None, new: Holding, change: Decimal) -> None:
        """Update the mark's holders and quantity: `old` leaves them (None: was flat), and `new` joins them if it is open."""
        if old is not None:
            mark.holders = [(owner, held) for owner, held in mark.holders if held is not old]
        if new.quantity:
            mark.holders.append((book, new))
        mark.quantity += change
        if mark.price is None:
            (self.unvalued.add if mark.holders else self.unvalued.discard)(Unvalued(NO_MARK, new.symbol))

    def _settle(self, book: Book, equity: Decimal, time: datetime, *currencies: str) -> None:
        """Update the account after a change of a book: `equity` is its equity before, `currencies` are those that changed."""
        self.equity += book.equity - equity
        for currency in currencies:
            if currency != book.currency:
                self._involve(book, currency)
        self._observe(time)

    def _involve(self, book: Book, currency: str) -> None:
        books = self._involved.setdefault(currency, {})
        amounts = book.foreign.get(currency)
        if amounts is not None and amounts.involved:
            books[book.strategy] = (book, amounts)
        else:
            books.pop(book.strategy, None)
        missing = bool(books) and currency not in self.rates
        (self.unvalued.add if missing else self.unvalued.discard)(Unvalued(NO_CONVERSION, currency))

    def _mark_of(self, symbol: str) -> Mark:
        mark = self.marks.get(symbol)
        if mark is None:
            mark = self.marks[symbol] = Mark(symbol, self.currencies)
        return mark

    def _mark(self, symbol: str, price: Decimal, time: datetime, quote: Quote | None) -> bool:
        mark = self.marks.get(symbol)
        if mark is None:
            mark = self._mark_of(symbol)
        elif mark.time is not None and time < mark.time:
            return False
        self.advance(time)
        mark.time = time
        mark.quoted = quote is not None
        if quote is not None:
            mark.quotes.append(quote)
        if mark.price is None or mark.elsewhere:
            before, mark.price = mark.price, price
            if price != before:
                self._reprice(symbol, mark, before, time)
        elif change := price - mark.price:
            mark.price = price
            if mark.holders:
                self._revalue(mark, change, time)
        return True

    def _revalue(self, mark: Mark, change: Decimal, time: datetime) -> None:
        """The hot path: apply the change of a mark to every holder's equity and drawdown."""
        for book, holding in mark.holders:
            equity = book.equity = book.equity + holding.quantity * change
            if book.unvalued:
                continue
            drawdown = book.drawdown
            if equity >= drawdown.peak:
                drawdown.rise(equity, time)
            elif equity < drawdown.trough:
                drawdown.trough = equity
                drawdown.trough_time = time
        self.equity += mark.quantity * change
        self._observe(time)

    def _reprice(self, symbol: str, mark: Mark, before: Decimal | None, time: datetime) -> None:
        """Off the hot path: a first price (`before` is None), or one that changes the value of amounts in another currency."""
        assert mark.price is not None  # noqa: S101 - it was just set
        touched: dict[str, Book] = {}
        change = mark.price if before is None else mark.price - before
        rate = self.rates.get(mark.currency)
        equity = ZERO
        for book, holding in mark.holders:
            touched[book.strategy] = book
            gain = holding.unrealized(mark.price) if before is None else holding.quantity * change
            if mark.currency != book.currency:
                book.foreign[mark.currency].net += gain
            if rate is not None:
                gain = rate * gain
                book.equity += gain
                equity += gain
        for currency in mark.converts:
            self.rates[currency] = mark.price
            for book, amounts in self._involved.get(currency, {}).values():
                touched[book.strategy] = book
                gain = amounts.net * change
                book.equity += gain
                equity += gain
        self.equity += equity
        if before is None:
            known = {Unvalued(NO_MARK, symbol), *(Unvalued(NO_CONVERSION, currency) for currency in mark.converts)}
            self.unvalued -= known
            for book in touched.values():
                book.unvalued -= known
        for book in touched.values():
            book.observe(time)
        if touched:
            self._observe(time)

    def _drawdown(self, time: datetime) -> Drawdown:
        if self.drawdown is None:
            self.drawdown = Drawdown.starting(time)
        return self.drawdown

    def _observe(self, time: datetime) -> None:
        if not self.unvalued:
            self._drawdown(time).observe(self.equity, time)

    def advance(self, time: datetime) -> None:
        """Advance event time to `time`, never back. When a day has ended, new periods start at the P&L so far."""
        if self.time is not None and time <= self.time:
            return
        if self._next_stop is None or time >= self._next_stop:
            self._stop(time)
        self.time = time

    def watch(self) -> None:
        """Start the grid. Call it after the replay: replayed events come without marks, so earlier points would be wrong."""
        if self.grid is not None:
            self.grid.start(self.time)
            self._next_stop = None

    def stop_by(self, time: datetime | None) -> None:
        """Make `advance` stop at `time` at the latest, because a signal expires then; None changes nothing."""
        if time is not None and self._next_stop is not None and time < self._next_stop:
            self._next_stop = time

    @property
    def _next_expiry(self) -> datetime | None:
        return None if self._decisions is None else self._decisions.next_expiry

    def know(self, symbol: str) -> None:
        """Add a symbol to `marks`, whose number is limited, before it has a mark or a fill."""
        self._mark_of(symbol)

    def price(self, symbol: str) -> Decimal | None:
        """The mark of a symbol; None without one."""
        mark = self.marks.get(symbol)
        return mark.price if mark is not None else None

    def _stop(self, time: datetime) -> None:
        """Before event time advances to `time`: expire signals, end periods, and take grid points due up to then."""
        expiry = self._next_expiry
        if expiry is not None and expiry <= time and self._decisions is not None:
            self._decisions.expire(time, self.price)
            expiry = self._next_expiry
        if self._next_day is None:
            self._next_day = next_day_start(time, self._zone)
        elif time >= self._next_day and self.time is not None:
            self._end_periods(time, self.time)
            self._next_day = next_day_start(time, self._zone)
        self._next_stop = self._next_day if expiry is None else min(self._next_day, expiry)
        if self.grid is None or self.grid.next_time is None:
            return
        self.grid.reach(time, Watched(self.books, self.marks, self.rates, self.net_pnl, self.equity))
        self._next_stop = min(self._next_stop, self.grid.next_time)

    def _end_periods(self, time: datetime, latest: datetime) -> None:
        """Start the periods that begin after `latest` and up to `time` at the P&L so far."""
        ended = [p for p in Period if period_start(p, time, self._zone) > latest]
        self.period_starts |= dict.fromkeys(ended, self.net_pnl)
        prices = self.prices()
        for book in self.books.values():
            book.end_periods(ended, prices, self.rates)

    def state(self) -> LedgerState:
        """The state, to encode before the next event: it shares mutable objects with the ledger."""
        return LedgerState(
            time=self.time,
            capital=self.capital,
            drawdown=self.drawdown,
            period_starts=self.period_starts,
            grid=self.grid.state() if self.grid is not None else None,
            books=self.books,
            marks={
                symbol: MarkState(mark.price, mark.time, mark.quoted, mark.quotes[-1] if mark.quotes else None)
                for symbol, mark in self.marks.items()
                if mark.price is not None and mark.time is not None
            },
        )

    def restore(self, state: LedgerState) -> bool:
        """Load a state into a new ledger; False, and nothing is loaded, if its currency or that of a held symbol differs now.

        A changed conversion symbol is allowed: all sums that depend on rates are computed again.
        """
        for book in state.books.values():
            quoted = all(self.currencies.of_symbol(symbol) == held.currency for symbol, held in book.holdings.items())
            if book.currency != self.currencies.reporting or not quoted:
                return False
        self.time, self.capital = state.time, state.capital
        self.drawdown, self.period_starts, self.books = state.drawdown, state.period_starts, state.books
        if self.grid is not None:
            self.grid.restore(state.grid)
        self._next_day = next_day_start(state.time, self._zone) if state.time is not None else None
        for symbol, saved in state.marks.items():
            mark = self._mark_of(symbol)
            mark.price, mark.time, mark.quoted = saved.price, saved.time, saved.quoted
            if saved.quote is not None:
                mark.quotes.append(saved.quote)
            self.rates |= dict.fromkeys(mark.converts, saved.price)
        prices = {symbol: saved.price for symbol, saved in state.marks.items()}
        for book in self.books.values():
            book.recount(prices, self.rates)
            self.equity += book.equity
            self.unvalued |= book.unvalued
            for currency in book.foreign:
                self._involve(book, currency)
            for symbol, holding in book.holdings.items():
                if holding.quantity:
                    mark = self._mark_of(symbol)
                    mark.holders.append((book, holding))
                    mark.quantity += holding.quantity
        return True
