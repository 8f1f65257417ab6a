"""A statement in CSV → `Statement`, or all its faults with line, column and value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal, Inexact, InvalidOperation

from genesis.core.errors import GenesisError
from genesis.core.models import MAX_TEXT
from genesis.core.statement import WHOLE_ACCOUNT, Item, Statement
from genesis.ingest.csv_table import MAX_SHOWN, NUMBER, CsvError, CsvFault, csv_rows, is_number

COLUMNS = ("strategy", "symbol", "currency", "quantity")
_REQUIRED = ("symbol", "quantity")
MAX_ROWS = 10_000
_MAX_FAULTS = 100
# An amount in the books has at most 36 decimal places, those of a price times a quantity.
_QUANTUM = Decimal("1e-40")
_ENTRY = Context(prec=90, traps=[Inexact, InvalidOperation])


class StatementError(GenesisError):
    """A statement has faults; all of them are listed, up to a hundred."""

    def __init__(self, faults: Sequence[CsvFault]) -> None:
        super().__init__("wrong statement:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = tuple(faults)


def read_statement(data: bytes) -> Statement:
    """Read CSV in UTF-8, with or without a byte order mark: a header with `COLUMNS` in any order, then the rows.

    Raises:
        StatementError: with all faults.
    """
    reader = _Reader()
    try:
        for line, cells in csv_rows(data):
            reader.take(line, cells)
    except CsvError as error:
        raise StatementError([error.fault]) from None
    return reader.finish()


class _Reader:
    def __init__(self) -> None:
        self._columns: tuple[str, ...] | None = None
        self._positions: dict[Item, tuple[int, Decimal]] = {}
        self._cash: dict[Item, tuple[int, Decimal]] = {}
        self._faults: list[CsvFault] = []

    def take(self, line: int, cells: list[str]) -> None:
        if self._columns is None:
            self._columns = _header(line, cells)
            return
        if len(self._positions) + len(self._cash) >= MAX_ROWS:
            raise _wrong(line, "(line)", ",".join(cells), f"is one row more than {MAX_ROWS}")
        try:
            self._row(line, cells, self._columns)
        except StatementError as error:
            self._faults += error.faults
            if len(self._faults) >= _MAX_FAULTS:
                raise StatementError(self._faults[:_MAX_FAULTS]) from None

    def finish(self) -> Statement:
        if self._columns is None:
            raise _wrong(1, "(header)", "", f"the file is empty: it begins with a line {','.join(COLUMNS)}")
        self._faults += [*_mixed(self._positions), *_mixed(self._cash)]
        if self._faults:
            raise StatementError(self._faults[:_MAX_FAULTS])
        return Statement(
            {item: quantity for item, (_, quantity) in self._positions.items()},
            {item: quantity for item, (_, quantity) in self._cash.items()},
        )

    def _row(self, line: int, cells: list[str], columns: tuple[str, ...]) -> None:
        if len(cells) != len(columns):
            right = f"must have {len(columns)} cells as the header has, not {len(cells)}"
            raise _wrong(line, "(line)", ",".join(cells), right)
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
        strategy, symbol, currency = row.get("strategy", ""), row["symbol"], row.get("currency", "")
        for column, value in (("strategy", strategy), ("symbol", symbol), ("currency", currency)):
            if len(value) > MAX_TEXT or "\0" in value:
                raise _wrong(line, column, value, f"must have at most {MAX_TEXT} characters, and no NUL")
        if bool(symbol) == bool(currency):
            right = "a row is of a symbol or of a currency: fill exactly one of the two"
            raise _wrong(line, "symbol", symbol, right if "currency" in columns else "must not be empty")
        item, rows = Item(strategy or WHOLE_ACCOUNT, symbol or currency), self._positions if symbol else self._cash
        quantity = _quantity(line, row["quantity"])
        if item in rows:
            right = f"is in line {rows[item][0]} already: one row for each"
            raise _wrong(line, "symbol" if symbol else "currency", item.name, right)
        rows[item] = line, quantity


def _header(line: int, cells: Iterable[str]) -> tuple[str, ...]:
    columns = tuple(cell.strip().lower() for cell in cells)
    for column in columns:
        if column not in COLUMNS:
            raise _wrong(line, "(header)", column, f"there is no such column; there are {', '.join(COLUMNS)}, with commas")
        if columns.count(column) > 1:
            raise _wrong(line, "(header)", column, "appears twice")
    for column in _REQUIRED:
        if column not in columns:
            raise _wrong(line, "(header)", ",".join(columns), f"the column {column} is missing")
    return columns


def _quantity(line: int, text: str) -> Decimal:
    if not is_number(text):
        raise _wrong(line, "quantity", text, NUMBER)
    try:
        return _ENTRY.quantize(Decimal(text), _QUANTUM).normalize(_ENTRY)
    except (Inexact, InvalidOperation):
        raise _wrong(line, "quantity", text, "must have at most 40 digits before the point and 40 after it") from None


def _mixed(rows: dict[Item, tuple[int, Decimal]]) -> Iterator[CsvFault]:
    """A strategy's position and the account's would be compared twice."""
    whole = [line for item, (line, _) in rows.items() if item.strategy == WHOLE_ACCOUNT]
    if whole and len(whole) < len(rows):
        yield CsvFault(whole[0], "strategy", "", "must be named in every row or in none; positions and cash each")


def _wrong(line: int, column: str, value: str, expected: str) -> StatementError:
    return StatementError([CsvFault(line, column, value[:MAX_SHOWN], expected)])
