"""An engine in this process waits while the journal is out of order, and its events are handed over once."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from structlog.testing import capture_logs

from genesis.core.errors import JournalError
from genesis.core.models import AnyEvent
from genesis.core.receipt import Outcome, Receipt
from genesis.monitoring import retrying
from genesis.monitoring.retrying import RetryingHandler
from tests.unit.monitoring.account import capital

DOWN = JournalError("journal: the server is stopped", retryable=True)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrying, "FIRST_PAUSE", 0.0)


class Monitor:
    """Fails as it is told to, then takes everything."""

    def __init__(self, *failures: JournalError) -> None:
        self.failures = deque(failures)
        self.taken: list[AnyEvent] = []

    async def handle(self, event: AnyEvent) -> Receipt:
        if self.failures:
            raise self.failures.popleft()
        self.taken.append(event)
        return Receipt(Outcome.ACCEPTED)


async def test_an_event_is_handed_over_once_however_often_the_journal_fails() -> None:
    monitor, event = Monitor(*[DOWN] * 5), capital("1")
    with capture_logs() as logs:
        assert (await RetryingHandler(monitor.handle)(event)).outcome is Outcome.ACCEPTED
    assert monitor.taken == [event]
    assert [log["event"] for log in logs] == ["the engine waits for the journal", "the engine goes on"]


async def test_an_outage_is_told_once_for_all_events_that_wait() -> None:
    monitor = Monitor(*[DOWN] * 6)
    deliver = RetryingHandler(monitor.handle)
    with capture_logs() as logs:
        await asyncio.gather(*(deliver(capital(f"{n}")) for n in range(1, 4)))
    assert len(monitor.taken) == 3
    assert [log["event"] for log in logs].count("the engine waits for the journal") == 1


async def test_a_failure_that_waiting_does_not_end_is_the_engines_to_hear() -> None:
    monitor = Monitor(JournalError("journal: it is damaged"))
    with pytest.raises(JournalError, match="damaged"):
        await RetryingHandler(monitor.handle)(capital("1"))
    assert monitor.taken == []
