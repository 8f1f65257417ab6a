"""Rebuilding the accounts from the journal's events, and the history that a void needs."""

from __future__ import annotations

from collections.abc import Callable

from genesis.core.errors import EventError
from genesis.core.models import Fill, Void
from genesis.core.money import exact_arithmetic
from genesis.ledger.journal import Journal
from genesis.monitoring.accounts import Accounts

Progress = Callable[[int, int], None]
"""Called with (events done, events in all) after each batch."""


async def replay(accounts: Accounts, journal: Journal, after: int = 0, progress: Progress | None = None) -> None:
    """Book the journal's events with a sequence above `after`, into accounts that hold those up to it."""
    done, total = 0, journal.last_sequence - after
    async for batch in journal.replay(after=after):
        for sequence, event in batch:
            if isinstance(event, Void):
                await correct(accounts, journal, event, until=sequence)
            accounts.book(event)
        done += len(batch)
        if progress is not None:
            progress(done, total)


async def correct(accounts: Accounts, journal: Journal, void: Void, until: int | None = None) -> EventError | None:
    """Compute the holding of the fill that `void` names without that fill; returns an error if that is impossible.

    `until`: the highest booked sequence; None for the journal's last one, which may rise meanwhile. Until `void` is booked,
    `accounts.correction` follows each booked event; only one void at a time.
    """
    by = accounts.voided.get((void.source, void.voids))
    if by == void.event_id:
        return None  # a repeat: the journal knows it
    if by is not None:
        return EventError("voids", void.voids, f"is void already, by {by!r}")
    fill = await _find(journal, void, journal.last_sequence if until is None else until)
    if fill is None:
        reason = f"is not a fill of strategy {void.strategy!r} that source {void.source!r} sent before; send the fill first"
        return EventError("voids", void.voids, reason)
    correction = accounts.correct(void, fill)
    async for events in journal.history(void.strategy, journal.last_sequence if until is None else until):
        with exact_arithmetic():
            correction.read(events)
    return None


async def _find(journal: Journal, void: Void, until: int) -> Fill | None:
    async for events in journal.history(void.strategy, until):
        for event in events:
            if isinstance(event, Fill) and (event.source, event.event_id) == (void.source, void.voids):
                return event
    return None
