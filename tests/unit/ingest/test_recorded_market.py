from __future__ import annotations

import asyncio
import gzip
import math
import os
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice, pairwise
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from genesis.core.clock import SystemClock
from genesis.core.errors import MarketError
from genesis.core.models import AnyEvent, Depth, Fill, Level, MarketTrade, Quote, Side
from genesis.engine.engine import TradingEngine
from genesis.engine.paper import strategies_for
from genesis.ingest.recorded_market import FAULTS_LOGGED, RecordedMarket
from tests.unit.engine.market_data import FOUR

NS = 1_723_161_254_000_000_000
"""2024-08-08 23:54:14 UTC."""
BBO = "market,symbol,recv_time_ns,update_id,bid_price,bid_qty,ask_price,ask_qty"
TRADES = "market,symbol,recv_time_ns,exchange_time_ms,trade_id,price,qty,buyer_is_maker"
DEPTH = "market,symbol,recv_time_ns," + ",".join(
    f"{side}_{what}_{level}" for side in ("bid", "ask") for level in range(1, 21) for what in ("price", "qty")
)


def _bbo(milliseconds: int, bid: str = "100.1", ask: str = "100.3", market: str = "spot", symbol: str = "BTCUSDT") -> str:
    return f"{market},{symbol},{NS + milliseconds * 1_000_000},1,{bid},1.5,{ask},0.25"


def _trade(milliseconds: int, maker: str = "1", market: str = "spot", symbol: str = "BTCUSDT") -> str:
    return f"{market},{symbol},{NS + milliseconds * 1_000_000},0,7,100.2,0.5,{maker}"


def _depth(milliseconds: int, levels: int = 20) -> str:
    bids = [f"{100 - level * 0.1:.1f},{level + 1}" if level < levels else "," for level in range(20)]
    asks = [f"{100.5 + level * 0.1:.1f},{level + 1}" if level < levels else "," for level in range(20)]
    return f"spot,BTCUSDT,{NS + milliseconds * 1_000_000}," + ",".join(bids + asks)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(name: str, *lines: str, packed: bool = False) -> Path:
        data = ("\n".join(lines) + "\n").encode()
        path = tmp_path / (f"{name}.csv.gz" if packed else f"{name}.csv")
        path.write_bytes(gzip.compress(data) if packed else data)
        return tmp_path

    return write


@pytest.mark.parametrize("packed", [False, True])
def test_lines_become_events_plain_and_packed(write: Write, packed: bool) -> None:
    write("binance_bbo_x", BBO, _bbo(0), packed=packed)
    write("binance_trades_x", TRADES, _trade(1), _trade(2, maker="0"), packed=packed)
    folder = write("binance_l2_top20_1s_x", DEPTH, _depth(3), packed=packed)
    quote, sell, buy, depth = RecordedMarket(folder).events()
    assert quote == Quote(
        time=datetime(2024, 8, 8, 23, 54, 14, tzinfo=UTC),
        source="recorded",
        symbol="BTCUSDT.spot",
        bid=Decimal("100.1"),
        ask=Decimal("100.3"),
        bid_size=Decimal("1.5"),
        ask_size=Decimal("0.25"),
    )
    assert isinstance(sell, MarketTrade)
    assert isinstance(buy, MarketTrade)
    assert (sell.aggressor, sell.price, sell.quantity) == (Side.SELL, Decimal("100.2"), Decimal("0.5"))
    assert buy.aggressor is Side.BUY
    assert isinstance(depth, Depth)
    assert len(depth.bids) == len(depth.asks) == 20
    assert depth.asks[0] == Level(Decimal("100.5"), Decimal(1))


def test_files_and_symbols_are_merged_in_the_order_of_receipt(write: Write) -> None:
    write("binance_bbo_x", BBO, _bbo(0), _bbo(40), _bbo(10, symbol="ETHUSDT"), _bbo(30, market="usdm"), _bbo(50))
    folder = write("binance_trades_x", TRADES, _trade(20), _trade(45))
    events = list(RecordedMarket(folder).events())
    assert [(event.time.microsecond // 1000, event.symbol) for event in events] == [
        (0, "BTCUSDT.spot"),
        (10, "ETHUSDT.spot"),
        (20, "BTCUSDT.spot"),
        (30, "BTCUSDT.usdm"),
        (40, "BTCUSDT.spot"),
        (45, "BTCUSDT.spot"),
        (50, "BTCUSDT.spot"),
    ]


def test_a_market_can_be_played_again(write: Write) -> None:
    market = RecordedMarket(write("binance_bbo_x", BBO, _bbo(0), _bbo(1)))
    assert list(market.events()) == list(market.events())


def test_spot_and_futures_are_symbols_of_their_own_with_the_grid_of_their_numbers(write: Write) -> None:
    folder = write(
        "binance_bbo_x",
        BBO,
        _bbo(0, market="usdm"),
        _bbo(0, bid="99", ask="100.25"),
        _bbo(1, symbol="ETHUSDT"),
        _bbo(2, bid="99.5"),
    )
    market = RecordedMarket(folder)
    assert [(instrument.symbol, str(instrument.tick)) for instrument in market.instruments] == [
        ("BTCUSDT.spot", "0.01"),
        ("ETHUSDT.spot", "0.1"),
        ("BTCUSDT.usdm", "0.1"),
    ]
    assert {str(instrument.lot) for instrument in market.instruments} == {"0.01"}


def test_inverse_contracts_are_left_out_and_said_so(write: Write) -> None:
    folder = write("binance_bbo_x", BBO, _bbo(0), _bbo(1, market="coinm", symbol="BTCUSD_PERP"))
    with capture_logs() as logs:
        market = RecordedMarket(folder)
        events = list(market.events())
    assert {event.symbol for event in events} == {"BTCUSDT.spot"}
    (line,) = [log for log in logs if log["event"] == "recorded_symbols_left_out"]
    assert line["lines"] == {"BTCUSD_PERP.coinm": 1}
    assert "settled in coin" in line["reason"]
    assert market.refused == 0


@pytest.mark.parametrize(
    ("line", "column", "value"),
    [
        (_bbo(1, bid="abc"), "bid_price", "abc"),
        (_bbo(1, bid="NaN"), "bid_price", "NaN"),
        (_bbo(1, bid="-5"), "bid_price", "-5"),
        (_bbo(1, bid="1e2"), "bid_price", "1e2"),
        (_bbo(1, bid=""), "bid_price", ""),
        (_bbo(1, bid="0"), "bid_price", "0"),
        (_bbo(1, bid="100.4"), "ask_price", "100.3"),
        (_bbo(1, market="moon"), "market", "moon"),
        (_bbo(1, symbol=""), "symbol", ""),
        (_bbo(1, symbol="BTC USDT"), "symbol", "BTC USDT"),
        ("spot,BTCUSDT,soon,1,100.1,1,100.3,1", "recv_time_ns", "soon"),
        ("spot,BTCUSDT,99999999999999999999,1,100.1,1,100.3,1", "recv_time_ns", "99999999999999999999"),
        (_bbo(-5), "recv_time_ns", str(NS - 5_000_000)),
        ("spot,BTCUSDT,1", "(line)", "spot,BTCUSDT,1"),
        (_bbo(1) + ",1", "(line)", _bbo(1) + ",1"),
        ("spot", "(line)", "spot"),
        ("", "(line)", ""),
    ],
)
def test_a_malformed_line_is_refused_by_file_line_column_and_value_and_the_rest_goes_on(
    write: Write, line: str, column: str, value: str
) -> None:
    folder = write("binance_bbo_x", BBO, _bbo(0), line, _bbo(2))
    with capture_logs() as logs:
        market = RecordedMarket(folder)
        events = list(market.events())
    assert [event.time.microsecond for event in events] == [0, 2000]
    assert market.refused == 1
    (refusal,) = [log for log in logs if log["event"] == "recorded_line_refused"]
    assert (refusal["line"], refusal["column"], refusal["value"]) == (3, column, value)
    assert refusal["file"].endswith("binance_bbo_x.csv")


@pytest.mark.parametrize(
    ("line", "column"), [(_trade(1, maker="maybe"), "buyer_is_maker"), (_trade(1).replace(",0.5,", ",0,"), "qty")]
)
def test_a_malformed_trade_is_refused_by_column(write: Write, line: str, column: str) -> None:
    write("binance_bbo_x", BBO, _bbo(0))
    folder = write("binance_trades_x", TRADES, line)
    with capture_logs() as logs:
        assert len(list(RecordedMarket(folder).events())) == 1
    assert [log["column"] for log in logs if log["event"] == "recorded_line_refused"] == [column]


def test_a_depth_out_of_order_is_refused_and_a_thin_one_taken(write: Write) -> None:
    write("binance_bbo_x", BBO, _bbo(0))
    wrong = _depth(1).replace("100.6,2", "100.4,2")
    folder = write("binance_l2_top20_1s_x", DEPTH, wrong, _depth(2, levels=3))
    with capture_logs() as logs:
        _, depth = RecordedMarket(folder).events()
    assert isinstance(depth, Depth)
    assert len(depth.bids) == len(depth.asks) == 3
    assert [log["column"] for log in logs if log["event"] == "recorded_line_refused"] == ["asks"]


def test_bytes_that_are_no_text_are_refused_like_any_line(tmp_path: Path) -> None:
    lines = [BBO.encode(), _bbo(0).encode(), b"spot,\xff\xfe,1,1,1,1,1,1", _bbo(1).encode()]
    (tmp_path / "binance_bbo_x.csv").write_bytes(b"\n".join(lines))
    market = RecordedMarket(tmp_path)
    assert len(list(market.events())) == 2
    assert market.refused == 1


def test_of_many_malformed_lines_the_first_are_logged_and_all_counted(write: Write) -> None:
    folder = write("binance_bbo_x", BBO, _bbo(0), *["spot,BTCUSDT,x,1,1,1,1,1"] * 100, _bbo(1))
    with capture_logs() as logs:
        market = RecordedMarket(folder)
        assert len(list(market.events())) == 2
    assert market.refused == 100
    assert sum(log["event"] == "recorded_line_refused" for log in logs) == FAULTS_LOGGED
    assert logs[-1] == {"event": "recorded_lines_refused", "lines": 100, "log_level": "warning"}


def test_columns_are_found_by_name_not_by_place(write: Write) -> None:
    folder = write(
        "binance_bbo_x",
        "\ufeffask_qty,ask_price,bid_qty,bid_price,recv_time_ns,symbol,market",
        f"1,100.3,2,100.1,{NS},BTCUSDT,usdm",
    )
    (quote,) = RecordedMarket(folder).events()
    assert isinstance(quote, Quote)
    assert (quote.bid, quote.ask_size, quote.symbol) == (Decimal("100.1"), Decimal(1), "BTCUSDT.usdm")


def test_trades_of_a_symbol_without_quotes_are_left_out(write: Write) -> None:
    write("binance_bbo_x", BBO, _bbo(0))
    folder = write("binance_trades_x", TRADES, _trade(1, symbol="ETHUSDT"))
    market = RecordedMarket(folder)
    assert len(list(market.events())) == 1
    assert [instrument.symbol for instrument in market.instruments] == ["BTCUSDT.spot"]


def test_where_a_file_is_there_plain_and_packed_it_is_read_once(write: Write) -> None:
    write("binance_bbo_x", BBO, _bbo(0), packed=True)
    folder = write("binance_bbo_x", BBO, _bbo(0))
    assert len(list(RecordedMarket(folder).events())) == 1


def test_an_absent_folder_and_one_without_quotes_say_what_is_expected(tmp_path: Path, write: Write) -> None:
    with pytest.raises(MarketError, match=r"nowhere: is not a folder; .*binance_bbo_\*.csv"):
        RecordedMarket(tmp_path / "nowhere")
    with pytest.raises(MarketError, match=r"has no binance_bbo_\*.csv or .csv.gz"):
        RecordedMarket(tmp_path)
    folder = write("binance_bbo_x", BBO, _bbo(0, market="coinm"))
    with pytest.raises(MarketError, match="has no quote of the markets spot and usdm"):
        RecordedMarket(folder)


def test_a_file_instead_of_a_folder_is_refused(write: Write) -> None:
    with pytest.raises(MarketError, match="is not a folder"):
        RecordedMarket(write("binance_bbo_x", BBO, _bbo(0)) / "binance_bbo_x.csv")


@pytest.mark.parametrize("header", ["market,symbol,recv_time_ns,bid_price,bid_qty,ask_price", ""])
def test_a_missing_column_is_named(write: Write, header: str) -> None:
    with pytest.raises(MarketError, match=r"line 1 lacks the columns .*ask_qty"):
        RecordedMarket(write("binance_bbo_x", header, _bbo(0)))


def test_a_truncated_gzip_is_refused_by_name(tmp_path: Path) -> None:
    data = gzip.compress("\n".join([BBO, *(_bbo(number) for number in range(5000))]).encode())
    (tmp_path / "binance_bbo_x.csv.gz").write_bytes(data[: len(data) // 2])
    with pytest.raises(MarketError, match=r"binance_bbo_x.csv.gz: cannot be read after line \d+: .*fetch the file again"):
        RecordedMarket(tmp_path)


def test_what_is_no_gzip_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "binance_bbo_x.csv.gz").write_text("hello")
    with pytest.raises(MarketError, match=r"binance_bbo_x.csv.gz: cannot be read"):
        RecordedMarket(tmp_path)


def test_leaving_a_market_early_closes_its_files(write: Write) -> None:
    events = RecordedMarket(write("binance_bbo_x", BBO, _bbo(0), _bbo(1), packed=True)).events()
    next(events)
    events.close()  # an open file would be a ResourceWarning, and warnings are errors


@pytest.fixture
def recording() -> Path:
    """The real recording, where it is at hand."""
    folder = os.environ.get("GENESIS_TEST_DATA")
    if folder is None:
        pytest.skip("GENESIS_TEST_DATA does not name the folder with the recorded market")
    return Path(folder)


def test_the_first_minutes_of_the_recording_are_merged_in_order_without_a_refusal(recording: Path) -> None:
    market = RecordedMarket(recording)
    assert [instrument.symbol for instrument in market.instruments] == [
        "BTCUSDT.spot",
        "ETHUSDT.spot",
        "BTCUSDT.usdm",
        "ETHUSDT.usdm",
    ]
    events = market.events()
    times = [event.time for event in islice(events, 50_000)]
    events.close()
    assert all(one <= two for one, two in pairwise(times))
    assert market.refused == 0


def test_strategies_trade_on_the_recording(recording: Path) -> None:
    market = RecordedMarket(recording)
    accounts = strategies_for(FOUR, market.instruments, goes_bad_after=60)
    engine = TradingEngine(market, accounts, clock=SystemClock(), run_id="run", speed=math.inf)
    fills: Counter[str] = Counter()

    async def count(event: AnyEvent) -> None:
        if isinstance(event, Fill):
            fills[event.strategy] += 1

    engine.subscribe(count)
    asyncio.run(engine.run())
    assert len(fills) >= 3, fills
    assert fills["statistical_arb"] > 100
