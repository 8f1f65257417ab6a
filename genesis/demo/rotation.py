"""Rotation in the demo: its engine in this process, and its decisions as lines for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from genesis.core.allocation import EngineReport, Share
from genesis.core.errors import ServerError
from genesis.engine.allocations import AllocationBook, AllocationError
from genesis.rotation.decision import Decision

_LONGEST_REASON = 100
"""Characters."""


class LocalEngine:
    """The client with which rotation reaches an engine in this process."""

    def __init__(self, book: AllocationBook) -> None:
        self._book = book

    async def report(self) -> EngineReport | None:
        return self._book.report()

    async def deliver(self, number: int, shares: Mapping[str, Share]) -> EngineReport:
        try:
            return self._book.apply(number, shares)
        except AllocationError as error:
            raise ServerError(str(error), status=409) from error


@dataclass(slots=True)
class DecisionReporter:
    """Turns each decision into lines: the strategies that it changes, and what differs from the decision before."""

    _blocked: frozenset[str] = frozenset()
    _halted: bool = False
    _was_free: bool = False

    def lines(self, decision: Decision) -> list[str]:
        """One line for each change of the kill switch, each new block, the end of all blocks, and each changed strategy."""
        lines = [*self._kill_switch(decision), *self._block_changes(decision)]
        for strategy, step in decision.steps.items():
            if step.before != step.after:
                before, after = step.before, step.after
                why = "; ".join(f"{reason.code}: {reason.text}" if reason.text else reason.code for reason in step.reasons)
                lines.append(f"{strategy} {step.action.value} {before.weight} → {after.weight} {after.state.value}: {why}")
        return lines

    def _kill_switch(self, decision: Decision) -> list[str]:
        if decision.halted == self._halted:
            return []
        self._halted = decision.halted
        return ["halted: nothing is changed" if decision.halted else "no longer halted"]

    def _block_changes(self, decision: Decision) -> list[str]:
        blocked = {reason.code: _shortened(reason.text) for reason in decision.blocked}
        new = [f"{code} {text}".rstrip() for code, text in blocked.items() if code not in self._blocked]
        if not self._was_free and blocked:  # at the start, before all blocks have ended once, the codes are enough
            new = [f"waiting for the end of {', '.join(blocked)}"] if not self._blocked else []
        lines = [f"no weight is raised: {what}" for what in new]
        if self._blocked and not blocked:
            lines.append("weights may be raised")
        self._was_free = self._was_free or not blocked
        self._blocked = frozenset(blocked)
        return lines


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
