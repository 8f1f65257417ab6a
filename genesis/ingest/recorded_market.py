"""A recorded market: best bid and ask, trades and depth from CSV files, merged by the time of their receipt.

A file may hold the lines of several (market, symbol) pairs, also mixed; the lines of one pair must be in order of time. Each
pair is read as a stream of its own and the streams are merged, so that only one line of each is in memory.
"""

from __future__ import annotations

import gzip
import heapq
import re
import zlib
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import structlog

from genesis.core.errors import MarketError
from genesis.core.instrument import Instrument
from genesis.core.models import AnyMarketEvent
from genesis.ingest.recorded_rows import BBO, KINDS, Kind, LineError, Row

EXPECTED = (
    "expected is a folder with binance_bbo_*.csv, and for trades and depth binance_trades_*.csv and binance_l2_top20_1s_*.csv, "
    "each plain or gzip (.csv.gz)"
)
LINEAR_MARKETS = ("spot", "usdm")
"""The markets whose profit is in USDT."""
INVERSE_MARKETS = ("coinm",)
"""Contracts of a fixed USD value, settled in coin: their profit is not quantity × price change, so they are left out."""
FAULTS_LOGGED = 20
"""For each file; further ones are only counted."""
GRID_ROWS = 2000
"""A symbol's tick and lot are taken from the digits of this many of its quotes."""
SOURCE = "recorded"

_SYMBOL = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_log = structlog.get_logger(__name__)


class _Span(NamedTuple):
    """The range of a (market, symbol) in a file: the numbers of its first and last line."""

    path: Path
    kind: Kind
    market: str
    symbol: str
    first: int
    last: int

    @property
    def name(self) -> str:
        """The symbol as the engine knows it: spot and futures of one name are two symbols."""
        return f"{self.symbol}.{self.market}"


class RecordedMarket:
    """The recorded market of a folder; its events can be read more than once.

    A line that cannot be read is refused with file, line, column and value, and counted in `refused`; the others go on.

    Raises:
        MarketError: the folder or its best-bid-and-ask file is missing, or a file is damaged or lacks columns.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise MarketError(f"market {folder}: is not a folder; {EXPECTED}")
        self.refused = 0
        self._faults: dict[Path, int] = {}
        self._grids: dict[str, tuple[int, int]] = {}
        """Most digits behind the point of price and quantity, by symbol."""
        self._spans: list[_Span] = []
        for kind in KINDS:
            files = _files(folder, kind.pattern)
            if not files and kind is BBO:
                raise MarketError(f"market {folder}: has no {kind.pattern}.csv or .csv.gz; {EXPECTED}")
            if not files:
                _log.warning("recorded_files_missing", folder=str(folder), pattern=kind.pattern)
            for path in files:
                self._spans += self._scan(path, kind)
        quoted = dict.fromkeys(span.name for span in self._spans if span.kind is BBO)
        if not quoted:
            raise MarketError(f"market {folder}: has no quote of the markets {' and '.join(LINEAR_MARKETS)}; {EXPECTED}")
        self._spans = [span for span in self._spans if span.name in quoted]
        self.instruments = tuple(self._instrument(name) for name in sorted(quoted, key=_market_first))

    def events(self) -> Generator[AnyMarketEvent, None, None]:
        """Every event in the order of its receipt; its time is the recorder's."""
        with ExitStack() as opened:
            streams = [
                self._stream(number, span, opened.enter_context(_open(span.path))) for number, span in enumerate(self._spans)
            ]
            for _, _, event in heapq.merge(*streams):
                yield event
        if self.refused:
            _log.warning("recorded_lines_refused", lines=self.refused)

    def _scan(self, path: Path, kind: Kind) -> list[_Span]:
        """Read a file once: find each symbol's range and the digits of its numbers; refuse lines without a symbol."""
        spans: dict[tuple[str, str], _Span] = {}
        left_out: Counter[str] = Counter()
        number = 0
        try:
            with _open(path) as lines:
                columns = _columns(path, kind, lines.readline())
                for number, line in enumerate(lines, start=2):
                    row = Row(columns, _text(line))
                    try:
                        market, symbol = _identity(row)
                    except LineError as error:
                        self._refuse(path, number, error)
                        continue
                    if market in INVERSE_MARKETS:
                        left_out[f"{symbol}.{market}"] += 1
                        continue
                    span = spans.get((market, symbol)) or _Span(path, kind, market, symbol, number, number)
                    spans[market, symbol] = span._replace(last=number)
                    if kind is BBO:
                        self._note_grid(span.name, row, number - span.first)
        except (OSError, EOFError, zlib.error) as error:
            raise MarketError(f"{path}: cannot be read after line {number}: {error}; fetch the file again") from error
        if left_out:
            _log.info(
                "recorded_symbols_left_out", file=path.name, lines=dict(left_out), reason="inverse contracts, settled in coin"
            )
        return list(spans.values())

    def _note_grid(self, name: str, row: Row, seen: int) -> None:
        """Remember the most digits behind the point of the symbol's prices and quantities."""
        if seen > GRID_ROWS:
            return
        price, quantity = self._grids.get(name, (0, 0))
        self._grids[name] = (
            max(price, row.digits("bid_price"), row.digits("ask_price")),
            max(quantity, row.digits("bid_qty"), row.digits("ask_qty")),
        )

    def _instrument(self, name: str) -> Instrument:
        price, quantity = self._grids[name]
        return Instrument(name, Decimal(1).scaleb(-price), Decimal(1).scaleb(-quantity))

    def _stream(self, number: int, span: _Span, lines: BinaryIO) -> Iterator[tuple[int, int, AnyMarketEvent]]:
        """The events of one (market, symbol) of one file, as (time in ns, number of the stream, event)."""
        columns = _columns(span.path, span.kind, lines.readline())
        last = 0
        for line_number, line in enumerate(islice(lines, span.first - 2, span.last - 1), start=span.first):
            row = Row(columns, _text(line))
            if not row.belongs_to(span.market, span.symbol):
                continue
            try:
                nanoseconds = row.nanoseconds(last)
                event = span.kind.parse(row, nanoseconds, span.name, SOURCE)
            except LineError as error:
                self._refuse(span.path, line_number, error)
                continue
            last = nanoseconds
            yield nanoseconds, number, event

    def _refuse(self, path: Path, line: int, error: LineError) -> None:
        self.refused += 1
        self._faults[path] = self._faults.get(path, 0) + 1
        if self._faults[path] <= FAULTS_LOGGED:
            _log.warning(
                "recorded_line_refused", file=str(path), line=line, column=error.column, value=error.value, reason=error.reason
            )


def _files(folder: Path, pattern: str) -> list[Path]:
    """The files of a kind by name; of a file that exists plain and as gzip, the plain one."""
    packed = {path.name.removesuffix(".gz"): path for path in folder.glob(f"{pattern}.csv.gz")}
    plain = {path.name: path for path in folder.glob(f"{pattern}.csv")}
    return [path for _, path in sorted((packed | plain).items())]


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()


def _columns(path: Path, kind: Kind, header: bytes) -> dict[str, int]:
    """The position of each column by name."""
    columns = {name: position for position, name in enumerate(_text(header).removeprefix("\ufeff").split(","))}
    missing = [name for name in kind.columns if name not in columns]
    if missing:
        raise MarketError(f"{path}: line 1 lacks the columns {', '.join(missing)}; expected are {', '.join(kind.columns)}")
    return columns


def _identity(row: Row) -> tuple[str, str]:
    market, symbol = row.text("market"), row.text("symbol")
    if market not in LINEAR_MARKETS + INVERSE_MARKETS:
        raise LineError("market", market, f"is none of {', '.join(LINEAR_MARKETS + INVERSE_MARKETS)}")
    if not _SYMBOL.fullmatch(symbol):
        raise LineError("symbol", symbol, "is not a symbol: 1 to 64 letters, digits, '_', '.' or '-'")
    return market, symbol


def _market_first(name: str) -> tuple[str, str]:
    """Sort key: the symbols of one market are neighbours, as the first two of a market belong together."""
    symbol, _, market = name.rpartition(".")
    return market, symbol
