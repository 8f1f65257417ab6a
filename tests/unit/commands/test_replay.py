"""`genesis replay`: exit code 0 says that the report is of the whole file and agrees with the exchange."""

from __future__ import annotations

from pathlib import Path

import pytest

from genesis.cli import main

CONFIG = str(Path(__file__).parents[3] / "config")
HEAD = "seq,account,coin,time_utc,side,price,size,closed_pnl,fee,crossed,start_position"
BUY = "1,acct,BTC,2026-11-01T10:00Z,Buy,50000,1,0,25,1,0"
SELL = "2,acct,BTC,2026-11-01T11:00:30Z,Sell,51000,1,1000,25.5,1,1"
AGAIN = "3,acct,BTC,2026-11-01T12:00Z,Buy,100,2,0,0,1,0"
SPOT = "4,acct,@107,2026-11-01T12:00Z,Buy,100,2,0,0,1,0"


class Replayed:
    """Replays rows, and holds what came of the last ones."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.journal = folder / "j.db"
        self._file = folder / "fills.csv"
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *rows: str, keep: bool = False, options: tuple[str, ...] = ()) -> int:
        self._file.write_text("\n".join([HEAD, *rows, ""]))
        journal = ["--journal", str(self.journal)] if keep else []
        code = main(["replay", "--config", CONFIG, "--currency", "USDC", "--fills", str(self._file), *journal, *options], {})
        self.out, self.err = self._capsys.readouterr()
        return code


@pytest.fixture
def replay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Replayed:
    return Replayed(tmp_path, capsys)


def test_a_whole_file_that_agrees_is_exit_code_0(replay: Replayed) -> None:
    assert replay(SELL, BUY) == 0
    assert replay.err == ""
    assert replay.out.splitlines()[2].split() == ["acct", "1,000.00", "1,000.00", "50.50", "949.50"]


def test_a_file_with_a_fault_is_refused_before_anything_is_booked(replay: Replayed) -> None:
    assert replay(BUY, SELL.replace("51000", '"51,000"'), keep=True) == 1
    assert "fills.csv: nothing is booked" in replay.err
    assert "line 3: price: got '51,000'" in replay.err
    assert replay.out == ""
    assert not replay.journal.exists()


def test_a_conflict_is_named_after_the_report(replay: Replayed) -> None:
    assert replay(BUY, keep=True) == 0
    assert replay(BUY.replace("50000", "49000"), SELL, keep=True) == 1
    assert replay.out.splitlines()[0] == "1 conflict, 1 accepted"
    assert "line 2: not booked (conflict): event_id: 'acct-1' is already in the journal with other content" in replay.err


def test_duplicates_and_a_later_part_of_the_history_are_no_fault(replay: Replayed) -> None:
    assert replay(BUY, keep=True) == 0
    assert replay(BUY, SELL, keep=True) == 0
    assert replay(SELL, AGAIN, keep=True) == 0
    assert replay.out.splitlines()[0] == "1 duplicate, 1 accepted"
    assert replay(AGAIN, keep=True) == 0


def test_a_difference_to_the_exchange_beyond_the_tolerance_is_named(replay: Replayed) -> None:
    for closed, code in (("1000", 0), ("1001", 0), ("999.01", 0), ("1001.01", 1), ("998.99", 1), ("-1000", 1), ("0", 1)):
        assert replay(BUY, SELL.replace(",1000,", f",{closed},")) == code, closed
        assert ("acct: BTC: realised P&L is 1,000.00, but" in replay.err) is bool(code), closed


def test_a_difference_in_one_coin_is_not_made_up_by_another(replay: Replayed) -> None:
    rows = (BUY, SELL.replace(",1000,", ",900,"), *(row.replace("BTC", "ETH") for row in (
        BUY.replace("1,acct", "5,acct"), SELL.replace("2,acct", "6,acct").replace(",1000,", ",1100,")
    )))  # fmt: skip
    assert replay(*rows) == 1
    assert "acct: BTC: realised" in replay.err
    assert "acct: ETH: realised" in replay.err


def test_a_position_from_before_the_file_is_named(replay: Replayed) -> None:
    assert replay(SELL) == 1
    assert (
        "line 2: start_position: acct had 1 BTC before this fill, but the books have 0: earlier fills are missing" in replay.err
    )


def test_spot_fills_count_as_left_out_unless_that_was_asked_for(replay: Replayed) -> None:
    assert replay(BUY, SELL, SPOT) == 1
    assert "1 spot fills (named @N) were omitted" in replay.err
    assert replay(BUY, SELL, SPOT, options=("--perpetuals-only",)) == 0
    assert replay.err == ""
