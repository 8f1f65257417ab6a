"""Rows of recorded market files: the names and columns of each kind of file, and how a row becomes an event."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from genesis.core.errors import EventError
from genesis.core.models import AnyMarketEvent, Depth, Level, MarketTrade, Quote, Side

DEPTH_LEVELS = 20
MAX_NANOSECONDS = 4_102_444_800 * 10**9
"""The year 2100: a later time of receipt is a fault."""
VALUE_SHOWN = 80

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,18})?")


class LineError(ValueError):
    """One line cannot be read: its column, the value there, and what is wrong with it."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(f"{column}: {value[:VALUE_SHOWN]!r} {reason}")
        self.column = column
        self.value = value[:VALUE_SHOWN]
        self.reason = reason


class Row:
    """One line, with its fields by column name; the files hold numbers and names, and no quotation marks."""

    __slots__ = ("_columns", "_fields", "_line")

    def __init__(self, columns: dict[str, int], line: str) -> None:
        self._columns = columns
        self._line = line
        self._fields = line.split(",")

    def text(self, column: str) -> str:
        """The field's text as it is.

        Raises:
            LineError: the line is too short to have it.
        """
        position = self._columns[column]
        if position >= len(self._fields):
            raise self._wrong_length()
        return self._fields[position]

    def belongs_to(self, market: str, symbol: str) -> bool:
        fields, columns = self._fields, self._columns
        return (
            len(fields) > max(columns["market"], columns["symbol"])
            and fields[columns["symbol"]] == symbol
            and fields[columns["market"]] == market
        )

    def number(self, column: str) -> Decimal:
        """The field as a plain decimal number, not below 0."""
        text = self.text(column)
        if not _NUMBER.fullmatch(text):
            raise LineError(column, text, "is not a plain decimal number, for example 61837.63")
        return Decimal(text)

    def digits(self, column: str) -> int:
        """How many digits the field has after the point; 0 if it is not a number."""
        position = self._columns[column]
        text = self._fields[position] if position < len(self._fields) else ""
        return len(text.partition(".")[2]) if _NUMBER.fullmatch(text) else 0

    def nanoseconds(self, last: int) -> int:
        """When the recorder received the line, in ns since 1970; `last` is the time of the symbol's previous line.

        Raises:
            LineError: the line has too many or too few fields, no such time, or one before `last`.
        """
        if len(self._fields) != len(self._columns):
            raise self._wrong_length()
        text = self.text("recv_time_ns")
        if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < MAX_NANOSECONDS):  # noqa: PLR2004 - int64
            raise LineError("recv_time_ns", text, "is not a time in nanoseconds since 1970, before 2100")
        nanoseconds = int(text)
        if nanoseconds < last:
            raise LineError("recv_time_ns", text, f"is before {last}, the time of the symbol's previous line")
        return nanoseconds

    def _wrong_length(self) -> LineError:
        return LineError("(line)", self._line, f"has {len(self._fields)} columns instead of {len(self._columns)}")


class Kind(NamedTuple):
    """One kind of file."""

    pattern: str
    columns: tuple[str, ...]
    parse: Callable[[Row, int, str, str], AnyMarketEvent]
    """(row, ns since 1970, symbol, source) → event, or LineError."""


def _quote(row: Row, nanoseconds: int, symbol: str, source: str) -> Quote:
    bid, ask = row.number("bid_price"), row.number("ask_price")
    try:
        return Quote(
            time=_time(nanoseconds),
            source=source,
            symbol=symbol,
            bid=bid,
            ask=ask,
            bid_size=row.number("bid_qty"),
            ask_size=row.number("ask_qty"),
        )
    except EventError as error:
        raise LineError(f"{error.field}_price", str(error.value), error.reason) from error


def _trade(row: Row, nanoseconds: int, symbol: str, source: str) -> MarketTrade:
    price, quantity, maker = row.number("price"), row.number("qty"), row.text("buyer_is_maker")
    aggressor = {"1": Side.SELL, "0": Side.BUY}.get(maker)
    if aggressor is None:
        raise LineError("buyer_is_maker", maker, "is neither 0 nor 1")
    try:
        return MarketTrade(
            time=_time(nanoseconds), source=source, symbol=symbol, price=price, quantity=quantity, aggressor=aggressor
        )
    except EventError as error:
        raise LineError({"quantity": "qty"}.get(error.field, error.field), str(error.value), error.reason) from error


def _depth(row: Row, nanoseconds: int, symbol: str, source: str) -> Depth:
    bids, asks = _levels(row, "bid"), _levels(row, "ask")
    try:
        return Depth(time=_time(nanoseconds), source=source, symbol=symbol, bids=bids, asks=asks)
    except EventError as error:
        raise LineError(error.field, str(error.value), error.reason) from error


def _levels(row: Row, side: str) -> tuple[Level, ...]:
    """The levels of one side up to the first empty one: a thin book has fewer than the columns hold."""
    levels = []
    for level in range(1, DEPTH_LEVELS + 1):
        if not row.text(f"{side}_price_{level}"):
            break
        levels.append(Level(row.number(f"{side}_price_{level}"), row.number(f"{side}_qty_{level}")))
    return tuple(levels)


def _time(nanoseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


_COMMON = ("market", "symbol", "recv_time_ns")

BBO = Kind("binance_bbo_*", (*_COMMON, "bid_price", "bid_qty", "ask_price", "ask_qty"), _quote)
TRADES = Kind("binance_trades_*", (*_COMMON, "price", "qty", "buyer_is_maker"), _trade)
DEPTH = Kind(
    "binance_l2_top20_1s_*",
    (*_COMMON, *(f"{side}_{what}_{level}" for side in ("bid", "ask") for level in range(1, 21) for what in ("price", "qty"))),
    _depth,
)
KINDS = (BBO, TRADES, DEPTH)
