"""The command line: what it takes, what it says, and how it ends when something is wrong."""

from __future__ import annotations

import gzip
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from genesis import __version__
from genesis.cli import main
from tests.integration.waiting import SOON

ROOT = Path(__file__).parents[2]
FILLS = """seq,account,coin,time_utc,side,price,size,closed_pnl,fee,crossed
1,acct,BTC,2024-10-01T12:00Z,BUY,60000,0.5,0,3.5,1
2,acct,BTC,2024-10-01T12:05Z,SELL,60100,0.5,50,3.5,0
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the repository's configuration and generated files, to spoil."""
    for name in ("config", "prometheus", "alertmanager", "grafana", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"genesis {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "required: COMMAND"),
        (["dance"], "invalid choice: 'dance'"),
        (["demo", "--speed", "0"], "--speed: '0' is not above 0"),
        (["demo", "--speed", "inf"], "--speed: 'inf' is not above 0"),
        (["demo", "--speed", "nan"], "--speed: 'nan' is not above 0"),
        (["demo", "--speed", "fast"], "--speed"),
        (["demo", "--duration", "-1"], "--duration: '-1' is not above 0"),
        (["monitor", "--port", "65536"], "--port: '65536' is not a port: 0 to 65535"),
        (["monitor", "--port", "-1"], "--port"),
        (["replay"], "required: --fills"),
    ],
)
def test_wrong_usage_is_one_message_and_exit_code_2(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert complaint in capsys.readouterr().err


def test_a_wrong_port_in_the_environment_is_wrong_usage_too(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["monitor"], {"GENESIS_PORT": "http"})
    assert "'http' is not a port" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["demo", "monitor", "generate", "check"])
def test_every_fault_of_the_configuration_is_told_before_anything_starts(
    command: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(project / "config" / "monitor.yaml", "port: 9108", "port: 99999")
    spoil(project / "config" / "strategies.yaml", "capital: 5000", "capital: lots")
    assert main([command]) == 1
    complaint = capsys.readouterr().err
    assert complaint.startswith("genesis: wrong configuration:\n")
    assert "monitor.yaml: port: got 99999" in complaint
    assert "strategies.yaml: strategies.spread_capture.capital: got 'lots'" in complaint


def test_generate_writes_what_check_then_finds_in_order(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(project / "config" / "alerts.yaml", "warning: 0.05 ", "warning: 0.04 ")
    assert main(["generate", "--check"]) == 1
    assert "not up to date: prometheus/rules/losses.yml" in capsys.readouterr().err
    assert main(["generate"]) == 0
    assert "written: prometheus/rules/losses.yml" in capsys.readouterr().out
    assert main(["generate", "--check"]) == 0


def test_check_tells_what_it_looked_at(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate"]) == 0
    assert main(["check"]) == 0
    assert "ok: config\n" in capsys.readouterr().out
    spoil(project / "alertmanager" / "alertmanager.yml", "route:", "rout:")
    assert main(["check"]) == 1
    assert "FAULT: alertmanager/alertmanager.yml" in capsys.readouterr().out


def test_check_tells_of_strategies_that_are_configured_nowhere_else(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(project / "config" / "alerts.yaml", "teams: {}", "teams: {multi_piar: desk}")
    spoil(project / "config" / "alerts.yaml", "      spread_capture: # earns", "      spread_captur: # earns")
    assert main(["generate"]) == 0
    capsys.readouterr()
    assert main(["check"], {"PATH": str(project)}) == 0
    told = [line for line in capsys.readouterr().out.splitlines() if "not in strategies.yaml" in line]
    assert [line.split(": ")[2:4] for line in told] == [
        [
            "alerts.StrategyDrawdown.overrides",
            "'spread_captur' is not in strategies.yaml; it has an effect only if an engine sends its events",
        ],
        ["teams", "'multi_piar' is not in strategies.yaml; it has an effect only if an engine sends its events"],
    ]


def test_check_without_the_tools_says_what_was_not_checked(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate"]) == 0
    assert main(["check"], {"PATH": str(project)}) == 0
    assert "ok: promtool is not installed" in capsys.readouterr().out


def test_programs_lists_what_is_found_and_fails_for_what_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prometheus = tmp_path / "prometheus"
    prometheus.write_text("#!/bin/sh\n")
    prometheus.chmod(0o755)
    assert main(["programs"], {"PATH": str(tmp_path)}) == 1
    told = capsys.readouterr()
    assert f"prometheus    {prometheus}\n" in told.out
    assert "alertmanager  -\n" in told.out
    assert "genesis: not found: promtool, alertmanager, amtool." in told.err


def test_replayed_fills_are_booked_once_however_often_they_are_sent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fills = tmp_path / "fills.csv.gz"
    fills.write_bytes(gzip.compress(FILLS.encode()))
    command = ["replay", "--config", str(ROOT / "config"), "--currency", "USDC", "--fills", str(fills)]
    command += ["--journal", str(tmp_path / "journal.db")]
    assert main(command) == 0
    first = capsys.readouterr().out.splitlines()
    assert main(command) == 0
    second = capsys.readouterr().out.splitlines()
    assert first[0] == "2 accepted"
    assert second[0] == "2 duplicate"
    assert first[1:] == second[1:]
    assert first[2].split() == ["acct", "50.00", "50.00", "7.00", "43.00"]


def test_fees_in_another_currency_are_unknown_and_not_taken_at_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fills = tmp_path / "fills.csv"
    fills.write_text(FILLS)
    assert main(["replay", "--config", str(ROOT / "config"), "--fills", str(fills)]) == 0
    told, _, row = capsys.readouterr().out.splitlines()
    assert told == "2 accepted"
    assert row.split() == ["acct", "50.00", "50.00", "-", "-"]


def test_a_file_that_is_not_there_is_an_error_that_names_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "--config", str(ROOT / "config"), "--fills", str(tmp_path / "none.csv")]) == 1
    assert "none.csv" in capsys.readouterr().err


def test_a_reader_that_leaves_early_is_no_error_to_shout_about() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "genesis", "check"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == ""
    process.wait()


@pytest.mark.parametrize(("given", "threads"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_numpy_is_loaded_after_its_blas_was_asked_for_one_thread(given: dict[str, str], threads: str) -> None:
    script = """
import sys, os, genesis.cli
assert "numpy" not in sys.modules
try:
    genesis.cli.main(["--version"])
except SystemExit:
    print(os.environ["OPENBLAS_NUM_THREADS"])
"""
    environ = {key: value for key, value in os.environ.items() if key != "OPENBLAS_NUM_THREADS"} | given
    told = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == threads


def test_the_monitor_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "genesis", "monitor", "--port", "0", "--journal", str(tmp_path / "journal.db")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            serving = next(line for line in process.stderr if '"event": "serving"' in line)
            url = serving.partition('"url": "')[2].partition('"')[0]
            next(line for line in process.stderr if '"event": "books restored"' in line)
            with urllib.request.urlopen(f"{url}/readyz") as response:  # noqa: S310 - our own loopback address
                assert response.status == 200
            os.kill(process.pid, signal.SIGTERM)
            assert "Traceback" not in process.stderr.read()
            assert process.wait(timeout=SOON) == 0
        finally:
            process.kill()
