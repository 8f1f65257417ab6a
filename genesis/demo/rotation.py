"""Rotation in the demo: with the engine in this process, and each step on the screen."""

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
    """An engine in this process, as rotation sees it."""

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
class Story:
    """Tells a decision in lines: what it changes, and what is otherwise than at the one before."""

    _blocked: frozenset[str] = frozenset()
    _halted: bool = False
    _began: bool = False

    def lines(self, decision: Decision) -> list[str]:
        """One line for each strategy that is changed, for a block that begins or ends, and for the kill switch."""
        told = [*self._switched(decision), *self._blocks(decision)]
        for strategy, step in decision.steps.items():
            if step.before != step.after:
                before, after = step.before, step.after
                why = "; ".join(f"{reason.code}: {reason.text}" if reason.text else reason.code for reason in step.reasons)
                told.append(f"{strategy} {step.action.value} {before.weight} → {after.weight} {after.state.value}: {why}")
        return told

    def _switched(self, decision: Decision) -> list[str]:
        if decision.halted == self._halted:
            return []
        self._halted = decision.halted
        return ["halted: nothing is changed" if decision.halted else "no longer halted"]

    def _blocks(self, decision: Decision) -> list[str]:
        blocked = {reason.code: _shortened(reason.text) for reason in decision.blocked}
        new = [f"{code} {text}".rstrip() for code, text in blocked.items() if code not in self._blocked]
        if not self._began and blocked:  # until everything has been seen for the first time, the codes say enough
            new = [f"not before {', '.join(blocked)} are over"] if not self._blocked else []
        told = [f"no weight is raised: {what}" for what in new]
        if self._blocked and not blocked:
            told.append("weights may be raised")
        self._began = self._began or not blocked
        self._blocked = frozenset(blocked)
        return told


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"
