"""The journal keeps what it acknowledged, once, in order: the same in every database."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from genesis.core.errors import JournalBusyError, JournalError
from genesis.core.models import AnyAccountEvent, CapitalFlow, Fill, Side
from genesis.database.address import Address
from genesis.ledger.journal import Append, AppendResult, Committed, Journal
from genesis.ledger.schema import EVENT, SCHEMA, SCHEMA_VERSION, SNAPSHOT
from tests.behind import somebody_else
from tests.integration.waiting import SOON
from tests.unit.ledger.bookkeeper import kept

TIME = datetime(2026, 1, 1, tzinfo=UTC)


def fill(event_id: str, quantity: str = "1", source: str = "engine", strategy: str = "s") -> Fill:
    return Fill(
        time=TIME,
        source=source,
        event_id=event_id,
        strategy=strategy,
        symbol="BTC",
        side=Side.BUY,
        quantity=Decimal(quantity),
        price=Decimal("0.000000000000000001"),
    )


async def replayed(journal: Journal) -> list[AnyAccountEvent]:
    return [event async for batch in journal.replay() for _, event in batch]


async def appended(address: Address, events: Sequence[AnyAccountEvent]) -> list[AppendResult]:
    async with kept(address) as keeper:
        return await keeper.append(*events)


class Gate:
    """Holds the journal's thread, so that appends have to wait."""

    def __init__(self, journal: Journal) -> None:
        self._open = threading.Event()
        self._held = asyncio.get_running_loop().run_in_executor(journal._thread, self._open.wait)

    async def open(self) -> None:
        self._open.set()
        await self._held


async def test_events_come_back_in_order_after_a_restart(journal_address: Address) -> None:
    flow = CapitalFlow(time=TIME, event_id="c", strategy="s", amount=Decimal("-1.50"))
    events: list[AnyAccountEvent] = [flow, fill("b"), fill("a"), fill("é😀 ' \" \\ %s", source="ö")]
    await appended(journal_address, events)
    async with Journal(journal_address) as journal:
        assert await replayed(journal) == events
        assert (journal.count, journal.last_sequence) == (4, 4)


async def test_a_repeat_is_known_within_a_batch_and_after_a_restart(journal_address: Address) -> None:
    same = fill("a")
    assert await appended(journal_address, [same, fill("a"), same]) == [
        AppendResult.NEW,
        AppendResult.DUPLICATE,
        AppendResult.DUPLICATE,
    ]
    assert await appended(journal_address, [fill("a", "1.000"), fill("b")]) == [AppendResult.DUPLICATE, AppendResult.NEW]


async def test_the_same_identity_with_other_content_is_a_conflict_and_not_kept(journal_address: Address) -> None:
    assert await appended(journal_address, [fill("a"), fill("a", "2"), fill("a", "2", source="other")]) == [
        AppendResult.NEW,
        AppendResult.CONFLICT,
        AppendResult.NEW,
    ]
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        assert await keeper.append(fill("a", "3")) == [AppendResult.CONFLICT]
        assert await replayed(journal) == [fill("a"), fill("a", "2", source="other")]


async def test_a_thousand_repeats_among_new_events_are_all_known(journal_address: Address) -> None:
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        await keeper.append(*(fill(f"{n}") for n in range(0, 2000, 2)))
        entries = await keeper.append(*(fill(f"{n}") for n in range(2000)))
        assert entries == [AppendResult.DUPLICATE, AppendResult.NEW] * 1000
        assert [n async for batch in journal.replay() for n, _ in batch] == list(range(1, 2001))


async def test_appends_that_wait_share_a_commit_and_are_booked_in_the_journals_order(journal_address: Address) -> None:
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        gate = Gate(journal)
        appends = [asyncio.create_task(keeper.append(fill(f"{n}a"), fill(f"{n}b"))) for n in range(50)]
        await asyncio.sleep(0)
        assert journal.pending == 100
        await gate.open()
        await asyncio.gather(*appends)
        in_order = [f"{n}{x}" for n in range(50) for x in "ab"]
        assert keeper.booked == in_order
        assert [event.event_id for event in await replayed(journal)] == in_order
        assert (len(keeper.commits), sum(keeper.commits), journal.pending) == (1, 100, 0)


async def test_identities_are_told_apart_across_the_appends_of_one_commit(journal_address: Address) -> None:
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        gate = Gate(journal)
        appends = [asyncio.create_task(keeper.append(fill("a", quantity))) for quantity in ("1", "2", "1.0")]
        await asyncio.sleep(0)
        await gate.open()
        assert await asyncio.gather(*appends) == [[AppendResult.NEW], [AppendResult.CONFLICT], [AppendResult.DUPLICATE]]
        assert journal.count == 1


async def test_a_cancelled_append_is_booked_all_the_same(sqlite_address: Address) -> None:
    async with kept(sqlite_address) as keeper:
        gate = Gate(keeper.journal)
        task = asyncio.create_task(keeper.append(fill("a")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert keeper.booked == []
        await gate.open()
        assert await keeper.append(fill("b")) == [AppendResult.NEW]
        assert keeper.booked == ["a", "b"]
        assert keeper.journal.last_sequence == 2


async def test_what_waits_when_the_journal_is_closed_is_committed_first(sqlite_address: Address) -> None:
    async with kept(sqlite_address) as keeper:
        waiting = asyncio.create_task(keeper.append(fill("a")))
        await asyncio.sleep(0)
    assert await waiting == [AppendResult.NEW]


async def test_what_waits_is_refused_when_nobody_takes_the_steps_any_more(sqlite_address: Address) -> None:
    async with Journal(sqlite_address) as journal:
        committed = asyncio.create_task(journal.append(Append([fill("a")])))
        await asyncio.sleep(0)
        async with aclosing(journal.work()) as steps:
            assert isinstance(await anext(steps), Committed)
            waiting = asyncio.create_task(journal.append(Append([fill("b")])))
            await asyncio.sleep(0)  # and then the bookkeeper fails
        for refused in (committed, waiting):
            with pytest.raises(JournalError, match="is not open") as caught:
                await asyncio.wait_for(refused, SOON)
            assert caught.value.retryable
        assert journal.pending == 0
    async with kept(sqlite_address) as keeper:
        assert await keeper.append(fill("a"), fill("b")) == [AppendResult.DUPLICATE, AppendResult.NEW]


async def test_only_one_may_take_the_steps(sqlite_address: Address) -> None:
    async with kept(sqlite_address) as keeper:
        with pytest.raises(RuntimeError, match="already has a consumer"):
            await anext(keeper.journal.work())


async def test_more_than_may_wait_is_refused_and_nothing_of_it_taken(sqlite_address: Address) -> None:
    async with kept(sqlite_address, max_pending=3) as keeper:
        journal = keeper.journal
        gate = Gate(journal)
        first = asyncio.create_task(keeper.append(fill("a"), fill("b")))
        await asyncio.sleep(0)
        with pytest.raises(JournalBusyError, match="2 events wait") as caught:
            await asyncio.wait_for(keeper.append(fill("c"), fill("d")), SOON)
        assert caught.value.retryable
        last = asyncio.create_task(keeper.append(fill("e")))
        await asyncio.sleep(0)
        await gate.open()
        await asyncio.gather(first, last)
        assert await keeper.append(*(fill(f"{n}") for n in range(9))) == [AppendResult.NEW] * 9  # alone, any batch may pass
        assert [event.event_id for event in await replayed(journal)][:3] == ["a", "b", "e"]


async def test_a_fault_of_one_booking_is_its_callers_alone(sqlite_address: Address) -> None:
    async with kept(sqlite_address) as keeper:
        keeper.unbookable.add("a")
        gate = Gate(keeper.journal)
        bad, good = (asyncio.create_task(keeper.append(fill(name))) for name in "ab")
        await asyncio.sleep(0)
        await gate.open()
        with pytest.raises(ZeroDivisionError):
            await bad
        assert await good == [AppendResult.NEW]
        assert keeper.journal.last_sequence == 2


async def test_an_event_that_the_database_cannot_hold_fails_alone(
    postgres_address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genesis.ledger.rows.kind_of", lambda event: "nul \0" if event.event_id == "bad" else "fill")
    async with kept(postgres_address) as keeper:
        journal = keeper.journal
        gate = Gate(journal)
        appends = [asyncio.create_task(keeper.append(fill(name))) for name in ("a", "bad", "b")]
        await asyncio.sleep(0)
        await gate.open()
        with capture_logs():
            results = await asyncio.gather(*appends, return_exceptions=True)
        assert [results[0], results[2]] == [[AppendResult.NEW], [AppendResult.NEW]]
        assert isinstance(results[1], JournalError)
        assert not results[1].retryable
        assert [event.event_id for event in await replayed(journal)] == ["a", "b"]


async def test_a_journal_of_a_newer_schema_is_refused(journal_address: Address) -> None:
    async with Journal(journal_address) as journal:
        with somebody_else(journal.address) as connection:
            connection.execute(update(SCHEMA).values(version=SCHEMA_VERSION + 1))
    with pytest.raises(JournalError, match=f"schema version {SCHEMA_VERSION + 1}.*start the version that wrote it"):
        await Journal(journal_address).__aenter__()


async def test_a_damaged_event_is_named(journal_address: Address) -> None:
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        await keeper.append(fill("a"), fill("b"))
        with somebody_else(journal.address) as connection:
            connection.execute(update(EVENT).where(EVENT.c.sequence == 2).values(payload=b"{}"))
        with pytest.raises(JournalError, match="event 2 is damaged"):
            await replayed(journal)


async def test_a_payload_with_one_wrong_digit_is_damaged_too(journal_address: Address) -> None:
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        await keeper.append(fill("a"))
        wrong = msgspec.json.encode(fill("a", "2"))
        with somebody_else(journal.address) as connection:
            connection.execute(update(EVENT).values(payload=wrong))
        with pytest.raises(JournalError, match="event 1 is damaged: its checksum"):
            await replayed(journal)


async def test_a_snapshot_is_replaced_and_comes_back(journal_address: Address) -> None:
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        assert await journal.load_snapshot() is None
        await keeper.append(fill("a"))
        for text in ("one", "two"):
            await journal.save_snapshot(lambda sequence, text=text: f"{text} {sequence}".encode())  # type: ignore[misc]
    async with Journal(journal_address) as journal:
        assert await journal.load_snapshot() == b"two 1"


async def test_a_damaged_snapshot_is_none(journal_address: Address) -> None:
    async with Journal(journal_address) as journal:
        await journal.save_snapshot(lambda _: b"digit 1")
        with somebody_else(journal.address) as connection:
            connection.execute(update(SNAPSHOT).values(payload=b"digit 2"))
        with capture_logs() as logs:
            assert await journal.load_snapshot() is None
    assert "damaged" in logs[0]["event"]


async def test_the_history_of_a_strategy_ends_where_it_is_told_to(journal_address: Address) -> None:
    events = [fill(f"{n}", strategy="ab"[n % 2]) for n in range(10)]
    async with kept(journal_address) as keeper:
        journal = keeper.journal
        await keeper.append(*events)
        assert [event async for batch in journal.history("b", 8) for event in batch] == events[1:8:2]


async def test_a_closed_journal_says_so(sqlite_address: Address) -> None:
    async with kept(sqlite_address) as keeper:
        pass
    with pytest.raises(JournalError, match="is not open"):
        await keeper.append(fill("a"))
