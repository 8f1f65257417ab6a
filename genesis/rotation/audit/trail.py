"""Decisions of the audit log, selected and printed in their order."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable
from datetime import datetime

from genesis.core.errors import GenesisError
from genesis.rotation.audit.lines import decision_lines
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.audit.rows import Recorded


async def trail(
    log: AuditLog, *, last: int, number: int | None, since: datetime | None, strategy: str | None, changes: bool
) -> AsyncIterator[str]:
    """The lines of decision `number`, of the decisions since a time, or of the last ones.

    `changes`: only decisions that change something. `strategy`: only its lines; with `changes`, only decisions that change it.

    Raises:
        GenesisError: there is no decision `number`.
        JournalError: the log cannot be read, or one of these decisions is damaged.
    """
    if number is not None:
        found = await log.look_up(lambda store: store.read(number - 1, 1))
        if not found or found[0].number != number:
            raise GenesisError(f"rotate: there is no decision {number}")
        for line in await _lines(log, found[0], strategy):
            yield line
        return
    async for recorded in _selected(log, last=last, since=since, strategy=strategy, changes=changes):
        for line in await _lines(log, recorded, strategy):
            yield line


async def _selected(
    log: AuditLog, *, last: int, since: datetime | None, strategy: str | None, changes: bool
) -> AsyncIterator[Recorded]:
    if strategy is not None and changes and since is None:
        for recorded in await _last_changes(log, strategy, last):
            yield recorded
        return
    after = await log.look_up(
        lambda store: store.before(since) if since is not None else store.before_the_last(last, changes=changes)
    )
    async for batch in log.entries(after, changes=changes):
        for recorded in batch:
            if _is_selected(recorded, strategy, changes):
                yield recorded


async def _last_changes(log: AuditLog, strategy: str, count: int) -> Iterable[Recorded]:
    """The last changes of one strategy; the last changes of the log may all belong to others."""
    found: deque[Recorded] = deque(maxlen=count)
    async for batch in log.entries(changes=True):
        found.extend(recorded for recorded in batch if _is_selected(recorded, strategy, changes=True))
    return found


def _is_selected(recorded: Recorded, strategy: str | None, changes: bool) -> bool:
    if strategy is None:
        return True
    step = recorded.entry.decision.steps.get(strategy)
    return step is not None and not (changes and step.before == step.after)


async def _lines(log: AuditLog, recorded: Recorded, strategy: str | None) -> list[str]:
    deliveries = await log.deliveries(recorded.number, recorded.number)
    return list(decision_lines(recorded.number, recorded.settings, recorded.entry, deliveries, strategy))
