"""Any order, repetition and restart of a stream: the books are those that the journal's order defines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from genesis.configuration import load_settings
from genesis.core.models import AnyAccountEvent, AnyEvent, MarketEvent
from genesis.database.address import Address, address
from genesis.ledger.digest import digest
from genesis.ledger.journal import Journal
from genesis.monitoring.accounts import Accounts
from genesis.monitoring.restart import replay
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from tests.behind import somebody_else
from tests.oracle.histories import PLAIN, histories
from tests.search import examples

RULES = load_settings(Path(__file__).parents[3] / "config").rules
SETTINGS = MonitorSettings()
PHASES = [Phase.explicit, Phase.reuse, Phase.generate]


@pytest.fixture(autouse=True, scope="module")
def _quiet() -> Iterator[None]:
    with capture_logs():
        yield


class Step(NamedTuple):
    """What one life of the monitor does: batches of events, a snapshot behind some of them."""

    batches: list[tuple[list[AnyEvent], bool]]


@st.composite
def lives(draw: st.DrawFn) -> list[Step]:
    """A stream, its events in any order and some of them several times, cut into batches and restarts anywhere."""
    events = draw(histories(PLAIN, length=12))
    repeated = events + draw(st.lists(st.sampled_from(events), max_size=12)) if events else []
    shuffled = draw(st.permutations(repeated))
    steps: list[Step] = [Step([])]
    while shuffled:
        size = draw(st.integers(1, 5))
        steps[-1].batches.append((list(shuffled[:size]), draw(st.booleans())))
        shuffled = shuffled[size:]
        if draw(st.integers(0, 3)) == 0:
            steps.append(Step([]))
    return steps


async def books_of(where: Address) -> tuple[str, list[AnyAccountEvent]]:
    """The digest of the journal's events booked one after the other, and these events."""
    async with Journal(where, read_only=where.path is not None) as journal:
        kept = [event async for batch in journal.replay() for _, event in batch]
        accounts = Accounts(SETTINGS)
        await replay(accounts, journal)
        return digest(accounts.ledger.books), kept


async def live(where: Address, steps: list[Step]) -> None:
    """Each life ends without a last snapshot, as a killed process does, and the next one starts from what is there."""
    before = None
    sent: dict[tuple[str, str], AnyAccountEvent] = {}
    for step in steps:
        async with Journal(where) as journal:
            monitor = StrategyPerformanceMonitor(SETTINGS, RULES, journal)
            await monitor.restore()
            assert before is None or monitor.digest() == before
            for batch, saved in step.batches:
                await monitor.handle_batch(batch)
                sent |= {(e.source, e.event_id): e for e in batch if not isinstance(e, MarketEvent)}
                if saved:
                    await monitor.save_snapshot()
            before = monitor.digest()
    again, kept = await books_of(where)
    assert again == before
    assert len({(event.source, event.event_id) for event in kept}) == len(kept)
    assert {(event.source, event.event_id) for event in kept} <= sent.keys()


@settings(max_examples=examples(40), phases=PHASES)
@given(lives())
def test_any_order_repetition_and_restart_gives_the_books_of_the_journals_order(steps: list[Step]) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(live(address(Path(folder) / "j.db"), steps))


@settings(
    max_examples=examples(8),
    phases=PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=lives())
def test_in_postgresql_too(postgres_address: Address, steps: list[Step]) -> None:
    async def emptied() -> None:
        async with Journal(postgres_address):
            pass  # it makes the tables
        with somebody_else(postgres_address) as connection:
            connection.exec_driver_sql("TRUNCATE journal_event, journal_snapshot")
        await live(postgres_address, steps)

    asyncio.run(emptied())
