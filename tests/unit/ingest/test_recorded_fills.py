"""A file of recorded fills is read right, or refused with line, column and value."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from genesis.core.errors import GenesisError
from genesis.core.models import Liquidity, Side
from genesis.ingest.recorded_fills import read_fills

HEAD = "seq,account,coin,time_utc,side,price,size,closed_pnl,fee,crossed"
CHAINED = f"{HEAD},start_position"
FIRST = "1,acct,BTC,2026-11-01T10:00Z,Buy,50000,1,0,25,1"
SECOND = "2,acct,BTC,2026-11-01T11:00:30Z,SELL,51000.5,0.25,250.125,-1.5,0"
FAULTS = (
    (FIRST.replace("50000", '"50,000"'), "line 3: price: got '50,000'; must be a number with a point"),
    (FIRST.replace("50000", "5_000"), "line 3: price: got '5_000'; must be a number"),
    (FIRST.replace("50000", "nan"), "line 3: price: got 'nan'; must be a number"),
    (FIRST.replace("50000", "-inf"), "line 3: price: got '-inf'; must be a number"),
    (FIRST.replace("50000", ""), "line 3: price: got ''; must be a number"),
    (FIRST.replace("50000", "-50000"), "line 3: price: got '-50000'; is not above 0"),
    (FIRST.replace("50000", "1e16"), "line 3: price: got '1e16'; is not below 1e15 in size"),
    (FIRST.replace(",1,0,", ",-1,0,"), "line 3: size: got '-1'; is not above 0"),
    (FIRST.replace(",1,0,", ",0,0,"), "line 3: size: got '0'; is not above 0"),
    (FIRST.replace(",0,25", ",inf,25"), "line 3: closed_pnl: got 'inf'; must be a number"),
    (FIRST.replace(",25,", ",free,"), "line 3: fee: got 'free'; must be a number"),
    (FIRST.replace("Buy", "Long"), "line 3: side: got 'Long'; must be buy or sell"),
    (FIRST.removesuffix("1") + "true", "line 3: crossed: got 'true'; must be 1 (taker) or 0 (maker)"),
    (FIRST.replace("T10:00Z", "T10:00"), "line 3: time_utc: got '2026-11-01T10:00'; must be a time in UTC"),
    (FIRST.replace("2026-11-01T10:00Z", "01/11/2026"), "line 3: time_utc: got '01/11/2026'; must be a time in UTC"),
    (FIRST.replace("2026", "1901"), "line 3: time_utc: got '1901-11-01T10:00Z'; is not in the years"),
    (FIRST.replace("1,acct", "1.5,acct"), "line 3: seq: got '1.5'; must be a whole number"),
    (FIRST.replace("acct", ""), "line 3: account: got ''; has 0 characters"),
    (FIRST.replace("BTC", ""), "line 3: coin: got ''; has 0 characters"),
    ("1,acct", "line 3: (line): got '1,acct'; must have 10 cells as the header has, not 2"),
    (FIRST + ",7", "not 11"),
    (FIRST.replace("BTC", '"BTC'), "line 3: (line): got ''; is not CSV"),
    (FIRST.replace("1,acct", "2,acct"), "line 3: seq: got '2'; line 2 has it already for acct"),
    (FIRST.replace("1,acct", "3,acct"), "line 3: time_utc: got '2026-11-01T10:00:00Z'; is before line 2"),
)
"""A row below `SECOND`, and what is said of the file."""


def written(folder: Path, text: str | bytes, name: str = "fills.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def complaint(path: Path) -> str:
    with pytest.raises(GenesisError) as error:
        read_fills(path)
    return str(error.value)


def test_every_column_is_read(tmp_path: Path) -> None:
    one = read_fills(written(tmp_path, f"{CHAINED}\n{SECOND},1.5\n")).fills[0]
    fill = one.fill
    assert (one.line, one.seq, one.closed_pnl, one.start_position) == (2, 2, Decimal("250.125"), Decimal("1.5"))
    assert (fill.strategy, fill.symbol, fill.side, fill.liquidity) == ("acct", "BTC", Side.SELL, Liquidity.MAKER)
    assert (fill.price, fill.quantity, fill.fee, fill.event_id) == (
        Decimal("51000.5"),
        Decimal("0.25"),
        Decimal("-1.5"),
        "acct-2",
    )
    assert fill.time == datetime(2026, 11, 1, 11, 0, 30, tzinfo=UTC)


def test_the_form_of_the_file_does_not_matter(tmp_path: Path) -> None:
    plain = f"{HEAD}\n{FIRST}\n{SECOND}\n"
    expected = [one._replace(line=0) for one in read_fills(written(tmp_path, plain)).fills]
    assert len(expected) == 2
    forms = {
        "byte order mark": b"\xef\xbb\xbf" + plain.encode(),
        "Windows": plain.replace("\n", "\r\n").encode(),
        "byte order mark and Windows": b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode(),
        "old Mac": plain.replace("\n", "\r").encode(),
        "no last line end": plain.rstrip().encode(),
        "empty lines": plain.replace("\n", "\n\n").encode() + b"\n  \n,,,,,,,,,\n",
        "newest first": f"{HEAD}\n{SECOND}\n{FIRST}\n".encode(),
        "spaces": plain.replace(",", " , ").encode(),
        "zone": plain.replace("T10:00Z", "T15:30+05:30").encode(),
    }
    for form, data in forms.items():
        assert [one._replace(line=0) for one in read_fills(written(tmp_path, data)).fills] == expected, form
    packed = written(tmp_path, gzip.compress(plain.encode()), "fills.csv.gz")
    assert [one._replace(line=0) for one in read_fills(packed).fills] == expected


def test_a_fault_is_refused_with_line_column_and_value(tmp_path: Path) -> None:
    for row, expected in FAULTS:
        path = written(tmp_path, f"{HEAD}\n{SECOND}\n{row}\n")
        said = complaint(path)
        assert expected in said, row
        assert str(path) in said, row


def test_all_faults_are_named_up_to_twenty(tmp_path: Path) -> None:
    said = complaint(written(tmp_path, f"{HEAD}\n" + "1,acct\n" * 25))
    assert said.count("must have 10 cells") == 20
    assert said.endswith("and 5 more")


def test_a_file_without_what_is_needed_is_refused(tmp_path: Path) -> None:
    cases = (
        ("", "has no column seq, account"),
        (f"{HEAD}\n", "has a header and no rows"),
        (f"{HEAD.replace('price', 'px')}\n{FIRST}\n", "has no column price; needed are"),
        (f"{HEAD};\n{FIRST}\n".replace(",", ";"), "with commas"),
        (f"{HEAD},price\n{FIRST},1\n", "has the column price twice"),
        (f"{HEAD}\n{FIRST}\n".encode("utf-16"), "must be UTF-8"),
        (b"\x1f\x8b broken", "must be UTF-8"),
    )
    for text, expected in cases:
        assert expected in complaint(written(tmp_path, text)), text
    assert "cannot be read as CSV" in complaint(tmp_path / "nothing.csv")
    assert "cannot be read as CSV" in complaint(written(tmp_path, b"no gzip", "fills.csv.gz"))


def test_seq_counts_by_account(tmp_path: Path) -> None:
    assert len(read_fills(written(tmp_path, f"{HEAD}\n{FIRST}\n{FIRST.replace('acct', 'other')}\n")).fills) == 2


def test_spot_fills_are_left_out_and_counted(tmp_path: Path) -> None:
    recording = read_fills(written(tmp_path, f"{HEAD}\n{FIRST.replace('BTC', '@107')}\n{SECOND}\n"))
    assert (recording.spot, [one.seq for one in recording.fills]) == (1, [2])


def test_a_hole_in_the_positions_is_named_for_each_account_and_coin(tmp_path: Path) -> None:
    rows = [
        "1,a,BTC,2026-11-01T10:00Z,Buy,100,1,0,0,1,0.0",
        "2,a,ETH,2026-11-01T10:01Z,Sell,10,2,0,0,1,0",
        "3,b,BTC,2026-11-01T10:02Z,Buy,100,5,0,0,1,0",
        "4,a,BTC,2026-11-01T10:03Z,Buy,100,1,0,0,1,1.000",
        "5,a,ETH,2026-11-01T10:04Z,Buy,10,1,0,0,1,-2",
        "6,b,BTC,2026-11-01T10:05Z,Sell,100,1,0,0,1,5",
    ]
    text = "\n".join([CHAINED, *reversed(rows)])
    assert len(read_fills(written(tmp_path, text)).fills) == 6
    said = complaint(written(tmp_path, text.replace(",1,-2", ",1,-3").replace(",1,1.000", ",1,4"))).splitlines()
    assert [line.strip() for line in said[1:]] == [
        "line 3: start_position: got '-3'; after line 6 a holds -2 ETH: fills between the two lines are missing",
        "line 4: start_position: got '4'; after line 7 a holds 1.0 BTC: fills between the two lines are missing",
    ]
