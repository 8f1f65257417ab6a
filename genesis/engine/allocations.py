"""Numbered decisions on the capital, as the engine takes them: each once, whole or not at all."""

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
    """A decision that the engine does not take; nothing of it was applied."""


class StaleDecisionError(AllocationError):
    """Its number is below that of the last one, or is that of one with other shares."""


class UnkeptDecisionError(AllocationError):
    """It could not be written down; the same may succeed later."""


class AllocationBook:
    """Applies decisions to an engine, and remembers the last one.

    A repeat of the last number is acknowledged and not applied again; a lower number is refused. A decision may leave
    strategies out: these keep what they have.

    Args:
        engine: that obeys.
        file: where the last decision is kept, so that an engine that is started again follows it; None forgets it.

    Raises:
        AllocationError: the file cannot be read, or holds something else.
    """

    def __init__(self, engine: TradingEngine, file: Path | None = None) -> None:
        self._engine = engine
        self._file = file
        self._last: tuple[int, dict[str, Share]] | None = None
        if file is not None and file.exists():
            self._last = _read(file)
            self._allocate({name: share for name, share in self._last[1].items() if name in engine.strategies})
            _log.info("allocations taken up", decision=self._last[0])

    def report(self) -> EngineReport:
        """What the engine really does; a strategy that was never allocated anything has an equal share."""
        names, told = self._engine.strategies, self._engine.allocations
        equal = Share((Decimal(1) / len(names)).quantize(_STEP, ROUND_DOWN), StrategyState.ACTIVE)
        shares = {name: Share(told[name].weight, told[name].state) if name in told else equal for name in names}
        return EngineReport(decision=None if self._last is None else self._last[0], shares=shares)

    def apply(self, number: int, shares: Mapping[str, Share]) -> EngineReport:
        """Follow a decision; what the engine does then.

        Raises:
            StaleDecisionError: another decision came before it.
            UnkeptDecisionError: it cannot be kept in the file.
            AllocationError: it names a strategy that there is not, or gives away more than all there is.
        """
        if self._repeats(number, shares):
            _log.info("decision acknowledged again", decision=number)
            return self.report()
        self._judge(shares)
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
            raise StaleDecisionError(f"decision: {number} is below {self._last[0]}, the last one that was taken")
        if dict(shares) != self._last[1]:
            raise StaleDecisionError(f"decision: {number} was taken with other shares: a new decision has a new number")
        return True

    def _judge(self, shares: Mapping[str, Share]) -> None:
        names = self._engine.strategies
        for name, share in shares.items():
            if name not in names:
                raise AllocationError(f"shares: {name[:80]!r} is none of this engine's strategies: {', '.join(names)}")
            try:
                Allocation(strategy=name, weight=share.weight, state=share.state)
            except EventError as error:
                raise AllocationError(f"shares[{name!r}].{error}") from None
        total = sum(share.weight for share in {**self.report().shares, **shares}.values())
        if total > 1:
            raise AllocationError(f"shares: the weights of all strategies come to {total}, which is more than 1")

    def _allocate(self, shares: Mapping[str, Share]) -> None:
        for name, share in shares.items():
            self._engine.allocate(Allocation(strategy=name, weight=share.weight, state=share.state))


def _read(file: Path) -> tuple[int, dict[str, Share]]:
    try:
        return decode_decision(file.read_bytes())
    except (OSError, EventError) as error:
        raise AllocationError(
            f"{file}: the last decision cannot be read ({error}): without the file the engine starts with equal shares"
        ) from error


def _write(file: Path, body: bytes) -> None:
    """Replace the file by one that is whole and on disk: after a crash it holds the decision before or this one.

    Raises:
        UnkeptDecisionError: it cannot be written.
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
        raise UnkeptDecisionError(f"{file}: the decision cannot be kept ({error.strerror}), so it is not applied") from error
