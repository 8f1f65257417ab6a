"""A market that falls through the limit of every strategy at once: a handful of notifications that name them all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from genesis.configuration import load_settings
from genesis.stack.sink import Notification
from tests.integration.conftest import ROOT
from tests.integration.waiting import at_best, until
from tests.integration.whole_way import SCRAPES_FIRST, Way, opening, quote, running

STRATEGIES = [f"strategy-{number}" for number in range(200)]
LATE = "one-more"
LATE_SYMBOL = "ETHUSDT"
HANDFUL = 3
"""Prometheus hands on 64 alerts at a time: the first page of a group may have some of them, the next one has all."""
SETTLED = 4.0
"""Seconds in which more would come: two group intervals."""

pytestmark = [pytest.mark.usefixtures("real_programs"), pytest.mark.real_time]


async def test_200_breaches_are_a_handful_of_notifications_and_the_next_one_waits_for_none_of_them(tmp_path: Path) -> None:
    await at_best(storm, tmp_path)


@asynccontextmanager
async def holding(data: Path) -> AsyncIterator[Way]:
    """The repository's own settings, and 200 strategies that hold the same symbol; one more holds another."""
    async with running(load_settings(ROOT / "config"), data) as way:
        events = [event for strategy in STRATEGIES for event in opening(strategy)]
        await way.app.monitor.handle_batch([*events, *opening(LATE, LATE_SYMBOL)])
        await asyncio.sleep(SCRAPES_FIRST)
        yield way


async def storm(data: Path) -> None:
    """Both symbols fall, one after the other."""
    async with holding(data) as way:
        await told_in_handfuls(way)


async def told_in_handfuls(way: Way) -> None:
    before = len(way.sink.notifications)
    fell = await falls(way, quote("88").symbol)
    await until(lambda: told(way.sink.notifications) >= set(STRATEGIES))
    first, last = told_at(way.sink.notifications, STRATEGIES)
    await asyncio.sleep(SETTLED)
    notes = way.sink.notifications[before:]
    fell_late = await falls(way, LATE_SYMBOL)
    await until(lambda: LATE in told(way.sink.notifications))
    _, late = told_at(way.sink.notifications, [LATE])

    groups = {name: [n for n in notes if n.alerts[0].name == name and n.receiver == "page"] for name in names(notes)}
    delays = [(then - since).total_seconds() for then, since in ((first, fell), (last, fell), (late, fell_late))]
    print(f"first, last, and the one after: {delays} s; {len(notes)} notifications")  # noqa: T201 - seen with pytest -s
    print({(n.receiver, n.alerts[0].name): len(n.alerts) for n in notes})  # noqa: T201
    assert all(len(group) <= HANDFUL for group in groups.values())
    assert len(notes) <= HANDFUL * len(groups)
    assert "StrategyDrawdown" not in {one.name for note in notes for one in note.alerts if one.labels["severity"] == "warning"}
    pages = [note for note in way.sink.notifications if note.at > fell_late and paged(note)]
    assert LATE in paged(pages[0]), "the one after waits for no further notification of the storm"


async def falls(way: Way, symbol: str) -> datetime:
    """Let a market fall by 12 %; when that was."""
    now = datetime.now(UTC)
    await way.app.monitor.handle(quote("88", symbol))
    return now


def told(notes: Iterable[Notification]) -> set[str]:
    """The strategies whose drawdown was told to the pager."""
    return {strategy for note in notes for strategy in paged(note)}


def told_at(notes: Iterable[Notification], strategies: Iterable[str]) -> tuple[datetime, datetime]:
    """When the first and the last of them was told for the first time."""
    times = [next(note.at for note in notes if strategy in paged(note)) for strategy in strategies]
    return min(times), max(times)


def paged(note: Notification) -> set[str]:
    alerts = [one for one in note.alerts if (note.receiver, one.name, one.status) == ("page", "StrategyDrawdown", "firing")]
    return {one.labels["strategy"] for one in alerts}


def names(notes: Iterable[Notification]) -> set[str]:
    return {note.alerts[0].name for note in notes}
