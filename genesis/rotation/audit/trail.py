"""Decisions of the audit log, chosen and printed in their order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from genesis.core.errors import GenesisError
from genesis.rotation.audit.lines import decision_lines
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.audit.rows import Recorded


async def trail(
    log: AuditLog, *, last: int, number: int | None, since: datetime | None, strategy: str | None, changes: bool
) -> AsyncIterator[str]:
    """Decision `number` alone, or those since a time, or the last ones; `changes`: of these only what changes `strategy`.

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
    after = await log.look_up(
        lambda store: store.before(since) if since is not None else store.before_the_last(last, changes=changes)
    )
    async for batch in log.entries(after, changes=changes):
        for recorded in batch:
            if _is_wanted(recorded, strategy, changes):
                for line in await _lines(log, recorded, strategy):
                    yield line


def _is_wanted(recorded: Recorded, strategy: str | None, changes: bool) -> bool:
    if strategy is None:
        return True
    step = recorded.entry.decision.steps.get(strategy)
    return step is not None and not (changes and step.before == step.after)


async def _lines(log: AuditLog, recorded: Recorded, strategy: str | None) -> list[str]:
    deliveries = await log.deliveries(recorded.number, recorded.number)
    return list(decision_lines(recorded.number, recorded.settings, recorded.entry, deliveries, strategy))
