"""Recorded live fills as events: a perpetual exchange's own history, exported as CSV."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

import structlog

from genesis.core.errors import GenesisError
from genesis.core.models import Fill, Liquidity, Side

_COLUMNS = ("seq", "account", "coin", "time_utc", "side", "price", "size", "closed_pnl", "fee", "crossed")
_log = structlog.get_logger(__name__)


class RecordedFill(NamedTuple):
    """A fill, and what the exchange says that it realised (in USD, before the fee)."""

    fill: Fill
    closed_pnl: Decimal


def read_fills(path: Path) -> Iterator[RecordedFill]:
    """The perpetual fills of a file (plain or .gz), in the order of its `seq` column; the account is the strategy.

    Spot pairs (named @N) are left out, as their fees are charged in the bought coin. A malformed row is left out with a
    log line that names file, line, column and value.

    Raises:
        GenesisError: the file cannot be read, or lacks a column.
    """
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        rows = list(csv.DictReader(io.StringIO(text.decode("utf-8"))))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise GenesisError(f"{path}: cannot be read as CSV: {error}") from error
    missing = [column for column in _COLUMNS if not rows or column not in rows[0]]
    if missing:
        raise GenesisError(f"{path}: has no column {', '.join(missing)}; needed are {', '.join(_COLUMNS)}")
    spot = 0
    for line, row in enumerate(rows, start=2):
        if row["coin"].startswith("@"):
            spot += 1
            continue
        try:
            yield _recorded(row)
        except (ValueError, InvalidOperation, TypeError) as error:
            _log.warning("row left out", file=path.name, line=line, reason=str(error) or type(error).__name__, row=row)
    if spot:
        _log.info("spot fills left out: their fees are in the bought coin", file=path.name, rows=spot)


def _recorded(row: dict[str, str]) -> RecordedFill:
    fill = Fill(
        time=datetime.strptime(row["time_utc"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC),
        source="recorded",
        event_id=f"{row['account']}-{row['seq']}",
        strategy=row["account"],
        symbol=row["coin"],
        side=Side(row["side"].lower()),
        quantity=_decimal("size", row["size"]),
        price=_decimal("price", row["price"]),
        fee=_decimal("fee", row["fee"]),
        fee_currency="USDC",
        liquidity=Liquidity.TAKER if row["crossed"] == "1" else Liquidity.MAKER,
    )
    return RecordedFill(fill, _decimal("closed_pnl", row["closed_pnl"]))


def _decimal(column: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{column}: {text!r} is not a number") from None
