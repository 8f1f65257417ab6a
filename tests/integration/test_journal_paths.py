"""Where a journal may be made: never by a command that only reads, and never from a wrong path."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from genesis.cli import main
from genesis.core.errors import JournalError
from genesis.database.address import journal_address
from genesis.ledger.journal import Journal
from genesis.settings.monitor import DEFAULT_JOURNAL, MonitorSettings

CONFIG = str(Path(__file__).parents[2] / "config")
STATEMENT = "symbol,quantity\nBTC,1\n"
FILLS = """seq,account,coin,time_utc,side,price,size,closed_pnl,fee,crossed
1,acct,BTC,2024-10-01T12:00Z,BUY,60000,0.5,0,3.5,1
"""
READ_ONLY = (
    ("report",),
    ("journal", "verify"),
    ("journal", "digest"),
    ("journal", "export"),
    ("journal", "export", "--output", "events.ndjson"),
    ("journal", "copy", "--to", "copy.db"),
    ("reconcile", "--statement", "../statement.csv"),
    ("rotate", "status"),
    ("rotate", "audit"),
    ("rotate", "verify"),
    ("rotate", "pins"),
    ("rotate", "simulate"),
)
"""What reads a journal, and so needs one that exists."""
COMMANDS_ON_EXISTING = (("rotate", "halt", "--why", "x"), ("rotate", "resume", "--why", "x"))
WRITERS = (("replay", "--fills", "../fills.csv"), ("monitor", "--port", "0"), ("rotate", "run", "--port", "0"))
"""`replay` comes first: it ends also where the folder is made, which the others, once they serve, do not."""


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """The command logs to the standard error of its test, which is closed when the test ends."""
    yield
    structlog.reset_defaults()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory; what the commands read lies next to it."""
    (tmp_path / "statement.csv").write_text(STATEMENT)
    (tmp_path / "fills.csv").write_text(FILLS)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> int:
    try:
        return main([*arguments, "--config", CONFIG], {})
    except SystemExit as wrong_usage:
        pytest.fail(f"{arguments}: wrong usage: {wrong_usage}")


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_no_command_makes_a_folder_for_the_journal_that_it_is_given(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (*WRITERS, *READ_ONLY, *COMMANDS_ON_EXISTING):
        code = run(*command, "--journal", str(work / "typo" / "x.db"))
        complaint = capsys.readouterr().err
        assert code != 0, command
        assert "typo" in complaint, command
        assert "Traceback" not in complaint, command
        assert everything(work) == [], command


def test_a_missing_folder_is_refused_with_what_to_do(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in WRITERS:
        assert run(*command, "--journal", "typo/x.db") == 1, command
        complaint = capsys.readouterr().err
        assert f"the folder {work}/typo does not exist: correct the path, or make the folder first" in complaint, command


def test_a_command_that_only_reads_makes_no_file(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (*READ_ONLY, *COMMANDS_ON_EXISTING):
        for where in (["--journal", "x.db"], ["--journal", DEFAULT_JOURNAL]):
            assert run(*command, *where) != 0, (command, where)
            assert "there is no such file" in capsys.readouterr().err, (command, where)
            assert everything(work) == [], (command, where)


def test_a_command_that_only_reads_leaves_no_file_next_to_a_journal(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(opened(work / "x.db"))
    before = everything(work)
    for command in READ_ONLY:
        if "--output" not in command and "--to" not in command:
            run(*command, "--journal", "x.db")
            assert everything(work) == before, command


def test_a_copy_makes_no_folder_for_its_target(work: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(opened(work / "source.db"))
    assert run("journal", "copy", "--journal", "source.db", "--to", "typo/target.db") == 1
    assert "typo does not exist" in capsys.readouterr().err
    assert not (work / "typo").exists()


async def opened(where: Path) -> None:
    async with Journal(where):
        pass


async def test_the_default_journal_gets_its_folder_at_the_first_start(work: Path) -> None:
    async with Journal(journal_address(MonitorSettings())):
        assert (work / DEFAULT_JOURNAL).exists()


async def test_a_path_of_the_configuration_gets_no_folder(work: Path) -> None:
    for journal in ("mnt/genesis.db", str(work / "data" / "genesis.db"), "data/other/genesis.db"):
        with pytest.raises(JournalError, match="does not exist"):
            await opened_at(MonitorSettings(journal=journal))
    assert everything(work) == []


async def opened_at(settings: MonitorSettings) -> None:
    async with Journal(journal_address(settings)):
        pass


async def test_a_new_journal_is_logged_with_its_path_and_an_existing_one_is_not(work: Path) -> None:
    with capture_logs() as first:
        await opened(work / "j.db")
    with capture_logs() as second:
        await opened(work / "j.db")
    assert [(log["event"], log["journal"]) for log in first] == [("new journal created", str(work / "j.db"))]
    assert second == []
