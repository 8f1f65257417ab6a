"""A statement's CSV: every way to write it, and every fault by line, column and value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.core.statement import Item, Statement
from genesis.ingest.csv_table import CsvFault
from genesis.ingest.statement import MAX_ROWS, StatementError, read_statement

D = Decimal
HEAD = "strategy,symbol,currency,quantity\n"


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(StatementError) as caught:
        read_statement(text if isinstance(text, bytes) else text.encode())
    return [str(fault) for fault in caught.value.faults]


def test_positions_and_cash_are_read_exactly() -> None:
    text = HEAD + "one,BTCUSDT,,-0.123456789012345678901234\none,,USDT,20012.50\ntwo,BTCUSDT,,+3e-2\n"
    assert read_statement(text.encode()) == Statement(
        positions={Item("one", "BTCUSDT"): D("-0.123456789012345678901234"), Item("two", "BTCUSDT"): D("0.03")},
        cash={Item("one", "USDT"): D("20012.5")},
    )


@pytest.mark.parametrize(
    "text",
    [
        HEAD + ",BTC,,1\n,,USDT,2\n",
        "symbol,quantity,currency\nBTC,1,\n,2,USDT\n",
        "\ufeff" + HEAD + ",BTC,,1\n,,USDT,2\n",
        HEAD.replace("\n", "\r\n") + ",BTC,,1\r\n,,USDT,2",
        ' Strategy , SYMBOL ,Currency,quantity\n\n , BTC , , 1 \n\n"","","USDT","2"\n\n',
    ],
    ids=["all columns", "no strategy", "byte order mark", "line ends of Windows", "spaces, quotes, empty lines"],
)
def test_the_account_as_a_whole_may_be_written_in_many_ways(text: str) -> None:
    assert read_statement(text.encode()) == Statement({Item("", "BTC"): D(1)}, {Item("", "USDT"): D(2)})


def test_a_header_alone_says_that_nothing_is_open() -> None:
    assert read_statement(b"symbol,quantity\n") == Statement({}, {})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "line 1: (header): got ''; the file is empty: it begins with a line strategy,symbol,currency,quantity"),
        ("\n\n", "line 1: (header): got ''; the file is empty"),
        ("symbol;quantity\n", "line 1: (header): got 'symbol;quantity'; there is no such column; there are strategy, symbol"),
        ("symbol,qty\n", "line 1: (header): got 'qty'; there is no such column"),
        ("symbol,symbol,quantity\n", "line 1: (header): got 'symbol'; appears twice"),
        ("symbol,currency\n", "line 1: (header): got 'symbol,currency'; the column quantity is missing"),
        ("currency,quantity\n", "line 1: (header): got 'currency,quantity'; the column symbol is missing"),
        (HEAD + "a,BTC,1\n", "line 2: (line): got 'a,BTC,1'; must have 4 cells as the header has, not 3"),
        (HEAD + "a,BTC,,1,\n", "line 2: (line): got 'a,BTC,,1,'; must have 4 cells as the header has, not 5"),
        (HEAD + "a,BTC,USDT,1\n", "line 2: symbol: got 'BTC'; a row is of a symbol or of a currency"),
        (HEAD + "a,,,1\n", "line 2: symbol: got ''; a row is of a symbol or of a currency: fill exactly one"),
        ("symbol,quantity\n,1\n", "line 2: symbol: got ''; must not be empty"),
        (HEAD + "a,BTC,,\n", "line 2: quantity: got ''; must be a number with a point"),
        (HEAD + 'a,BTC,,"1,000.5"\n', "line 2: quantity: got '1,000.5'; must be a number with a point"),
        (HEAD + 'a,BTC,,"0,5"\n', "line 2: quantity: got '0,5'; must be"),
        (HEAD + "a,BTC,,NaN\n", "line 2: quantity: got 'NaN'; must be a number"),
        (HEAD + "a,BTC,,-Infinity\n", "line 2: quantity: got '-Infinity'; must be a number"),
        (HEAD + "a,BTC,,١\n", "line 2: quantity: got '١'; must be a number"),
        (HEAD + "a,BTC,,1_000\n", "line 2: quantity: got '1_000'; must be a number"),
        (HEAD + "a,BTC,,1e99\n", "line 2: quantity: got '1e99'; must have at most 40 digits before the point"),
        (HEAD + "a,BTC,,1e-41\n", "line 2: quantity: got '1e-41'; must have at most 40 digits"),
        (HEAD + f"a,BTC,,{'9' * 41}\n", f"line 2: quantity: got '{'9' * 41}'; must be a number"),
        (HEAD + "a,BTC,,1\na,BTC,,2\n", "line 3: symbol: got 'BTC'; is in line 2 already: one row for each"),
        (HEAD + "a,,USDT,1\n\na,,USDT,1\n", "line 4: currency: got 'USDT'; is in line 2 already"),
        (HEAD + "a,BTC,,1\n,ETH,,2\n", "line 3: strategy: got ''; must be named in every row or in none"),
        (HEAD + f"{'x' * 129},BTC,,1\n", f"line 2: strategy: got '{'x' * 80}'; must have at most 128 characters"),
        (HEAD + "a,B\0TC,,1\n", "line 2: symbol: got 'B\\x00TC'; must have at most 128 characters, and no NUL"),
        (HEAD + 'a,"BTC"x,,1\n', "line 2: (line): got ''; is not CSV"),
        (HEAD + 'a,"BTC,,1\n', "line 2: (line): got ''; is not CSV: unexpected end of data"),
        (HEAD + f"a,{'x' * 140_000},,1\n", "line 2: (line): got ''; is not CSV: field larger than field limit"),
    ],
)
def test_a_fault_names_line_column_value_and_what_is_right(text: str, fault: str) -> None:
    found = faults(text)
    assert len(found) == 1
    assert found[0].startswith(fault), found


def test_what_is_not_utf_8_is_told_with_its_line() -> None:
    assert faults(HEAD.encode() + b"a,BTC,,1\nM\xfcnchen,BTC,,1\n") == [
        "line 3: (line): got \"b'\\\\xfc'\"; must be UTF-8; save it as such"
    ]


def test_all_faults_are_told_at_once_up_to_a_hundred() -> None:
    found = faults(HEAD + "a,BTC,,x\nb,BTC,,1\n,,,\nc,,,1\n,ETH,,1\n")
    assert [fault.split(":")[0] for fault in found] == ["line 2", "line 5", "line 6"]
    assert len(faults(HEAD + "a,BTC,,x\n" * 500)) == 100


def test_a_cell_over_two_lines_does_not_move_the_line_numbers() -> None:
    assert faults(HEAD + '"a\nb",BTC,,1\nc,BTC,,x\n')[0].startswith("line 4: quantity: got 'x'")


def test_more_rows_than_anybody_holds_are_refused() -> None:
    rows = "".join(f"x{number},1\n" for number in range(MAX_ROWS + 1))
    assert faults("symbol,quantity\n" + rows)[0].startswith(f"line {MAX_ROWS + 2}: (line): got 'x10000,1'; is one row more")
    assert len(read_statement(("symbol,quantity\n" + rows.rpartition("x")[0]).encode()).positions) == MAX_ROWS


@given(st.binary(max_size=200))
def test_anything_else_is_a_fault_and_never_a_crash(data: bytes) -> None:
    for text in (data, HEAD.encode() + data):
        found: tuple[CsvFault, ...] = ()
        try:
            read_statement(text)
        except StatementError as error:
            found = error.faults or (CsvFault(0, "", "", "an error without a fault"),)
        assert all(fault.line >= 1 and len(fault.value) <= 80 for fault in found)
