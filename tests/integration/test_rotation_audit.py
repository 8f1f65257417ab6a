"""The audit log in its real databases: beside a monitor that writes, killed, on a full disk, and after a broken session."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from genesis.cli import main
from genesis.core.errors import JournalError, JournalLockedError
from genesis.core.models import CapitalFlow
from genesis.database.address import POSTGRESQL, Address
from genesis.ledger.journal import Journal
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.audit.verification import VerificationResult, verify
from genesis.rotation.decision import Decision, History
from genesis.rotation.observation import Observation, Pin
from genesis.settings.rotation import RotationSettings
from tests.integration.postgres import PASSWORD, Cluster
from tests.unit.ledger.bookkeeper import kept
from tests.unit.rotation.logged import BEGIN, PIN, SETTINGS, decision, observation

ROOT = Path(__file__).parents[2]
_RECORDER = """
import asyncio, sys
from pathlib import Path
from genesis.database.address import address
from genesis.rotation.audit.log import AuditLog
from tests.unit.rotation.logged import SETTINGS, decision, observation

async def main(where, password, count):
    async with AuditLog(address(where, Path(password) if password else None)) as log:
        print("leads", flush=True)
        for after in range(count):
            number = await log.record(SETTINGS, observation(after), {}, decision(after, to="0.2"), ordered=True)
            print(number, flush=True)
            await log.delivered(number, "confirmed")

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def made_anew(_: RotationSettings, seen: Observation, __: History | None, *, pins: Mapping[str, Pin], halted: bool) -> Decision:
    """The policy by which the decisions of these tests are made."""
    return decision((seen.time - BEGIN).total_seconds(), to="0.2")


async def verdict(where: Address) -> VerificationResult:
    async with AuditLog(where, read_only=True) as log:
        return await verify(log, made_anew)


def recorder(where: Address, folder: Path, count: int) -> subprocess.Popen[str]:
    password = folder / "recorder-password"
    password.write_text(PASSWORD)
    given = str(password) if where.backend == POSTGRESQL else ""
    return subprocess.Popen(
        [sys.executable, "-c", _RECORDER, str(where), given, str(count)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


async def record(log: AuditLog, after: float) -> int:
    return await log.record(SETTINGS, observation(after), {}, decision(after, to="0.2"), ordered=True)


async def record_on_and_on(log: AuditLog) -> None:
    for after in range(1, 3000):
        await record(log, after)


def flow(name: str) -> CapitalFlow:
    return CapitalFlow(time=datetime(2026, 1, 1, tzinfo=UTC), event_id=name, strategy="s", amount=Decimal(1))


async def test_events_and_decisions_written_at_the_same_time_lose_nothing(journal_address: Address, tmp_path: Path) -> None:
    events, decisions = (400, 100) if journal_address.backend == POSTGRESQL else (2000, 500)
    with recorder(journal_address, tmp_path, decisions) as process:
        async with kept(journal_address) as keeper:
            for number in range(events):
                await keeper.append(flow(str(number)))
            assert process.stdout is not None
            numbers = (await asyncio.to_thread(process.stdout.read)).split()[1:]
            assert [int(number) for number in numbers] == list(range(1, decisions + 1))
            assert (len(keeper.booked), keeper.journal.count) == (events, events)
    found = await verdict(journal_address)
    assert (found.decisions, found.fault) == (decisions, "")


@pytest.mark.parametrize("first", ["monitor", "rotation"])
async def test_whoever_comes_first_leaves_the_other_its_tables(journal_address: Address, first: str) -> None:
    async def monitor() -> None:
        async with kept(journal_address) as keeper:
            await keeper.append(flow("a"))

    async def rotation() -> None:
        async with AuditLog(journal_address) as log:
            await record(log, 0)

    for work in (monitor, rotation) if first == "monitor" else (rotation, monitor):
        await work()
    async with Journal(journal_address) as journal, AuditLog(journal_address) as log:
        assert (journal.count, await record(log, 1)) == (1, 2)


async def test_killed_at_any_instant_what_was_recorded_stays_and_the_next_one_leads(
    journal_address: Address, tmp_path: Path
) -> None:
    acknowledged = 0
    for delay, recorded in ((0.0, False), (0.03, False), (0.11, False), (0.2, True)):
        with recorder(journal_address, tmp_path, 100_000) as process:
            assert process.stdout is not None
            assert await asyncio.to_thread(process.stdout.readline) == "leads\n"
            if recorded:  # one of them at least, on a slow machine too
                acknowledged = int(await asyncio.to_thread(process.stdout.readline))
            await asyncio.sleep(delay)
            process.kill()
            for line in process.stdout.read().split("\n")[:-1]:
                acknowledged = int(line)
        found = await verdict(journal_address)
        assert found.fault == ""
        assert acknowledged <= found.last <= acknowledged + 1
        acknowledged = found.last
    assert acknowledged > 0


async def test_a_broken_session_is_a_lost_leadership(postgres: Cluster, postgres_address: Address) -> None:
    log, other = AuditLog(postgres_address), AuditLog(postgres_address)
    await log.open()
    await record(log, 0)
    postgres.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'genesis rotation'")
    with pytest.raises(JournalError, match="nothing is delivered until it can be written again") as caught:
        await log.command_state()
    assert caught.value.retryable
    assert not log.is_open
    with pytest.raises(JournalError, match="is not open"):
        await record(log, 1)
    await other.open()
    with pytest.raises(JournalLockedError, match="another rotation controller leads"):
        await log.open()
    assert await record(other, 1) == 2
    await other.close()
    await log.open()
    assert await record(log, 2) == 3
    await log.close()


async def test_a_full_disk_records_nothing_and_when_there_is_room_it_goes_on(disk: Path) -> None:
    async with AuditLog(disk / "j.db") as log:
        await record(log, 0)
        (disk / "ballast").touch()
        with pytest.raises(OSError, match="No space"):
            (disk / "ballast").write_bytes(bytes(4 << 20))
        with pytest.raises(JournalError, match=r"free some space|look into the system's log"):
            await record_on_and_on(log)
        assert not log.is_open
        (disk / "ballast").unlink()
        await log.open()
        last = await log.last()
        assert last is not None
        assert await record(log, 5000) == last.number + 1
        found = await verify(log, made_anew)
        assert (found.fault, found.last) == ("", last.number + 1)


async def spoiled(where: Address, statement: str) -> str:
    async with AuditLog(where) as log:
        for after in range(6):
            await record(log, after)
        await log.halt("odd", "ada")
        await log.resume("fine", "ada")
    with sqlite3.connect(str(where)) as connection:
        connection.execute(statement)
    connection.close()
    return (await verdict(where)).fault


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE rotation_decision SET time = time + 1 WHERE number = 3", "decision 3 was changed after it was recorded"),
        ("UPDATE rotation_decision SET payload = x'00' WHERE number = 4", "decision 4 was changed"),
        ("UPDATE rotation_decision SET ordered = 0 WHERE number = 5", "decision 5 was changed"),
        (
            "DELETE FROM rotation_decision WHERE number = 2",
            "decision 3 was changed .* between 1 and it were removed",
        ),
        ("DELETE FROM rotation_decision WHERE number = 1", "decision 2 was changed"),
        ("DELETE FROM rotation_settings", "settings .* are missing"),
        (
            "UPDATE rotation_settings SET payload = CAST(replace(CAST(payload AS TEXT), '0.05', '0.06') AS BLOB)",
            "settings .* are damaged",
        ),
        ("UPDATE rotation_command SET time = time + 1 WHERE sequence = 1", "command 1 is damaged"),
        ("DELETE FROM rotation_command WHERE sequence = 1", "command 1 is missing"),
    ],
)
async def test_what_was_changed_afterwards_is_named(sqlite_address: Address, statement: str, complaint: str) -> None:
    assert re.search(complaint, await spoiled(sqlite_address, statement))


async def test_a_decision_that_the_policy_does_not_make_is_named_with_the_difference(sqlite_address: Address) -> None:
    async with AuditLog(sqlite_address) as log:
        await record(log, 0)
        changed = msgspec.structs.replace(observation(30), daily_loss_used=0.5)
        await log.record(SETTINGS, changed, {}, decision(30, to="0.1"), ordered=True)
    found = await verdict(sqlite_address)
    assert found.decisions == 1
    assert (
        "decision 2 differs from the policy's decision on the same inputs: carry: recorded LOWER 0.3000 active → 0.1000"
        in found.fault
    )


async def test_a_damaged_last_decision_stops_a_controller_with_its_number(sqlite_address: Address) -> None:
    await spoiled(sqlite_address, "UPDATE rotation_decision SET payload = x'00' WHERE number = 6")
    async with AuditLog(sqlite_address) as log:
        with pytest.raises(JournalError, match="decision 6 is damaged"):
            await log.last()


async def test_a_log_that_cannot_be_written_is_named(sqlite_address: Address) -> None:
    assert sqlite_address.path is not None
    sqlite_address.path.write_text("no database" * 1000)
    with pytest.raises(JournalError, match=r"audit log .*journal\.db: .*damaged"):
        await AuditLog(sqlite_address).open()


async def test_old_decisions_can_be_removed_beside_a_controller_and_the_others_verified(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log, AuditLog(journal_address, leads=False) as person:
        for after in range(250):
            await log.record(SETTINGS, observation(after), {}, decision(after, to="0.2"), ordered=after == 0)
        now = BEGIN + timedelta(days=90)
        assert await person.look_up(lambda store: store.prune(BEGIN + timedelta(seconds=240), "ada", "room", now)) == 238
        last = await log.last()
        assert last is not None
        assert (last.number, last.instruction and last.instruction.number) == (250, 1)
        assert await record(log, 250) == 251
        assert [one.number async for batch in log.entries() for one in batch] == [1, *range(240, 252)]
    found = await verdict(journal_address)
    assert (found.decisions, found.last, found.fault) == (12, 251, "")


async def test_a_journal_that_moves_takes_halts_pins_and_decisions_along(
    sqlite_address: Address, postgres_address: Address, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    password = tmp_path / "copy-password"
    password.write_text(PASSWORD)
    copy = [
        "journal",
        "copy",
        "--config",
        str(ROOT / "config"),
        "--journal",
        str(sqlite_address),
        "--to",
        str(postgres_address),
    ]
    async with kept(sqlite_address) as keeper, AuditLog(sqlite_address) as log:
        await keeper.append(flow("a"))
        await record(log, 0)
        await log.delivered(1, "confirmed")
        await log.halt("odd", "ada")
        standing = await log.pin("trend", PIN)
    async with AuditLog(sqlite_address):
        assert await asyncio.to_thread(main, [*copy, "--password-file", str(password)]) == 1
        assert "another rotation controller leads" in capsys.readouterr().err
    assert await asyncio.to_thread(main, [*copy, "--password-file", str(password)]) == 0
    assert "copied: 1 decisions of rotation, with the kill switch and the pins" in capsys.readouterr().out
    async with AuditLog(postgres_address) as log:
        assert await log.command_state() == standing
        assert [one.outcome for one in await log.deliveries(1, 1)] == ["confirmed"]
        assert await record(log, 1) == 2
    assert (await verdict(postgres_address))[::3] == (2, "")
