"""The rows of a CSV file with their line numbers, and faults in one form for every kind of file."""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from genesis.core.errors import GenesisError

MAX_SHOWN = 80
"""Characters of a wrong value that a message repeats."""
NUMBER = "must be a number with a point for the fraction and nothing between the thousands, for example -1234.5"

_NUMBER = re.compile(r"[+-]?([0-9]{1,40}(\.[0-9]{0,40})?|\.[0-9]{1,40})([eE][+-]?[0-9]{1,2})?", re.ASCII)


class CsvFault(NamedTuple):
    """One thing wrong in a CSV file."""

    line: int
    """Counted from 1, the header included."""
    column: str
    """`(line)` or `(header)` where no single column is wrong."""
    value: str
    expected: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.column}: got {self.value[:MAX_SHOWN]!r}; {self.expected}"


class CsvError(GenesisError):
    """The text is not UTF-8, or not CSV."""

    def __init__(self, fault: CsvFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def read_csv(path: Path) -> bytes:
    """The content of a CSV file, plain or gzip (`.gz`).

    Raises:
        GenesisError: it cannot be read.
    """
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError, zlib.error) as error:
        raise GenesisError(f"{path}: cannot be read as CSV: {error}") from error


def csv_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """The line of each row's first cell, and its cells. Empty rows are left out.

    The text is UTF-8, with or without a byte order mark, with line ends of any system.

    Raises:
        CsvError: it is not UTF-8, or not CSV; the rows before it were yielded.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        value = repr(data[error.start : error.end])
        raise CsvError(CsvFault(line, "(line)", value, "must be UTF-8; save it as such")) from None
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise CsvError(CsvFault(line, "(line)", "", f"is not CSV: {error}")) from None


def is_number(text: str) -> bool:
    """Whether `text` is a finite decimal number as `NUMBER` describes it; an exponent is allowed."""
    return _NUMBER.fullmatch(text) is not None
