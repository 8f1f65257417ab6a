"""Recorded live fills as events: a perpetual exchange's own history, exported as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

from genesis.core.errors import EventError, GenesisError
from genesis.core.models import Fill, Liquidity, Side
from genesis.core.money import ZERO, exact, exact_arithmetic
from genesis.ingest.csv_table import NUMBER, CsvError, CsvFault, csv_rows, is_number, read_csv

COLUMNS = ("seq", "account", "coin", "time_utc", "side", "price", "size", "closed_pnl", "fee", "crossed")
"""The required columns. `start_position` is used if the file has it; other columns are ignored."""
_MAX_FAULTS = 20
_MAX_SEQ_DIGITS = 18
_COLUMN_OF = {"symbol": "coin", "quantity": "size", "strategy": "account", "event_id": "seq", "time": "time_utc"}
"""Field of an event → column of the file."""
_LIQUIDITY = {"1": Liquidity.TAKER, "0": Liquidity.MAKER}


class RecordedFill(NamedTuple):
    """A fill, and the exchange's own figures of it."""

    line: int
    """Of the file."""
    seq: int
    fill: Fill
    closed_pnl: Decimal
    """The P&L that it realised, in USD, before the fee."""
    start_position: Decimal | None
    """The signed position before it; None if the file lacks the column."""


class Recording(NamedTuple):
    """The content of a file of fills."""

    fills: tuple[RecordedFill, ...]
    """In the order of `seq`."""
    spot: int
    """Rows of spot pairs, which are left out."""


class _RowError(Exception):
    def __init__(self, column: str, value: str, expected: str) -> None:
        super().__init__(column)
        self.column, self.value, self.expected = column, value, expected


def read_fills(path: Path) -> Recording:
    """The perpetual fills of a file (plain or .gz), in the order of its `seq` column; the account is the strategy.

    Spot pairs (named @N) are left out and counted, as their fees are charged in the bought coin.

    Raises:
        GenesisError: the file cannot be read, lacks a column, or has a fault: a row that cannot be read, a repeated
            `seq`, times that go back, or a row whose `start_position` shows that fills before it are missing. All faults are
            named with line, column and value, up to 20.
    """
    try:
        rows = list(csv_rows(read_csv(path)))
    except CsvError as error:
        raise GenesisError(f"{path}: {error}") from None
    header = [cell.strip() for cell in rows[0][1]] if rows else []
    missing = [column for column in COLUMNS if column not in header]
    if missing:
        raise GenesisError(f"{path}: has no column {', '.join(missing)}; needed are {', '.join(COLUMNS)}, with commas")
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise GenesisError(f"{path}: has the column {', '.join(twice)} twice")
    if len(rows) == 1:
        raise GenesisError(f"{path}: has a header and no rows; is the download complete?")
    recording, faults = _read(rows[1:], header)
    # An unreadable row would show up as a missing fill as well.
    faults = faults or sorted([*_repeats(recording.fills), *_gaps(recording.fills)])
    if faults:
        shown = "\n".join(f"  {fault}" for fault in faults[:_MAX_FAULTS])
        more = f"\n  and {len(faults) - _MAX_FAULTS} more" if len(faults) > _MAX_FAULTS else ""
        raise GenesisError(f"{path}: nothing is booked, as it has faults:\n{shown}{more}")
    return recording


def _read(rows: Iterable[tuple[int, list[str]]], header: list[str]) -> tuple[Recording, list[CsvFault]]:
    fills: list[RecordedFill] = []
    faults: list[CsvFault] = []
    spot = 0
    for line, cells in rows:
        if len(cells) != len(header):
            right = f"must have {len(header)} cells as the header has, not {len(cells)}: is the row cut off?"
            faults.append(CsvFault(line, "(line)", ",".join(cells), right))
            continue
        row = dict(zip(header, (cell.strip() for cell in cells), strict=True))
        if row["coin"].startswith("@"):
            spot += 1
            continue
        try:
            fills.append(_recorded(line, row))
        except _RowError as error:
            faults.append(CsvFault(line, error.column, error.value, error.expected))
    return Recording(tuple(sorted(fills, key=attrgetter("seq"))), spot), faults


def _recorded(line: int, row: Mapping[str, str]) -> RecordedFill:
    seq = row["seq"]
    if not (seq.isascii() and seq.isdigit() and len(seq) <= _MAX_SEQ_DIGITS):
        raise _RowError("seq", seq, "must be a whole number, the place of the fill in the account's history")
    side, crossed = row["side"].lower(), row["crossed"]
    if side not in {choice.value for choice in Side}:
        raise _RowError("side", row["side"], "must be buy or sell")
    if crossed not in _LIQUIDITY:
        raise _RowError("crossed", crossed, "must be 1 (taker) or 0 (maker)")
    try:
        fill = Fill(
            time=_time(row["time_utc"]),
            source="recorded",
            event_id=f"{row['account']}-{int(seq)}",
            strategy=row["account"],
            symbol=row["coin"],
            side=Side(side),
            quantity=_decimal(row, "size"),
            price=_decimal(row, "price"),
            fee=_decimal(row, "fee"),
            fee_currency="USDC",
            liquidity=_LIQUIDITY[crossed],
        )
    except EventError as error:
        column = _COLUMN_OF.get(error.field, error.field)
        raise _RowError(column, row.get(column, str(error.value)), error.reason) from None
    start = _decimal(row, "start_position") if "start_position" in row else None
    return RecordedFill(line, int(seq), fill, _decimal(row, "closed_pnl"), start)


def _time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _RowError("time_utc", text, "must be a time in UTC, for example 2026-11-01T11:00Z or 2026-11-01T11:00:30Z")


def _decimal(row: Mapping[str, str], column: str) -> Decimal:
    text = row[column]
    if not is_number(text):
        raise _RowError(column, text, NUMBER)
    value = Decimal(text)
    try:
        exact(column, value)
    except EventError as error:
        raise _RowError(column, text, error.reason) from None
    return value


def _repeats(fills: Iterable[RecordedFill]) -> Iterator[CsvFault]:
    """A `seq` that an account has twice: one of the two rows would not be booked."""
    seen: dict[tuple[str, int], int] = {}
    for recorded in fills:
        first = seen.setdefault((recorded.fill.strategy, recorded.seq), recorded.line)
        if first != recorded.line:
            yield CsvFault(recorded.line, "seq", str(recorded.seq), f"line {first} has it already for {recorded.fill.strategy}")


def _gaps(fills: Iterable[RecordedFill]) -> Iterator[CsvFault]:
    """Where an account's fills in a coin do not follow each other: the time goes back, or a fill is missing in between."""
    last: dict[tuple[str, str], RecordedFill] = {}
    for recorded in fills:
        key = recorded.fill.strategy, recorded.fill.symbol
        before = last.get(key)
        last[key] = recorded
        if before is None:
            continue
        if recorded.fill.time < before.fill.time:
            right = f"is before line {before.line}, which has a lower seq: seq must rise with the time"
            yield CsvFault(recorded.line, "time_utc", f"{recorded.fill.time:%Y-%m-%dT%H:%M:%SZ}", right)
        position = _position_after(before)
        if recorded.start_position is not None and position is not None and recorded.start_position != position:
            right = f"after line {before.line} {key[0]} holds {position:f} {key[1]}: fills between the two lines are missing"
            yield CsvFault(recorded.line, "start_position", f"{recorded.start_position:f}", right)


def _position_after(recorded: RecordedFill) -> Decimal | None:
    """The signed position after a fill, by the exchange's own record; None if the file does not have it."""
    if recorded.start_position is None:
        return None
    with exact_arithmetic():
        return (recorded.start_position + recorded.fill.signed_quantity) or ZERO
