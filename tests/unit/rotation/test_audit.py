"""The audit log: what is recorded is what was decided, numbers rise, one leads, and people's commands come to one state."""

from __future__ import annotations

import os
import signal
import sqlite3
from datetime import timedelta

import msgspec
import pytest

from genesis.core.errors import JournalError, JournalLockedError
from genesis.core.models import StrategyState
from genesis.database.address import Address
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.audit.rows import Recorded
from genesis.rotation.observation import Pin
from tests.integration.postgres import Cluster
from tests.unit.rotation.logged import BEGIN, PIN, SETTINGS, decision, observation, share

_ODD = "a\"b\\c{d}\ne'\0\U0001f600" + "x" * 1000


async def record(log: AuditLog, after: float = 0.0, *, to: str = "0.3", order: bool = False, floor: int = 0) -> int:
    return await log.record(SETTINGS, observation(after), {}, decision(after, to=to), ordered=order, floor=floor)


async def recorded(log: AuditLog) -> list[Recorded]:
    return [one async for batch in log.entries() for one in batch]


async def test_what_was_recorded_is_read_back_as_it_was(journal_address: Address) -> None:
    seen, made = observation(strategies=(_ODD,)), decision(strategies=(_ODD,), to="0.1")
    async with AuditLog(journal_address) as log:
        assert await log.record(SETTINGS, seen, {_ODD: PIN}, made, ordered=True) == 1
    async with AuditLog(journal_address) as log:
        last = await log.last()
        assert last is not None
        assert last.history == made.history
        assert last.decision == made
        assert last.instruction is not None
        assert last.instruction == (1, {_ODD: share("0.1")})
        [one] = await recorded(log)
        assert (one.entry.seen, one.entry.pins) == (seen, {_ODD: PIN})
        _, settings = await log.look_up(lambda store: store.settings(one.settings))
        assert settings == SETTINGS


async def test_an_empty_log_has_no_last_decision(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log:
        assert await log.last() is None
        assert await log.command_state() == await log.command_state()
        assert (await log.command_state()).halted is None


async def test_numbers_rise_by_one_and_above_what_the_engine_reports(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log:
        assert [await record(log, after, floor=floor) for after, floor in ((0, 0), (1, 0), (2, 17), (3, 5))] == [1, 2, 18, 19]
    async with AuditLog(journal_address) as log:
        assert await record(log, 4) == 20


async def test_the_last_order_is_found_behind_decisions_that_change_nothing(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log:
        await record(log, 0, to="0.2", order=True)
        await record(log, 1)
        await record(log, 2)
        last = await log.last()
        assert last is not None
        assert last.number == 3
        assert last.instruction == (1, {"trend": share("0.2"), "carry": share("0.2")})


async def test_a_decision_that_could_not_be_read_back_is_refused(journal_address: Address) -> None:
    seen = observation()
    broken = msgspec.structs.replace(seen, daily_loss_used=float("nan"))
    async with AuditLog(journal_address) as log:
        with pytest.raises(JournalError, match="cannot be stored exactly"):
            await log.record(SETTINGS, broken, {}, decision(), ordered=False)
        assert not log.is_open
        await log.open()
        assert await record(log) == 1


async def test_a_name_that_is_no_text_is_refused(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log:
        with pytest.raises(JournalError, match="cannot be stored"):
            await log.record(SETTINGS, observation(strategies=("\ud800",)), {}, decision(), ordered=False)


async def test_a_number_that_json_does_not_hold_is_refused(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log:
        with pytest.raises(JournalError, match="no engine's number may be above"):
            await record(log, floor=2**53)


async def test_one_leads_and_the_other_is_told_who(journal_address: Address) -> None:
    async with AuditLog(journal_address) as first:
        second = AuditLog(journal_address)
        with pytest.raises(
            JournalLockedError, match=rf"leads \((process {os.getpid()}|genesis rotation, .*)\): this one waits"
        ):
            await second.open()
        await record(first)
        await first.close()
        await second.open()
        assert await record(second, 1) == 2
        await second.close()


async def test_a_second_leader_that_somebody_made_possible_is_found_out(sqlite_address: Address) -> None:
    assert sqlite_address.path is not None
    async with AuditLog(sqlite_address) as first:
        await record(first)
        sqlite_address.path.with_name("journal.db.rotation.lock").unlink()
        async with AuditLog(sqlite_address) as second:
            await record(second, 1)
            with pytest.raises(JournalLockedError, match="another controller has recorded decision 2"):
                await record(first, 2)
            assert [one.number for one in await recorded(second)] == [1, 2]


async def test_commands_need_no_lock_and_come_to_one_state(journal_address: Address) -> None:
    pin = Pin(state=StrategyState.PAUSED, why="odd\0 fills", author="bob", since=BEGIN + timedelta(hours=1))
    async with AuditLog(journal_address) as leader, AuditLog(journal_address, leads=False) as person:
        await person.halt("the exchange is odd", "ada")
        await person.pin("trend", PIN)
        await person.pin(_ODD, pin)
        state = await leader.command_state()
        assert state.halted is not None
        assert "by ada since" in str(state.halted)
        assert state.pins == {"trend": PIN, _ODD: pin}
        await person.unpin("trend", "done", "ada")
        assert await person.resume("it is well", "bob") == await leader.command_state()
        assert await leader.command_state() == msgspec.structs.replace(state, halted=None, pins={_ODD: pin})
        with pytest.raises(JournalError, match="only the leading controller"):
            await record(person)


async def test_two_people_at_the_same_time_lose_no_command(journal_address: Address) -> None:
    async with AuditLog(journal_address, leads=False) as one, AuditLog(journal_address, leads=False) as other:
        for number in range(10):
            await one.pin(f"one {number}", PIN)
            await other.pin(f"other {number}", PIN)
        assert len((await one.command_state()).pins) == 20
        assert await one.command_state() == await other.command_state()


async def test_deliveries_are_kept_attempt_by_attempt(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log:
        await record(log)
        await log.delivered(1, "failed", "no\0 \ud800 route" + "x" * 5000)
        await log.delivered(1, "confirmed")
        told = await log.deliveries(1, 1)
    assert [(one.attempt, one.outcome) for one in told] == [(1, "failed"), (2, "confirmed")]
    assert told[0].text.startswith("no� ? route")
    assert len(told[0].text) == 1000


async def test_a_reader_writes_nothing_and_says_where_there_is_no_log(journal_address: Address) -> None:
    async with AuditLog(journal_address) as log:
        await record(log)
        async with AuditLog(journal_address, read_only=True) as reader:
            assert len(await recorded(reader)) == 1
            with pytest.raises(JournalError):
                await reader.halt("no", "nobody")


async def test_a_newer_genesis_is_left_alone(sqlite_address: Address) -> None:
    async with AuditLog(sqlite_address):
        pass
    with sqlite3.connect(str(sqlite_address)) as connection:
        connection.execute("UPDATE rotation_schema SET version = 2")
    connection.close()
    with pytest.raises(JournalError, match="schema version 2, this Genesis knows 1: start the version that wrote it"):
        await AuditLog(sqlite_address).open()


async def test_a_password_in_the_address_of_prometheus_is_not_kept(journal_address: Address) -> None:
    secret = SETTINGS.model_copy(update={"prometheus": "https://reader:pass/word@prometheus:9090/path"})
    async with AuditLog(journal_address) as log:
        await log.record(secret, observation(), {}, decision(), ordered=False)
        [one] = await recorded(log)
        _, settings = await log.look_up(lambda store: store.settings(one.settings))
        assert settings == SETTINGS.model_copy(update={"prometheus": "https://prometheus:9090/path"})


async def test_a_server_that_hangs_is_let_go_of(postgres: Cluster, postgres_address: Address) -> None:
    asked = "SELECT pid FROM pg_stat_activity WHERE application_name = 'genesis rotation'"
    async with AuditLog(postgres_address, longest=2.0) as log:
        [(session,)] = postgres.admin(asked)
        os.kill(int(str(session)), signal.SIGSTOP)
        try:
            with pytest.raises(JournalError, match="nothing is delivered until it can be written again"):
                await record(log)
            assert not log.is_open
        finally:
            os.kill(int(str(session)), signal.SIGCONT)
    async with AuditLog(postgres_address) as log:
        assert await record(log) == 1


async def test_a_log_whose_file_is_gone_is_not_begun_again_without_its_halt(sqlite_address: Address) -> None:
    log, waiting = AuditLog(sqlite_address), AuditLog(sqlite_address)
    await log.open()
    await log.halt("odd", "ada")
    with pytest.raises(JournalLockedError):
        await waiting.open()
    assert sqlite_address.path is not None
    gone = sqlite_address.path.rename(sqlite_address.path.with_name("gone.db"))
    await log.close()
    for one in (log, waiting):
        with pytest.raises(JournalError, match="the file is gone: put it back"):
            await one.open()
        await one.close()
    gone.rename(sqlite_address.path)
    await waiting.open()
    assert (await waiting.command_state()).halted is not None
    await waiting.close()
