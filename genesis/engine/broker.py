"""The paper broker: orders reach the book after a latency, and fill as the book and the market's trades allow.

A taker order takes level by level what is there when it arrives; what the book does not hold is cancelled. A maker order (one
with a limit) is post-only: it is dropped if it would take on arrival, rests otherwise, and fills only when the market trades
through its price, never for more than was traded there.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from genesis.core.errors import EventError
from genesis.core.instrument import Instrument
from genesis.core.models import AnyMarketEvent, Depth, Fill, Level, Liquidity, MarketTrade, Quote, Side, SignalEnd
from genesis.core.money import ZERO
from genesis.engine.order_book import OrderBook

FEE_QUANTUM = Decimal("1e-8")


class Order(NamedTuple):
    """A wish to trade. With a `limit` it is a post-only quote, which replaces the strategy's earlier quote of that side."""

    symbol: str
    side: Side
    quantity: Decimal
    limit: Decimal | None = None
    reduce_only: bool = False
    """Fills no more than would close the strategy's position."""


class Cancel(NamedTuple):
    """A wish to take back the strategy's quote of this side."""

    symbol: str
    side: Side


class TradingConditions(NamedTuple):
    """What trading costs and how long it takes."""

    maker_fee: Decimal = Decimal("0.0001")
    taker_fee: Decimal = Decimal("0.0005")
    latency_seconds: tuple[float, float] = (0.04, 0.16)
    """Shortest and longest way of an order to the book; each order draws its own."""
    stale_after: timedelta = timedelta(seconds=5)
    """A book that was not updated for so long fills nothing."""


class _Sent(NamedTuple):
    """An order or a cancel, on its way or resting."""

    strategy: str
    wish: Order | Cancel
    signal_id: str
    partial: bool = False
    """Whether the order is for less than its signal, which it can never fill then."""


class PaperBroker:
    """Books, messages under way, resting quotes and positions of every strategy."""

    def __init__(
        self, instruments: Sequence[Instrument], event_ids: Iterator[str], *, seed: int, terms: TradingConditions
    ) -> None:
        self.books = {instrument.symbol: OrderBook() for instrument in instruments}
        self.instruments = {instrument.symbol: instrument for instrument in instruments}
        self.dropped: Counter[str] = Counter()
        """Orders that did not trade in full, by reason."""
        self._event_ids = event_ids
        self._terms = terms
        self._random = Random(f"latency {seed}")  # noqa: S311 - a simulation, not a secret
        self._under_way: list[tuple[datetime, int, _Sent]] = []
        self._sent = 0
        self._working: Counter[tuple[str, str]] = Counter()
        self._resting: dict[str, dict[tuple[str, Side], _Sent]] = {symbol: {} for symbol in self.books}
        self._positions: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._cash: dict[str, Decimal] = defaultdict(Decimal)
        self._ends: list[SignalEnd] = []

    def position(self, strategy: str, symbol: str) -> Decimal:
        """What the strategy holds of the symbol: above 0 long, below 0 short."""
        return self._positions.get((strategy, symbol), ZERO)

    def profit(self, strategy: str) -> Decimal:
        """What the strategy has made (above 0) or lost after fees, with its open positions at the mid."""
        open_value = ZERO
        for (holder, symbol), quantity in self._positions.items():
            mid = self.books[symbol].mid
            if holder == strategy and mid is not None:
                open_value += quantity * mid
        return self._cash[strategy] + open_value

    def working(self, strategy: str, symbol: str) -> bool:
        """Whether a message of the strategy about the symbol is still on its way."""
        return self._working[strategy, symbol] > 0

    def quote(self, strategy: str, symbol: str, side: Side) -> Order | None:
        """The strategy's resting quote."""
        sent = self._resting[symbol].get((strategy, side))
        return sent.wish if sent is not None and isinstance(sent.wish, Order) else None

    def fresh(self, symbol: str, now: datetime) -> bool:
        """Whether the symbol's book is known and was updated lately."""
        updated = self.books[symbol].updated
        return updated is not None and now - updated <= self._terms.stale_after

    def submit(self, strategy: str, wish: Order | Cancel, signal_id: str, now: datetime, *, partial: bool = False) -> None:
        """Send an order or a cancel to the book; it arrives after its latency. `partial`: an order for less than its signal.

        Raises:
            EventError: the symbol is unknown, or quantity or limit is not on the instrument's grid.
        """
        self._check(wish)
        arrival = now + timedelta(seconds=self._random.uniform(*self._terms.latency_seconds))
        heapq.heappush(self._under_way, (arrival, self._sent, _Sent(strategy, wish, signal_id, partial)))
        self._sent += 1
        self._working[strategy, wish.symbol] += 1

    def ends(self) -> list[SignalEnd]:
        """The signals of which nothing more will be filled, and that were not filled in full: those since the last call."""
        ended, self._ends = self._ends, []
        return ended

    def pull(self, strategy: str, now: datetime) -> None:
        """Take back every quote of a strategy at once, those under way too. A taker order under way cannot be called back."""
        for symbol in self._resting:
            for side in Side:
                self._take_back(strategy, symbol, side, now)
        kept: list[tuple[datetime, int, _Sent]] = []
        for entry in self._under_way:
            sent = entry[2]
            if sent.strategy == strategy and isinstance(sent.wish, Order) and sent.wish.limit is not None:
                self._working[strategy, sent.wish.symbol] -= 1
                self._end(sent, now)
            else:
                kept.append(entry)
        heapq.heapify(kept)
        self._under_way = kept

    def arrivals(self, until: datetime) -> Iterator[Fill]:
        """Let arrive what is due before `until`, against the books as they stand, in the order of arrival."""
        while self._under_way and self._under_way[0][0] < until:
            arrival, _, sent = heapq.heappop(self._under_way)
            wish = sent.wish
            self._working[sent.strategy, wish.symbol] -= 1
            if isinstance(wish, Cancel):
                self._take_back(sent.strategy, wish.symbol, wish.side, arrival)
            elif wish.limit is None:
                yield from self._take(sent, wish, arrival)
            else:
                self._rest(sent, wish, wish.limit, arrival)

    def on_market(self, event: AnyMarketEvent) -> Iterator[Fill]:
        """Bring the symbol's book up to date, and fill the quotes that the market has traded through."""
        if isinstance(event, Depth):
            self.books[event.symbol].on_depth(event)
            return
        if isinstance(event, Quote):
            self.books[event.symbol].on_quote(event)
        if not self._resting[event.symbol]:
            return
        if isinstance(event, MarketTrade):
            yield from self._trade_through(event)
        else:
            yield from self._quote_through(event)

    def _check(self, wish: Order | Cancel) -> None:
        instrument = self.instruments.get(wish.symbol)
        if instrument is None:
            raise EventError("symbol", wish.symbol, f"does not trade here; these do: {', '.join(self.instruments)}")
        if isinstance(wish, Cancel):
            return
        if not (wish.quantity > 0 and instrument.on_lot(wish.quantity)):
            raise EventError(
                "quantity", wish.quantity, f"of {wish.symbol} is not a multiple above 0 of the lot {instrument.lot}"
            )
        if wish.limit is not None and not (wish.limit > 0 and instrument.on_tick(wish.limit)):
            raise EventError("limit", wish.limit, f"of {wish.symbol} is not a multiple above 0 of the tick {instrument.tick}")

    def _take(self, sent: _Sent, order: Order, now: datetime) -> Iterator[Fill]:
        wanted = self._allowed(sent.strategy, order)
        if not self.fresh(order.symbol, now):
            self.dropped["stale_book"] += 1
            self._end(sent, now)
            return
        short = sent.partial or wanted < order.quantity
        for level in self.books[order.symbol].take(order.side, wanted):
            wanted -= level.size
            yield self._fill(sent, order, now, level, Liquidity.TAKER)
        if wanted > 0:
            self.dropped["book_exhausted"] += 1
        if wanted > 0 or short:
            self._end(sent, now)

    def _rest(self, sent: _Sent, order: Order, limit: Decimal, now: datetime) -> None:
        """Replace the earlier quote; a quote that would take is dropped, and the earlier one is gone all the same."""
        self._take_back(sent.strategy, order.symbol, order.side, now)
        opposite = self.books[order.symbol].best_against(order.side)
        if opposite is not None and (limit - opposite) * order.side.sign >= 0:
            self.dropped["post_only"] += 1
            self._end(sent, now)
            return
        self._resting[order.symbol][sent.strategy, order.side] = sent

    def _take_back(self, strategy: str, symbol: str, side: Side, now: datetime) -> None:
        """End a resting quote, if there is one."""
        sent = self._resting[symbol].pop((strategy, side), None)
        if sent is not None:
            self._end(sent, now)

    def _end(self, sent: _Sent, now: datetime) -> None:
        """Nothing more will be filled of an order that was not filled in full."""
        event_id = next(self._event_ids)
        self._ends.append(SignalEnd(time=now, event_id=event_id, strategy=sent.strategy, signal_id=sent.signal_id))

    def _trade_through(self, trade: MarketTrade) -> Iterator[Fill]:
        """Quotes better than the trade's price would have been met before it; together they get its quantity."""
        left = trade.quantity
        for sent, order, limit in self._quotes(trade.symbol):
            if (limit - trade.price) * order.side.sign > 0:
                for fill in self._fill_quote(sent, order, limit, trade.time, left):
                    left -= fill.quantity
                    yield fill

    def _quote_through(self, quote: Quote) -> Iterator[Fill]:
        """The other side's best price has come to or past a resting quote: it is met with what stands there."""
        left = {Side.BUY: quote.ask_size, Side.SELL: quote.bid_size}
        for sent, order, limit in self._quotes(quote.symbol):
            opposite = quote.ask if order.side is Side.BUY else quote.bid
            if (limit - opposite) * order.side.sign >= 0:
                for fill in self._fill_quote(sent, order, limit, quote.time, left[order.side]):
                    left[order.side] -= fill.quantity
                    yield fill

    def _quotes(self, symbol: str) -> list[tuple[_Sent, Order, Decimal]]:
        """The resting quotes of both sides, the best price of a side first, the earlier of two equal ones first."""
        quotes = [
            (sent, sent.wish, sent.wish.limit)
            for sent in self._resting[symbol].values()
            if isinstance(sent.wish, Order) and sent.wish.limit is not None
        ]
        return sorted(quotes, key=lambda quote: -quote[2] * quote[1].side.sign)

    def _fill_quote(self, sent: _Sent, order: Order, limit: Decimal, now: datetime, available: Decimal) -> Iterator[Fill]:
        part = self.instruments[order.symbol].quantity(min(self._allowed(sent.strategy, order), available))
        quotes, key = self._resting[order.symbol], (sent.strategy, order.side)
        if part > 0:
            yield self._fill(sent, order, now, Level(limit, part), Liquidity.MAKER)
        rest = order._replace(quantity=order.quantity - part)
        if self._allowed(sent.strategy, rest) > 0:
            quotes[key] = sent._replace(wish=rest)
            return
        del quotes[key]
        if rest.quantity > 0 or sent.partial:
            self._end(sent, now)

    def _allowed(self, strategy: str, order: Order) -> Decimal:
        """The order's quantity; for one that may only reduce, no more than the position on the other side."""
        if not order.reduce_only:
            return order.quantity
        return min(order.quantity, max(ZERO, -self.position(strategy, order.symbol) * order.side.sign))

    def _fill(self, sent: _Sent, order: Order, now: datetime, met: Level, liquidity: Liquidity) -> Fill:
        self._positions[sent.strategy, order.symbol] += met.size * order.side.sign
        rate = self._terms.maker_fee if liquidity is Liquidity.MAKER else self._terms.taker_fee
        fee = (met.size * met.price * rate).quantize(FEE_QUANTUM)
        self._cash[sent.strategy] -= met.size * met.price * order.side.sign + fee
        return Fill(
            time=now,
            event_id=next(self._event_ids),
            strategy=sent.strategy,
            symbol=order.symbol,
            side=order.side,
            quantity=met.size,
            price=met.price,
            fee=fee,
            liquidity=liquidity,
            signal_id=sent.signal_id,
        )
