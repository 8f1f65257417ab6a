"""A journal → samples of the metrics that its monitor would have exported at each step.

A journal stores account events, not the market between them. So symbols are marked only at the prices in fills and signals,
and the age of a mark is not known.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import IO, NamedTuple

from genesis.configuration import Settings
from genesis.core.clock import Clock
from genesis.core.errors import GenesisError
from genesis.core.models import AnyAccountEvent, AnyEvent, Fill, Quote, Signal
from genesis.database.address import Address
from genesis.ledger.journal import Journal
from genesis.metrics import catalog
from genesis.simulate.openmetrics import END, OpenMetrics
from genesis.simulate.past import Period
from genesis.simulate.recorder import Recorder

NOTES = (
    "the journal stores no quotes: symbols are marked at the prices in fills and signals, so that P&L does not change between "
    "them, and the age of a mark is not known",
    "no alert rules are evaluated on a journal: signals that read ALERTS see none",
)
_MOST_STEPS = 200_000


class Recorded(NamedTuple):
    """What was read from a journal."""

    period: Period
    events: int


async def record(
    where: Address,
    settings: Settings,
    metrics: frozenset[str],
    step: float,
    file: IO[bytes],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    clock: Clock,
) -> Recorded:
    """Replay a journal's events in its order, and write the monitor's metrics at each step.

    Args:
        where: the journal; a monitor may have it open.
        settings: of the monitor.
        metrics: the names of the metrics to write.
        step: seconds between two readings.
        file: gets OpenMetrics.
        since: the first reading; None: at the first event.
        until: later events are ignored; None: no limit.
        clock: of the database.

    Raises:
        JournalError: it cannot be read.
        GenesisError: it has no events in that period, or too many steps.
    """
    first, last = await _span(where, clock, since, until)
    start = -(-first // step) * step
    period = Period.between(start, max(start, last), step)
    if period.steps > _MOST_STEPS:
        raise GenesisError(
            f"--step: {step:g} s make {period.steps:,} steps, and {_MOST_STEPS:,} are allowed: take a longer one"
        )
    written = OpenMetrics(
        file,
        metrics - {catalog.MARK_TIMESTAMP_SECONDS.name},
        max_strategies=settings.monitor.max_strategies,
        max_symbols=settings.monitor.max_symbols,
    )
    events = 0
    async with Journal(":memory:") as journal:
        recorder = Recorder(settings, journal, written.write, start=start, step=step)
        await recorder.begin()
        async for event in _events(where, clock, until):
            for each in marked(event):
                await recorder.take(each)
            events += 1
        await recorder.reach(period.end + step / 2)
    file.write(END)
    return Recorded(period, events)


def marked(event: AnyAccountEvent) -> list[AnyEvent]:
    """The event, preceded by a quote at the price that it contains, if any."""
    if isinstance(event, Fill):
        price = event.price if event.arrival_price is None else event.arrival_price
    elif isinstance(event, Signal):
        price = event.price
    else:
        return [event]
    return [Quote(time=event.time, source=event.source, symbol=event.symbol, bid=price, ask=price), event]


async def _span(where: Address, clock: Clock, since: datetime | None, until: datetime | None) -> tuple[float, float]:
    """The times of the first and the last event to use, in seconds since 1970."""
    first = last = None
    async for event in _events(where, clock, until):
        at = event.time.timestamp()
        first = at if first is None else min(first, at)
        last = at if last is None else max(last, at)
    begin = first if since is None else max(since.timestamp(), first or 0.0)
    if begin is None or last is None or begin > last:
        raise GenesisError(f"journal {where}: has no events in that period")
    return begin, last


async def _events(where: Address, clock: Clock, until: datetime | None) -> AsyncIterator[AnyAccountEvent]:
    async with Journal(where, clock=clock, read_only=True) as journal:
        await journal.load_snapshot()  # a reader needs it to know how many events there are
        async for batch in journal.replay():
            for _, event in batch:
                if until is None or event.time <= until:
                    yield event
