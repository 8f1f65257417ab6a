"""`genesis rotate`: what people say to the controller and read of it, on one line each, whatever the names are."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from genesis.cli import main
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.policy import decide
from genesis.settings.rotation import RotationSettings
from tests.unit.rotation.logged import PIN, SETTINGS, decision, observation

CONFIG = str(Path(__file__).parents[3] / "config")
_ODD = "a\"b\\c{d}\ne'\t\u202e" + "x" * 1000
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """A log of three decisions: the second one lowers all weights."""
    path = tmp_path / "j.db"
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path, strategies: tuple[str, ...] = ("trend", "carry"), **limits: object) -> None:
    async with AuditLog(path) as log:
        for after, to in ((0, "0.3"), (30, "0.2"), (60, "0.3")):
            seen = observation(after, strategies)
            if limits and seen.limits is not None:
                seen = msgspec.structs.replace(seen, limits=msgspec.structs.replace(seen.limits, **limits))
            made = decision(after, strategies, to=to)
            await log.record(SETTINGS, seen, {}, made, ordered=to == "0.2", halted="")
        await log.delivered(2, "failed", "no\nroute")
        await log.delivered(2, "confirmed", "as the engine reports")


async def _decided(path: Path, settings: RotationSettings, *, halted: str = "") -> None:
    """One decision more."""
    async with AuditLog(path) as log:
        await log.record(settings, observation(90), {}, decision(90), ordered=False, halted=halted)


@pytest.fixture
def rotate(where: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["rotate", *arguments, "--journal", str(where), "--config", CONFIG], {})
        return code, *capsys.readouterr()

    return run


def test_a_halt_is_told_with_who_and_why_until_somebody_resumes(rotate: Run) -> None:
    code, said, _ = rotate("halt", "--why", "the exchange\nis odd", "--author", "ada")
    assert code == 0
    assert "halted by ada since" in said
    assert r"the exchange\nis odd" in said
    assert "HALTED    by ada" in rotate("status")[1]
    assert "it was halted by ada" in rotate("resume", "--why", "fine", "--author", "bob")[1]
    assert "HALTED" not in rotate("status")[1]
    assert "it is not halted" in rotate("resume", "--why", "again")[2]


def test_a_halt_by_the_file_is_told_and_no_command_ends_it(rotate: Run, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rotation.halt").touch()
    assert "HALTED    the file data/rotation.halt exists" in rotate("status")[1]
    rotate("halt", "--why", "odd")
    assert "STILL HALTED: the file data/rotation.halt exists: remove it" in rotate("resume", "--why", "fine")[1]


def test_a_halt_by_a_file_that_only_the_controller_sees_is_told(rotate: Run, where: Path) -> None:
    asyncio.run(_decided(where, SETTINGS, halted="the file data/rotation.halt exists"))
    told = "the file data/rotation.halt exists (at the last decision, on the controller's side)"
    assert f"HALTED    {told}" in rotate("status")[1]
    assert f"it is not halted by a command; {told}: remove it" in rotate("resume", "--why", "fine")[2]
    rotate("halt", "--why", "odd")
    assert f"STILL HALTED: {told}: remove it" in rotate("resume", "--why", "fine")[1]


def test_a_halt_that_was_resumed_since_the_last_decision_is_over(rotate: Run, where: Path) -> None:
    rotate("halt", "--why", "odd", "--author", "ada")
    asyncio.run(_decided(where, SETTINGS, halted=rotate("status")[1].split("HALTED    ")[1].splitlines()[0]))
    rotate("resume", "--why", "fine")
    assert "HALTED" not in rotate("status")[1]


def test_a_controller_is_late_by_its_own_interval_and_other_settings_here_are_told(rotate: Run, where: Path) -> None:
    asyncio.run(_decided(where, SETTINGS.model_copy(update={"interval": timedelta(seconds=10)})))
    said = rotate("status")[1]
    assert "LATE      a decision is due every 10s" in said
    assert "SETTINGS  they differ from rotation.yaml here" in said


def test_settings_that_cannot_be_read_do_not_hide_what_stands(rotate: Run, where: Path) -> None:
    with closing(sqlite3.connect(where)) as connection, connection:
        connection.execute("UPDATE rotation_settings SET payload = x'00'")
    code, said, _ = rotate("status")
    assert code == 0
    assert "LATE      a decision is due every 30s" in said
    assert "SETTINGS" not in said


def test_a_halt_of_no_journal_is_refused_with_the_way_out(rotate: Run, where: Path) -> None:
    where.rename(where.with_name("elsewhere.db"))
    code, _, complaint = rotate("halt", "--why", "odd")
    assert code == 1
    assert (
        "there is no such file: name the controller's journal with --journal, "
        "or halt rotation by creating the file data/rotation.halt" in complaint
    )


def test_a_pin_is_listed_until_it_is_taken_back(rotate: Run) -> None:
    assert (
        "pinned: trend: 0.0000 paused, now 0.3000 active"
        in rotate("pin", "trend", "--state", "paused", "--why", "odd fills")[1]
    )
    [line] = rotate("pins")[1].splitlines()
    assert line.startswith("trend: paused by ")
    assert line.endswith(": odd fills")
    assert "paused" in rotate("status")[1]
    assert "unpinned: trend: paused" in rotate("unpin", "trend", "--why", "done")[1]
    assert rotate("pins")[1] == ""
    assert "there is no pin of 'trend'" in rotate("unpin", "trend", "--why", "done")[2]


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("tredn", "--state", "paused"), "there is no strategy 'tredn': did you mean trend?"),
        (("trend", "--state", "paused", "--weight", "0.1"), "paused with a weight of 0.1: leave --weight out"),
        (("trend", "--state", "active", "--weight", "0.96"), "trend 0.96 = 0.96: the reserve of 0.05 leaves 0.95 in all"),
        (
            ("mean_reversion", "--state", "active", "--weight", "0.1"),
            "the tier micro allows carry, trend: it may have a weight of 0",
        ),
    ],
)
def test_a_pin_that_cannot_be_is_refused_with_the_figures(rotate: Run, arguments: tuple[str, ...], complaint: str) -> None:
    code, _, said = rotate("pin", *arguments, "--why", "odd")
    assert (code, rotate("pins")[1]) == (1, "")
    assert complaint in said


def test_pins_that_together_are_too_much_are_refused_with_all_of_them(rotate: Run) -> None:
    rotate("pin", "carry", "--state", "active", "--weight", "0.5", "--why", "odd")
    code, _, said = rotate("pin", "trend", "--state", "reduced", "--weight", "0.4501", "--why", "odd")
    assert code == 1
    assert "carry 0.5 + trend 0.4501 = 0.9501: the reserve of 0.05 leaves 0.95 in all" in said
    assert rotate("pin", "trend", "--state", "reduced", "--weight", "0.45", "--why", "odd")[0] == 0


def test_more_pins_with_capital_than_the_tier_lets_trade_are_refused(rotate: Run, where: Path) -> None:
    where.unlink()
    asyncio.run(_fill(where, max_active=1))
    rotate("pin", "carry", "--state", "active", "--why", "odd")
    assert (
        "2 pinned strategies would have capital, the tier micro allows 1"
        in rotate("pin", "trend", "--state", "active", "--why", "x")[2]
    )


@pytest.mark.parametrize("weight", ["nan", "sNaN", "-0.1", "1.1", "0.00001", "1e999999", "half", "inf"])
def test_a_weight_that_is_none_is_a_usage_error(rotate: Run, weight: str) -> None:
    with pytest.raises(SystemExit):
        rotate("pin", "trend", "--state", "active", "--why", "x", f"--weight={weight}")


def test_what_comes_of_a_pin_while_all_is_halted_is_said(rotate: Run) -> None:
    rotate("halt", "--why", "odd")
    assert (
        "It takes effect once `genesis rotate resume` ends the halt by"
        in rotate("pin", "trend", "--state", "paused", "--why", "x")[1]
    )


def test_the_status_names_the_last_change_of_each_strategy_and_a_controller_that_is_late(rotate: Run) -> None:
    _, said, _ = rotate("status")
    assert "LATE      a decision is due every 30s" in said
    assert "SETTINGS" not in said
    assert "engine    decision 2 confirmed" in said
    row = next(line for line in said.splitlines() if line.startswith("trend"))
    assert row.split()[:6] == ["trend", "active", "0.3000", "0.500", "01-05", "10:00:30"]


def test_the_trail_tells_inputs_steps_reasons_and_deliveries(rotate: Run) -> None:
    assert rotate("audit", "--number", "2", "--strategy", "trend")[1].splitlines()[2:] == [
        "  trend: LOWER 0.3000 active → 0.2000 active  because settled: it has what it is to have: 0.2",
        "    seen    drawdown 0.01, sharpe 1.5",
        "    score   0.5000, to have 0.2000",
        *(line for line in rotate("audit", "--number", "2")[1].splitlines() if "delivery" in line),
    ]
    assert r"attempt 1 failed: no\nroute" in rotate("audit", "--number", "2")[1]


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ((), [1, 2, 3]),
        (("--last", "2"), [2, 3]),
        (("--changes",), [2]),
        (("--since", "2026-01-05T10:00:30Z"), [2, 3]),
        (("--since", "2026-01-05T11:00:30+01:00"), [2, 3]),
        (("--since", "1h"), []),
        (("--changes", "--strategy", "carry"), [2]),
    ],
)
def test_decisions_are_chosen(rotate: Run, arguments: tuple[str, ...], numbers: list[int]) -> None:
    code, said, complaint = rotate("audit", *arguments)
    assert (code, complaint) == (0, "")
    assert [int(line.split()[1]) for line in said.splitlines() if line.startswith("decision")] == numbers


def test_the_last_changes_of_one_strategy_are_its_own(rotate: Run, where: Path) -> None:
    async def others() -> None:
        async with AuditLog(where) as log:
            for number in range(3):
                await log.record(
                    SETTINGS, observation(90 + number), {}, decision(90 + number, ("carry",), to="0.2"), ordered=False
                )

    asyncio.run(others())
    said = rotate("audit", "--changes", "--last", "2", "--strategy", "trend")[1]
    assert [int(line.split()[1]) for line in said.splitlines() if line.startswith("decision")] == [2]
    said = rotate("audit", "--changes", "--last", "2", "--strategy", "carry")[1]
    assert [int(line.split()[1]) for line in said.splitlines() if line.startswith("decision")] == [5, 6]


def test_a_decision_that_is_not_there_is_said(rotate: Run) -> None:
    assert "there is no decision 7" in rotate("audit", "--number", "7")[2]


def test_odd_names_and_texts_stay_on_their_line(rotate: Run, where: Path) -> None:
    where.unlink()
    asyncio.run(_fill(where, (_ODD, "trend")))
    assert rotate("pin", _ODD, "--state", "paused", "--why", "a\nb\x1b[31m" + "y" * 5000, "--author", "c\td")[0] == 0
    for question in ("status", "pins", "audit"):
        code, said, _ = rotate(question)
        assert code == 0
        assert all(line.isprintable() for line in said.split("\n"))
        assert max(map(len, said.split("\n"))) < 500
        assert r"a\"b" not in said
        assert r'a"b\\c{d}\ne' in said


def test_verify_names_the_first_decision_that_the_policy_does_not_make(rotate: Run) -> None:
    code, said, complaint = rotate("verify")
    assert code == 1
    assert complaint.startswith("FAULT: decision 1")
    assert "sound before that: 0 decisions" in said


def test_without_an_audit_log_the_answer_is_that_there_is_none(rotate: Run, where: Path) -> None:
    where.unlink()
    where.touch()
    code, _, complaint = rotate("status")
    assert code == 1
    assert "it has no audit log: no rotation controller has used it yet" in complaint


def test_what_is_left_after_old_decisions_were_removed_can_be_read(rotate: Run) -> None:
    assert "removed: 1 decisions" in rotate("prune", "--older", "1d", "--why", "room", "--author", "ada")[1]
    assert "removed: 0 decisions" in rotate("prune", "--older", "1d", "--why", "room")[1]
    said = rotate("audit")[1]
    assert [int(line.split()[1]) for line in said.splitlines() if line.startswith("decision")] == [2, 3]
    assert "ok: 1 decisions, up to number 3" in rotate("verify")[1]


def test_decisions_of_the_policy_are_found_to_be_its_own(rotate: Run, where: Path) -> None:
    async def decided() -> None:
        history = None
        async with AuditLog(where) as log:
            for number, (halted, pins) in enumerate([(False, {}), (False, {"trend": PIN}), (True, {}), (False, {})]):
                seen = observation(30.0 * number)
                made = decide(SETTINGS, seen, history, pins=pins, halted=halted)
                await log.record(SETTINGS, seen, pins, made, ordered=made.changes, floor=40)
                history = made.history

    where.unlink()
    asyncio.run(decided())
    code, said, complaint = rotate("verify")
    assert (code, complaint) == (0, "")
    assert said.startswith("ok: 4 decisions, up to number 44, seal ")


def test_where_the_database_cannot_be_used_a_halt_names_the_file_that_needs_none(rotate: Run, where: Path) -> None:
    where.write_bytes(b"no database, and longer than the head of one" * 100)
    code, _, complaint = rotate("halt", "--why", "odd")
    assert code == 1
    assert "creating the file data/rotation.halt where the controller runs halts it without a database" in complaint


def test_a_number_that_no_decision_can_have_is_a_usage_error(rotate: Run) -> None:
    with pytest.raises(SystemExit):
        rotate("audit", "--number", "9" * 20)
