"""Numbered decisions on the capital, as the engine applies them: each once, completely or not at all."""

from __future__ import annotations

import os
from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal
from pathlib import Path

import structlog

from genesis.core.allocation import EngineReport, Share, decode_decision, encode
from genesis.core.errors import EventError, GenesisError
from genesis.core.models import Allocation, StrategyState
from genesis.engine.engine import TradingEngine

_STEP = Decimal("0.0001")

_log = structlog.get_logger(__name__)


class AllocationError(GenesisError):
    """The engine refused a decision; no part of it was applied."""


class StaleDecisionError(AllocationError):
    """The decision's number is below the last one, or equal to it with other shares."""


class UnsavedDecisionError(AllocationError):
    """The decision could not be written to the file; a later attempt may succeed."""


class AllocationBook:
    """Applies decisions to an engine, and remembers the last one.

    A repeat of the last decision is acknowledged and not applied again; a lower number is refused. Strategies that a decision
    does not name keep their shares.

    Args:
        engine: the engine that follows the decisions.
        file: where the last decision is stored, so that a restarted engine follows it; None does not store it.

    Raises:
        AllocationError: the file cannot be read, or does not hold a decision.
    """

    def __init__(self, engine: TradingEngine, file: Path | None = None) -> None:
        self._engine = engine
        self._file = file
        self._last: tuple[int, dict[str, Share]] | None = None
        if file is not None and file.exists():
            self._last = _read(file)
            self._allocate({name: share for name, share in self._last[1].items() if name in engine.strategies})
            _log.info("allocations restored", decision=self._last[0])

    def report(self) -> EngineReport:
        """Report the shares that the engine applies now; a strategy without an allocation has an equal share."""
        names, allocations = self._engine.strategies, self._engine.allocations
        equal = Share((Decimal(1) / len(names)).quantize(_STEP, ROUND_DOWN), StrategyState.ACTIVE)
        shares = {
            name: Share(allocations[name].weight, allocations[name].state) if name in allocations else equal for name in names
        }
        return EngineReport(decision=None if self._last is None else self._last[0], shares=shares)

    def apply(self, number: int, shares: Mapping[str, Share]) -> EngineReport:
        """Apply a decision; returns the engine's report after it.

        Raises:
            StaleDecisionError: a newer decision, or another one with this number, was applied before.
            UnsavedDecisionError: the decision cannot be written to the file.
            AllocationError: it names an unknown strategy, or the weights of all strategies sum to more than 1.
        """
        if self._repeats(number, shares):
            _log.info("decision acknowledged again", decision=number)
            return self.report()
        self._check(shares)
        if self._file is not None:
            _write(self._file, encode(number, shares))
        self._allocate(shares)
        self._last = (number, dict(shares))
        _log.info("decision applied", decision=number)
        return self.report()

    def _repeats(self, number: int, shares: Mapping[str, Share]) -> bool:
        if self._last is None or number > self._last[0]:
            return False
        if number < self._last[0]:
            raise StaleDecisionError(f"decision: {number} is below {self._last[0]}, the last one that was applied")
        if dict(shares) != self._last[1]:
            raise StaleDecisionError(f"decision: {number} was applied with other shares: a new decision needs a new number")
        return True

    def _check(self, shares: Mapping[str, Share]) -> None:
        names = self._engine.strategies
        for name, share in shares.items():
            if name not in names:
                raise AllocationError(f"shares: {name[:80]!r} is not one of this engine's strategies: {', '.join(names)}")
            try:
                Allocation(strategy=name, weight=share.weight, state=share.state)
            except EventError as error:
                raise AllocationError(f"shares[{name!r}].{error}") from None
        total = sum(share.weight for share in {**self.report().shares, **shares}.values())
        if total > 1:
            raise AllocationError(f"shares: the weights of all strategies sum to {total}, which is more than 1")

    def _allocate(self, shares: Mapping[str, Share]) -> None:
        for name, share in shares.items():
            self._engine.allocate(Allocation(strategy=name, weight=share.weight, state=share.state))


def _read(file: Path) -> tuple[int, dict[str, Share]]:
    try:
        return decode_decision(file.read_bytes())
    except (OSError, EventError) as error:
        raise AllocationError(
            f"{file}: the last decision cannot be read ({error}): repair it, or remove the file to start with equal shares"
        ) from error


def _write(file: Path, body: bytes) -> None:
    """Replace the file atomically and durably: after a crash it holds the previous decision or this one, never a part.

    Raises:
        UnsavedDecisionError: the file cannot be written.
    """
    new = file.with_name(f"{file.name}.new")
    try:
        with new.open("wb") as opened:
            opened.write(body)
            opened.flush()
            os.fsync(opened.fileno())
        new.replace(file)
        directory = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise UnsavedDecisionError(
            f"{file}: the decision cannot be written ({error.strerror}), so it is not applied"
        ) from error
