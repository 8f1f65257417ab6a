"""One symbol's order book for a taker: the last depth with the last quote on top, less what was taken since."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from genesis.core.models import Depth, Level, Quote, Side
from genesis.core.money import ZERO

_HALF = Decimal("0.5")


class OrderBook:
    """The quantities of a symbol that can be bought and sold now.

    Quotes are frequent and depths rare: a quote sets the best level of each side, and hides those levels of the last depth that
    are at its price or better. A quantity that is taken is missing until the next update.
    """

    __slots__ = ("_asks", "_bids", "_depth_asks", "_depth_bids", "_quote", "_stale", "ask", "bid", "updated")

    def __init__(self) -> None:
        self.bid: Decimal | None = None
        self.ask: Decimal | None = None
        self.updated: datetime | None = None
        self._quote: Quote | None = None
        self._depth_bids: Sequence[Level] = ()
        self._depth_asks: Sequence[Level] = ()
        self._bids: list[Level] = []
        self._asks: list[Level] = []
        self._stale = False
        """Whether the two ladders must be rebuilt before they are read."""

    def on_quote(self, quote: Quote) -> None:
        self.bid, self.ask, self.updated = quote.bid, quote.ask, quote.time
        self._quote = quote
        self._stale = True

    def on_depth(self, depth: Depth) -> None:
        """Replace the depth; one with an empty side is ignored."""
        if not depth.bids or not depth.asks:
            return
        self.bid, self.ask, self.updated = depth.bids[0].price, depth.asks[0].price, depth.time
        self._depth_bids, self._depth_asks = depth.bids, depth.asks
        self._quote = None
        self._stale = True

    @property
    def mid(self) -> Decimal | None:
        """Half way between best bid and best ask; None before the first update."""
        if self.bid is None or self.ask is None:
            return None
        return (self.bid + self.ask) * _HALF

    def best_against(self, side: Side) -> Decimal | None:
        """The price that an order of `side` would take first."""
        return self.ask if side is Side.BUY else self.bid

    def take(self, side: Side, quantity: Decimal) -> list[Level]:
        """Take up to `quantity` from the opposite side, best level first; returns what was taken, less if the book ends."""
        if self._stale:
            self._build()
        ladder = self._asks if side is Side.BUY else self._bids
        taken: list[Level] = []
        while quantity > 0 and ladder:
            best = ladder[0]
            part = min(quantity, best.size)
            taken.append(Level(best.price, part))
            quantity -= part
            if part == best.size:
                del ladder[0]
            else:
                ladder[0] = Level(best.price, best.size - part)
        return taken

    def _build(self) -> None:
        quote = self._quote
        if quote is None:
            self._bids, self._asks = list(self._depth_bids), list(self._depth_asks)
        else:
            self._bids = [level for level in self._depth_bids if level.price < quote.bid]
            self._asks = [level for level in self._depth_asks if level.price > quote.ask]
            if quote.bid_size > ZERO:
                self._bids.insert(0, Level(quote.bid, quote.bid_size))
            if quote.ask_size > ZERO:
                self._asks.insert(0, Level(quote.ask, quote.ask_size))
        self._stale = False
