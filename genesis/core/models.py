"""The events that a trading engine sends, and the other types of a trading account.

Every event is frozen. Money, prices and quantities are `Decimal`; times are UTC. A value that cannot be booked (naive time,
not finite, wrong sign, too long) is refused where the event is made, with the field's name in the error.
"""

from __future__ import annotations

import enum
from datetime import UTC, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Literal

import msgspec

from genesis.core.errors import EventError
from genesis.core.money import ZERO, exact

MAX_TEXT = 128
MAX_SEQ = 2**53 - 1
"""The largest whole number that every reader of JSON keeps exactly."""
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""The years in which an event may lie; calendars and clocks fail near the limits of a datetime."""

_OUT_OF_RANGE = f"is not in the years {FIRST_YEAR} to {LAST_YEAR} in UTC"


class Side(enum.Enum):
    """Direction of an order or a fill."""

    BUY = "buy"
    SELL = "sell"

    __hash__ = object.__hash__  # members are singletons; Enum's hash is slow Python code in each lookup

    @property
    def sign(self) -> int:
        """+1 for a buy, −1 for a sell."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class Liquidity(enum.Enum):
    """Whether a fill took liquidity from the book or gave it."""

    MAKER = "maker"
    TAKER = "taker"
    UNKNOWN = "unknown"

    __hash__ = object.__hash__  # as for `Side`


class StrategyState(enum.Enum):
    """What an engine lets a strategy do."""

    ACTIVE = "active"
    REDUCED = "reduced"
    PAUSED = "paused"
    STOPPED = "stopped"


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """Something that happened at `time` (UTC), as reported by `source`. An unknown field is refused."""

    time: datetime
    source: str = "engine"

    def __post_init__(self) -> None:
        _utc(self)
        _text("source", self.source)


class MarketEvent(Event, frozen=True, kw_only=True):
    """Public market data of a symbol; it is not kept in the journal."""

    symbol: str

    def __post_init__(self) -> None:
        Event.__post_init__(self)
        _text("symbol", self.symbol)


class AccountEvent(Event, frozen=True, kw_only=True):
    """An event of one strategy, kept in the journal under its identity (`source`, `event_id`).

    A source may number its account events without gaps: a missing `seq` then shows a lost event.
    """

    event_id: str
    strategy: str
    seq: int | None = None

    def __post_init__(self) -> None:
        Event.__post_init__(self)
        _text("event_id", self.event_id)
        _text("strategy", self.strategy)
        if self.seq is not None:
            _number("seq", self.seq)


class Quote(MarketEvent, frozen=True, kw_only=True, tag="quote"):
    """Best bid and ask of a symbol; sizes in units of the symbol."""

    bid: Decimal
    ask: Decimal
    bid_size: Decimal = ZERO
    ask_size: Decimal = ZERO

    def __post_init__(self) -> None:
        MarketEvent.__post_init__(self)
        exact("bid", self.bid)
        exact("ask", self.ask)
        if not self.bid > 0:
            raise EventError("bid", self.bid, "is not above 0")
        if not self.ask >= self.bid:
            raise EventError("ask", self.ask, f"is below the bid {self.bid}")
        _not_negative("bid_size", self.bid_size)
        _not_negative("ask_size", self.ask_size)


class Level(msgspec.Struct, frozen=True, array_like=True):
    """One price level of an order book."""

    price: Decimal
    size: Decimal


class Depth(MarketEvent, frozen=True, kw_only=True, tag="depth"):
    """The visible order book of a symbol: best level first on both sides."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]

    def __post_init__(self) -> None:
        MarketEvent.__post_init__(self)
        for field, levels, worse in (("bids", self.bids, -1), ("asks", self.asks, 1)):
            for level in levels:
                _positive(field, level.price)
                _positive(field, level.size)
            for better, level in pairwise(levels):
                if not (level.price - better.price) * worse > 0:
                    raise EventError(field, level.price, f"does not come behind {better.price}: best level first")


class MarketTrade(MarketEvent, frozen=True, kw_only=True, tag="market_trade"):
    """A trade of other market participants; `aggressor` is the side that took liquidity, if known."""

    price: Decimal
    quantity: Decimal
    aggressor: Side | None = None

    def __post_init__(self) -> None:
        MarketEvent.__post_init__(self)
        _positive("price", self.price)
        _positive("quantity", self.quantity)


class Signal(AccountEvent, frozen=True, kw_only=True, tag="signal"):
    """A strategy's decision to trade: `price` is the mid that it saw, the decision price of the slippage."""

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        _text("symbol", self.symbol)
        _positive("quantity", self.quantity)
        _positive("price", self.price)


class SignalEnd(AccountEvent, frozen=True, kw_only=True, tag="signal_end"):
    """The order of the signal `signal_id` (same source and strategy) is gone: nothing more of it will be filled.

    The unfilled rest is a missed opportunity. `price` is the mark when the order ended; the monitor adds it if the
    sender does not. A signal that was filled in full needs no end.
    """

    signal_id: str
    price: Decimal | None = None

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        _text("signal_id", self.signal_id)
        if self.price is not None:
            _positive("price", self.price)


class Fill(AccountEvent, frozen=True, kw_only=True, tag="fill"):
    """An execution: `quantity` above 0 at `price`; `fee` above 0 costs, below 0 is a rebate.

    `fee_currency`: without it, the fee is in the symbol's quote currency. `fee_rate` is the price of one unit of the fee's
    currency in the quote currency at the time of the fill: round trips value the fee at it. The monitor adds it if the sender
    does not.

    `signal_id` is the `event_id` of the signal behind it. `decision_price` is the price at which the strategy decided;
    without it the fill has no slippage. `arrival_price` is the mid when the order reached the market, `arrival_spread` the best
    ask less the best bid then; without them the fill is not in the shortfall. The monitor adds all three if the sender does
    not: from the signal, and from the last quote at or before the fill.

    `component` is the part of the strategy that its P&L is attributed to (a leg, a model); `main` if it is not given.
    """

    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal = ZERO
    fee_currency: str | None = None
    fee_rate: Decimal | None = None
    liquidity: Liquidity = Liquidity.UNKNOWN
    signal_id: str | None = None
    decision_price: Decimal | None = None
    arrival_price: Decimal | None = None
    arrival_spread: Decimal | None = None
    component: str | None = None

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        _text("symbol", self.symbol)
        _positive("quantity", self.quantity)
        _positive("price", self.price)
        exact("fee", self.fee)
        if self.fee_currency is not None:
            _text("fee_currency", self.fee_currency)
        if self.fee_rate is not None:
            _positive("fee_rate", self.fee_rate)
        if self.signal_id is not None:
            _text("signal_id", self.signal_id)
        if self.component is not None:
            _text("component", self.component)
        if self.decision_price is not None:
            _positive("decision_price", self.decision_price)
        if self.arrival_price is not None:
            _positive("arrival_price", self.arrival_price)
        if self.arrival_spread is not None:
            _not_negative("arrival_spread", self.arrival_spread)

    @property
    def signed_quantity(self) -> Decimal:
        """Above 0 for a buy, below 0 for a sell."""
        return self.quantity if self.side is Side.BUY else self.quantity.copy_negate()  # a minus would round


class Funding(AccountEvent, frozen=True, kw_only=True, tag="funding"):
    """A funding payment on an open position: `amount` above 0 is received, below 0 paid.

    `currency`: without it, the amount is in the symbol's quote currency. `rate` is the price of one unit of the amount's
    currency in the quote currency, as the `fee_rate` of a fill. `component`: as for a fill.
    """

    symbol: str
    amount: Decimal
    currency: str | None = None
    rate: Decimal | None = None
    component: str | None = None

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        _text("symbol", self.symbol)
        exact("amount", self.amount)
        if self.currency is not None:
            _text("currency", self.currency)
        if self.rate is not None:
            _positive("rate", self.rate)
        if self.component is not None:
            _text("component", self.component)


class CapitalFlow(AccountEvent, frozen=True, kw_only=True, tag="capital_flow"):
    """Capital moved into (above 0) or out of (below 0) a strategy, in the reporting currency."""

    amount: Decimal

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        exact("amount", self.amount)


class Void(AccountEvent, frozen=True, kw_only=True, tag="void"):
    """An earlier fill is void (busted): `voids` is its `event_id`, of the same source and strategy.

    The books become as if the fill had never happened.
    """

    voids: str

    def __post_init__(self) -> None:
        AccountEvent.__post_init__(self)
        _text("voids", self.voids)


AnyMarketEvent = Quote | Depth | MarketTrade
AnyAccountEvent = Signal | SignalEnd | Fill | Funding | CapitalFlow | Void
AnyEvent = AnyMarketEvent | AnyAccountEvent


def same_content(event: AnyAccountEvent, other: AnyAccountEvent) -> bool:
    """Whether two events of one identity have the same content. Fields that the monitor may add are not compared."""
    return _as_sent(event) == _as_sent(other)


def _as_sent(event: AnyAccountEvent) -> AnyAccountEvent:
    if isinstance(event, Fill):
        return msgspec.structs.replace(event, fee_rate=None, decision_price=None, arrival_price=None, arrival_spread=None)
    if isinstance(event, Funding) and event.rate is not None:
        return msgspec.structs.replace(event, rate=None)
    if isinstance(event, SignalEnd) and event.price is not None:
        return msgspec.structs.replace(event, price=None)
    return event


class Allocation(msgspec.Struct, frozen=True, kw_only=True):
    """What a strategy may do from its next order on: its share of the account's capital (0 to 1), and its state."""

    strategy: str
    weight: Decimal
    state: StrategyState

    def __post_init__(self) -> None:
        _text("strategy", self.strategy)
        exact("weight", self.weight)
        if not 0 <= self.weight <= 1:
            raise EventError("weight", self.weight, "is not between 0 and 1")


Storage = Literal["sqlite", "postgresql"]


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of an account of a certain size, in the reporting currency and as ratios."""

    name: str
    min_capital: Decimal
    max_capital: Decimal | None
    """The capital at which the next tier begins; None for the highest."""
    max_daily_loss: Decimal
    max_positions: int
    stop_loss_ratio: Decimal
    position_risk_ratio: Decimal
    strategies: frozenset[str] | None
    """The strategies that may trade; None for all."""
    storage: Storage
    """The storage that the journal needs."""

    def allows(self, strategy: str) -> bool:
        return self.strategies is None or strategy in self.strategies


def _utc(event: Event) -> None:
    time = event.time
    if time.tzinfo is not UTC:
        if time.utcoffset() is None:
            raise EventError("time", time.isoformat(), "has no time zone: send UTC, for example 2026-01-31T12:00:00Z")
        try:
            time = time.astimezone(UTC)
        except OverflowError:
            raise EventError("time", time.isoformat(), _OUT_OF_RANGE) from None
        msgspec.structs.force_setattr(event, "time", time)
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise EventError("time", time.isoformat(), _OUT_OF_RANGE)


def _text(field: str, value: str) -> None:
    if not 0 < len(value) <= MAX_TEXT:
        raise EventError(field, value[: MAX_TEXT + 1], f"has {len(value)} characters: 1 to {MAX_TEXT} are allowed")
    if "\0" in value:
        raise EventError(field, value, "holds the character NUL, which a database cannot keep")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise EventError(field, value, "is not valid Unicode") from None


def _number(field: str, value: int) -> None:
    if type(value) is not int:
        raise EventError(field, value, "is not a whole number")
    if not 0 <= value <= MAX_SEQ:
        raise EventError(field, value, f"is not between 0 and {MAX_SEQ}")


def _positive(field: str, value: Decimal) -> None:
    exact(field, value)
    if not value > 0:
        raise EventError(field, value, "is not above 0")


def _not_negative(field: str, value: Decimal) -> None:
    exact(field, value)
    if value < 0:
        raise EventError(field, value, "is below 0")
