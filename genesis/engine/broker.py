"""The paper broker: orders reach the book after a latency, and fill as the book and the market's trades allow.

A taker order takes the book level by level when it arrives; the rest is cancelled. A maker order (one with a limit) is
post-only: it is dropped if it would take on arrival, and rests otherwise. It fills only when the market trades through its
price, or the opposite quote reaches it, never for more than was traded or quoted there.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple, TypeAlias

from genesis.core.errors import EventError
from genesis.core.instrument import Instrument
from genesis.core.models import AnyMarketEvent, Depth, Fill, Level, Liquidity, MarketTrade, Quote, Side, SignalEnd
from genesis.core.money import ZERO
from genesis.engine.order_book import OrderBook

FEE_QUANTUM = Decimal("1e-8")


class Order(NamedTuple):
    """A market order or, with a `limit`, a post-only quote that replaces the strategy's earlier quote on that side."""

    symbol: str
    side: Side
    quantity: Decimal
    limit: Decimal | None = None
    reduce_only: bool = False
    """Fills no more than would close the strategy's position."""


class Cancel(NamedTuple):
    """Cancels the strategy's quote on this side."""

    symbol: str
    side: Side


Instruction: TypeAlias = Order | Cancel
"""What a strategy sends to the broker."""


class TradingConditions(NamedTuple):
    """What trading costs and how long it takes."""

    maker_fee: Decimal = Decimal("0.0001")
    taker_fee: Decimal = Decimal("0.0005")
    latency_seconds: tuple[float, float] = (0.04, 0.16)
    """Shortest and longest latency of an instruction; each draws its own between them."""
    stale_after: timedelta = timedelta(seconds=5)
    """A book without an update for longer than this fills no taker order."""


class _Sent(NamedTuple):
    """An instruction that is in flight, or a resting quote."""

    strategy: str
    instruction: Instruction
    signal_id: str
    partial: bool = False
    """Whether the order is smaller than its signal, and so can never fill it completely."""


class PaperBroker:
    """Order books, and the instructions in flight, resting quotes and positions of all strategies."""

    def __init__(
        self, instruments: Sequence[Instrument], event_ids: Iterator[str], *, seed: int, conditions: TradingConditions
    ) -> None:
        self.books = {instrument.symbol: OrderBook() for instrument in instruments}
        self.instruments = {instrument.symbol: instrument for instrument in instruments}
        self.dropped: Counter[str] = Counter()
        """Orders that did not trade in full: reason → their number."""
        self._event_ids = event_ids
        self._conditions = conditions
        self._random = Random(f"latency {seed}")  # noqa: S311 - a simulation, not a secret
        self._in_flight: list[tuple[datetime, int, _Sent]] = []
        self._sent_count = 0
        self._working: Counter[tuple[str, str]] = Counter()
        self._resting: dict[str, dict[tuple[str, Side], _Sent]] = {symbol: {} for symbol in self.books}
        self._positions: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._cash: dict[str, Decimal] = defaultdict(Decimal)
        self._ends: list[SignalEnd] = []

    def position(self, strategy: str, symbol: str) -> Decimal:
        """The strategy's position in the symbol: above 0 long, below 0 short."""
        return self._positions.get((strategy, symbol), ZERO)

    def profit(self, strategy: str) -> Decimal:
        """The strategy's profit (below 0: loss) after fees, with open positions at the mid."""
        open_value = ZERO
        for (holder, symbol), quantity in self._positions.items():
            mid = self.books[symbol].mid
            if holder == strategy and mid is not None:
                open_value += quantity * mid
        return self._cash[strategy] + open_value

    def working(self, strategy: str, symbol: str) -> bool:
        """Whether an instruction of the strategy for the symbol is still in flight."""
        return self._working[strategy, symbol] > 0

    def quote(self, strategy: str, symbol: str, side: Side) -> Order | None:
        """The strategy's resting quote, if there is one."""
        sent = self._resting[symbol].get((strategy, side))
        return sent.instruction if sent is not None and isinstance(sent.instruction, Order) else None

    def fresh(self, symbol: str, now: datetime) -> bool:
        """Whether the symbol's book is known and not stale."""
        updated = self.books[symbol].updated
        return updated is not None and now - updated <= self._conditions.stale_after

    def submit(self, strategy: str, instruction: Instruction, signal_id: str, now: datetime, *, partial: bool = False) -> None:
        """Send an instruction, which reaches the book after its latency. `partial`: the order is smaller than its signal.

        Raises:
            EventError: the symbol is unknown, or the quantity or limit is not a multiple of the lot or tick.
        """
        self._check(instruction)
        arrival = now + timedelta(seconds=self._random.uniform(*self._conditions.latency_seconds))
        heapq.heappush(self._in_flight, (arrival, self._sent_count, _Sent(strategy, instruction, signal_id, partial)))
        self._sent_count += 1
        self._working[strategy, instruction.symbol] += 1

    def ends(self) -> list[SignalEnd]:
        """The signals that ended without being filled in full since the last call."""
        ended, self._ends = self._ends, []
        return ended

    def pull(self, strategy: str, now: datetime) -> None:
        """Cancel all quotes of a strategy at once, also those in flight. A taker order in flight cannot be cancelled."""
        for symbol in self._resting:
            for side in Side:
                self._cancel_quote(strategy, symbol, side, now)
        kept: list[tuple[datetime, int, _Sent]] = []
        for entry in self._in_flight:
            sent = entry[2]
            if sent.strategy == strategy and isinstance(sent.instruction, Order) and sent.instruction.limit is not None:
                self._working[strategy, sent.instruction.symbol] -= 1
                self._end(sent, now)
            else:
                kept.append(entry)
        heapq.heapify(kept)
        self._in_flight = kept

    def arrivals(self, until: datetime) -> Iterator[Fill]:
        """Process the instructions that arrive before `until`, in the order of arrival, against the current books."""
        while self._in_flight and self._in_flight[0][0] < until:
            arrival, _, sent = heapq.heappop(self._in_flight)
            instruction = sent.instruction
            self._working[sent.strategy, instruction.symbol] -= 1
            if isinstance(instruction, Cancel):
                self._cancel_quote(sent.strategy, instruction.symbol, instruction.side, arrival)
            elif instruction.limit is None:
                yield from self._take(sent, instruction, arrival)
            else:
                self._rest(sent, instruction, instruction.limit, arrival)

    def on_market(self, event: AnyMarketEvent) -> Iterator[Fill]:
        """Update the symbol's book, and fill the quotes that the market has traded through."""
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

    def _check(self, instruction: Instruction) -> None:
        instrument = self.instruments.get(instruction.symbol)
        if instrument is None:
            raise EventError("symbol", instruction.symbol, f"is not traded here; the market has {', '.join(self.instruments)}")
        if isinstance(instruction, Cancel):
            return
        if not (instruction.quantity > 0 and instrument.on_lot(instruction.quantity)):
            raise EventError(
                "quantity",
                instruction.quantity,
                f"of {instruction.symbol} is not a multiple above 0 of the lot {instrument.lot}",
            )
        if instruction.limit is not None and not (instruction.limit > 0 and instrument.on_tick(instruction.limit)):
            raise EventError(
                "limit", instruction.limit, f"of {instruction.symbol} is not a multiple above 0 of the tick {instrument.tick}"
            )

    def _take(self, sent: _Sent, order: Order, now: datetime) -> Iterator[Fill]:
        remaining = self._allowed(sent.strategy, order)
        if not self.fresh(order.symbol, now):
            self.dropped["stale_book"] += 1
            self._end(sent, now)
            return
        smaller_than_signal = sent.partial or remaining < order.quantity
        for level in self.books[order.symbol].take(order.side, remaining):
            remaining -= level.size
            yield self._fill(sent, order, now, level, Liquidity.TAKER)
        if remaining > 0:
            self.dropped["book_exhausted"] += 1
        if remaining > 0 or smaller_than_signal:
            self._end(sent, now)

    def _rest(self, sent: _Sent, order: Order, limit: Decimal, now: datetime) -> None:
        """Replace the earlier quote. A quote that would take is dropped; the earlier one is cancelled anyway."""
        self._cancel_quote(sent.strategy, order.symbol, order.side, now)
        opposite = self.books[order.symbol].best_against(order.side)
        if opposite is not None and (limit - opposite) * order.side.sign >= 0:
            self.dropped["post_only"] += 1
            self._end(sent, now)
            return
        self._resting[order.symbol][sent.strategy, order.side] = sent

    def _cancel_quote(self, strategy: str, symbol: str, side: Side, now: datetime) -> None:
        """Cancel the resting quote, if there is one."""
        sent = self._resting[symbol].pop((strategy, side), None)
        if sent is not None:
            self._end(sent, now)

    def _end(self, sent: _Sent, now: datetime) -> None:
        """Record the end of an order that was not filled in full."""
        event_id = next(self._event_ids)
        self._ends.append(SignalEnd(time=now, event_id=event_id, strategy=sent.strategy, signal_id=sent.signal_id))

    def _trade_through(self, trade: MarketTrade) -> Iterator[Fill]:
        """Fill the quotes that are better than the trade's price, together at most for its quantity."""
        left = trade.quantity
        for sent, order, limit in self._quotes(trade.symbol):
            if (limit - trade.price) * order.side.sign > 0:
                for fill in self._fill_quote(sent, order, limit, trade.time, left):
                    left -= fill.quantity
                    yield fill

    def _quote_through(self, quote: Quote) -> Iterator[Fill]:
        """Fill the quotes that the opposite best price has reached or passed, together at most for its size."""
        left = {Side.BUY: quote.ask_size, Side.SELL: quote.bid_size}
        for sent, order, limit in self._quotes(quote.symbol):
            opposite = quote.ask if order.side is Side.BUY else quote.bid
            if (limit - opposite) * order.side.sign >= 0:
                for fill in self._fill_quote(sent, order, limit, quote.time, left[order.side]):
                    left[order.side] -= fill.quantity
                    yield fill

    def _quotes(self, symbol: str) -> list[tuple[_Sent, Order, Decimal]]:
        """The resting quotes of both sides: on each side the best price first, and the earlier of equal prices first."""
        quotes = [
            (sent, sent.instruction, sent.instruction.limit)
            for sent in self._resting[symbol].values()
            if isinstance(sent.instruction, Order) and sent.instruction.limit is not None
        ]
        return sorted(quotes, key=lambda quote: -quote[2] * quote[1].side.sign)

    def _fill_quote(self, sent: _Sent, order: Order, limit: Decimal, now: datetime, available: Decimal) -> Iterator[Fill]:
        part = self.instruments[order.symbol].quantity(min(self._allowed(sent.strategy, order), available))
        quotes, key = self._resting[order.symbol], (sent.strategy, order.side)
        if part > 0:
            yield self._fill(sent, order, now, Level(limit, part), Liquidity.MAKER)
        rest = order._replace(quantity=order.quantity - part)
        if self._allowed(sent.strategy, rest) > 0:
            quotes[key] = sent._replace(instruction=rest)
            return
        del quotes[key]
        if rest.quantity > 0 or sent.partial:
            self._end(sent, now)

    def _allowed(self, strategy: str, order: Order) -> Decimal:
        """The order's quantity; for a reduce-only order, at most the position that it closes."""
        if not order.reduce_only:
            return order.quantity
        return min(order.quantity, max(ZERO, -self.position(strategy, order.symbol) * order.side.sign))

    def _fill(self, sent: _Sent, order: Order, now: datetime, met: Level, liquidity: Liquidity) -> Fill:
        self._positions[sent.strategy, order.symbol] += met.size * order.side.sign
        rate = self._conditions.maker_fee if liquidity is Liquidity.MAKER else self._conditions.taker_fee
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
