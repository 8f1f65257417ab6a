"""A back-test's returns, as a file has them, become the baseline of a strategy."""

from __future__ import annotations

import gzip
import math
import os
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
import yaml

from genesis.cli import main
from genesis.commands.baseline import baseline, checked_step, read_returns, yaml_block
from genesis.core.errors import GenesisError
from genesis.settings.strategies import StrategiesSettings

DAILY = "date,ret\n2024-05-30,0.01\n2024-05-31,-0.02\n2024-06-01,0.03\n"
FOLDER = os.environ.get("GENESIS_TEST_DATA")


def file(path: Path, text: str, name: str = "returns.csv") -> Path:
    made = path / name
    made.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return made


@pytest.mark.parametrize("name", ["returns.csv", "returns.csv.gz"])
def test_mean_and_sample_deviation_of_the_returns_are_the_baseline(tmp_path: Path, name: str) -> None:
    made = baseline(read_returns(file(tmp_path, DAILY, name))).settings
    assert made.step == timedelta(days=1)
    assert made.observations == 3
    assert made.mean == pytest.approx(0.02 / 3)
    assert made.volatility == pytest.approx(pd.Series([0.01, -0.02, 0.03]).std())


@pytest.mark.skipif(not FOLDER, reason="GENESIS_TEST_DATA does not name a folder of recorded market data")
def test_a_real_account_of_daily_returns() -> None:
    path = Path(FOLDER or "") / "pyfolio_returns.csv.gz"
    known = pd.read_csv(path)["ret"]
    made = baseline(read_returns(path))
    assert made.settings.step == timedelta(days=1)
    assert made.settings.observations == len(known) == 1511
    assert made.settings.mean == pytest.approx(known.mean(), rel=1e-12)
    assert made.settings.volatility == pytest.approx(known.std(), rel=1e-12)
    assert "the mean distance of the times is 1d10h48m" in made.notes[-1]


@pytest.mark.parametrize(
    ("times", "step"),
    [
        (["2024-05-30T00:00:00Z", "2024-05-30T01:00:00+00:00", "2024-05-30T04:00:00+02:00"], timedelta(hours=1)),
        (["2024-05-30 12:00:00.5", "2024-05-30 12:00:01", "2024-05-30 12:00:01.5"], timedelta(milliseconds=500)),
        (["2024-05-31", "2024-06-03", "2024-06-04", "2024-06-05"], timedelta(days=1)),
    ],
)
def test_the_step_is_the_median_distance_of_the_times(tmp_path: Path, times: list[str], step: timedelta) -> None:
    text = "time,r\n" + "".join(f"{time},{0.01 * n}\n" for n, time in enumerate(times))
    assert read_returns(file(tmp_path, text)).median_step == step


def test_a_step_that_is_given_is_taken(tmp_path: Path) -> None:
    made = baseline(read_returns(file(tmp_path, DAILY)), checked_step("34h48m"))
    assert made.settings.step == timedelta(hours=34, minutes=48)
    assert "step: 1d10h48m, as given" in made.notes


def test_the_returns_column_is_chosen_by_name_and_may_follow_a_byte_order_mark(tmp_path: Path) -> None:
    text = '\ufeffdate,a,"b c"\r\n2024-05-30,x,0.01\r\n\r\n2024-05-31,,-0.01\r\n'
    found = read_returns(file(tmp_path, text), "b c")
    assert found.values == (0.01, -0.01)
    assert found.column == "b c"


@pytest.mark.parametrize(
    ("text", "column", "complaint"),
    [
        ("", None, "line 1: '' must be a header"),
        ("0.01\n0.02\n", None, "line 1: '0.01' must be a header: the time, and a column of returns"),
        (DAILY, "returns", "--column: 'returns' is not one of ret"),
        ("date,a,b\n", None, "has the columns a, b: choose the returns with --column"),
        ("date,r\n2024-05-30,0.1\n", None, "has 1 returns; a baseline needs at least two"),
        (
            DAILY + "2024-06-01,0.1\n",
            None,
            "line 5: '2024-06-01' does not come after 2024-06-01T00:00:00+00:00: times must rise",
        ),
        (DAILY + "01/06/2024,0.1\n", None, "line 5: '01/06/2024' is not a date or time, for example 2024-05-31"),
        (DAILY + "2024-06-02,\n", None, "line 5: '' is not a number; leave out the rows that have no return"),
        (DAILY + '2024-06-02,"1,000"\n', None, "line 5: '1,000' is not a number"),
        (DAILY + "2024-06-02,1_0\n", None, "line 5: '1_0' is not a number"),
        (DAILY + "2024-06-02,nan\n", None, "line 5: 'nan' is not a number"),
        (DAILY + "2024-06-02,1e999\n", None, "line 5: '1e999' is not a number"),
        (DAILY + "2024-06-02,-1.5\n", None, "line 5: '-1.5' is not above -1; a return is a ratio"),
        (DAILY + "2024-06-02\n", None, "line 5: '2024-06-02' has 1 cells, the header has 2"),
        ('date,r\n"2024-05-30,0.1\n', None, "cannot be read as CSV"),
    ],
)
def test_what_is_wrong_is_told_with_file_line_and_value(tmp_path: Path, text: str, column: str | None, complaint: str) -> None:
    path = file(tmp_path, text)
    with pytest.raises(GenesisError) as error:
        read_returns(path, column)
    assert complaint in str(error.value)
    assert str(path) in str(error.value)


def test_all_faults_are_told_up_to_twenty(tmp_path: Path) -> None:
    text = DAILY + "".join(f"2024-07-01,bad{n}\n" for n in range(30))
    with pytest.raises(GenesisError) as error:
        read_returns(file(tmp_path, text))
    assert str(error.value).count("is not a number") == 20


@pytest.mark.parametrize("name", ["nothing.csv", "returns.csv.gz"])
def test_a_file_that_cannot_be_read_is_one_message(tmp_path: Path, name: str) -> None:
    (tmp_path / "returns.csv.gz").write_bytes(b"not gzip")
    with pytest.raises(GenesisError, match="cannot be read as CSV"):
        read_returns(tmp_path / name)


@pytest.mark.parametrize(
    ("returns", "complaint"),
    [
        ([0.1, 0.1, 0.1], "all 3 returns are 0.1: the volatility is 0"),
        ([100.0, 101.0, 102.0], "cannot be a baseline: mean 101.0: Input should be less than 1"),
        ([1e-14, 2e-14], "volatility 7.0"),
    ],
)
def test_returns_that_make_no_baseline_are_refused(tmp_path: Path, returns: list[float], complaint: str) -> None:
    text = "date,r\n" + "".join(f"2024-05-{10 + n},{value!r}\n" for n, value in enumerate(returns))
    with pytest.raises(GenesisError) as error:
        baseline(read_returns(file(tmp_path, text)))
    assert complaint in str(error.value)


@pytest.mark.parametrize("text", ["0s", "1", "-1d", "367d", ""])
def test_a_wrong_step_is_one_message(text: str) -> None:
    with pytest.raises(GenesisError, match="--step: "):
        checked_step(text)


@pytest.mark.parametrize("name", ["plain", "with space", "yes", "a: b", "#1"])
def test_the_block_is_what_strategies_yaml_takes(tmp_path: Path, name: str) -> None:
    made = baseline(read_returns(file(tmp_path, DAILY)))
    block = yaml_block(made, name)
    settings = StrategiesSettings.model_validate(yaml.safe_load(f"strategies:\n{block}    capital: 1\n"))
    assert settings.strategies[name].baseline == made.settings
    nameless = yaml_block(made, None)
    settings = StrategiesSettings.model_validate(yaml.safe_load(f"strategies:\n  it:\n    capital: 1\n{nameless}"))
    assert settings.strategies["it"].baseline == made.settings


def test_the_command_prints_the_block(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "--returns", str(file(tmp_path, DAILY)), "--strategy", "it"]) == 0
    assert capsys.readouterr().out == (
        "  it:\n"
        "    # 3 returns of returns.csv (ret), 2024-05-30 to 2024-06-01\n"
        "    # step: 1d, the median distance of the times\n"
        "    # Sharpe ratio 5.06 a year of 365 days\n"
        "    baseline:\n"
        "      step: 1d\n"
        "      observations: 3\n"
        "      mean: 0.006666666666666665\n"
        f"      volatility: {math.sqrt(0.019 / 30)!r}\n"
    )


def test_the_command_writes_a_new_file_and_says_how_the_step_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["baseline", "--returns", str(file(tmp_path, DAILY)), "--output", str(tmp_path / "block.yaml")]
    assert main(command) == 0
    assert "step: 1d, the median distance of the times" in capsys.readouterr().out
    assert yaml.safe_load((tmp_path / "block.yaml").read_text())["baseline"]["observations"] == 3
    assert main(command) == 1
    assert "exists already" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["baseline", "--returns", str(file(tmp_path, DAILY)), "--output", str(tmp_path / "no" / "block.yaml")]) == 1
    assert "block.yaml: cannot be written: No such file or directory" in capsys.readouterr().err


def test_returns_that_look_like_prices_are_noted(tmp_path: Path) -> None:
    made = baseline(read_returns(file(tmp_path, DAILY.replace("-0.02", "0.02"))))
    assert "every return is above 0: are they prices?" in made.notes
