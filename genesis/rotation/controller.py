"""The loop: observe, decide, record, deliver. One decision an interval; after a failed round the next one goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import floor
from typing import Protocol

import structlog

from genesis.core.clock import Clock
from genesis.core.errors import GenesisError, JournalError, JournalLockedError, ServerError
from genesis.rotation import policy
from genesis.rotation.audit.commands import CommandState
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.decision import Decision, History, Reason
from genesis.rotation.delivery import EnginePort
from genesis.rotation.halting import halted_by_file
from genesis.rotation.instruction import Instruction, differences
from genesis.rotation.observation import EngineReport, Observation
from genesis.rotation.observer import QueryRound
from genesis.rotation.policy.account import account_allows
from genesis.rotation.status import RotationCounters, Status
from genesis.settings.rotation import RotationSettings

_WARN_AGAIN_SECONDS = 60.0
_REFUSALS = range(400, 500)
_EMPTY_REPORT = "it reports nothing, or no strategy while the account's limits are reached or not known"

_log = structlog.get_logger(__name__)


class ObserverPort(Protocol):
    """What the controller needs of an `Observer`."""

    async def query(self) -> QueryRound:
        """Query everything; faults are part of the result, and nothing is raised."""
        ...

    def observation(self, queries: QueryRound, engine: EngineReport | None, faults: Mapping[str, str]) -> Observation:
        """The observation from query results, the engine's report, and faults found elsewhere."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a controller works with; replaced as a whole when the configuration is reloaded."""

    settings: RotationSettings
    observer: ObserverPort
    engine: EnginePort

    @property
    def enforces(self) -> bool:
        return self.settings.mode == "enforce"


class Controller:
    """Decides while it holds the audit log's lock; otherwise it waits, and reports that.

    The audit log is the memory: after a start, and after any error of the log, the controller goes on from the last record.
    """

    def __init__(
        self,
        parts: Parts,
        audit: AuditLog,
        clock: Clock,
        *,
        decide: Callable[..., Decision] = policy.decide,
        on_decision: Callable[[Decision, int], None] | None = None,
    ) -> None:
        """`on_decision`: called with each decision and its number, once it is recorded."""
        self._parts = parts
        self._audit = audit
        self._clock = clock
        self._decide = decide
        self._on_decision = on_decision
        self._history: History | None = None
        self._instruction: Instruction | None = None
        self._confirmed: int | None = None
        self._last_report: EngineReport | None = None
        self._warned_at: float | None = None
        self._queried_at = 0.0
        self._round_ended = clock.monotonic()
        self.between_rounds = asyncio.Lock()
        """Held during a round."""
        self.status = Status(parts.settings)
        self.counters = RotationCounters()

    @property
    def silent_for(self) -> float:
        """Seconds since the last round ended."""
        return self._clock.monotonic() - self._round_ended

    def reconfigure(self, parts: Parts) -> None:
        """Use these parts from the next round on."""
        self._parts = parts

    async def run(self, stop: asyncio.Event) -> None:
        """One round an interval, on a schedule that does not drift, until `stop`; a round under way is finished first."""
        try:
            while not stop.is_set():
                interval = self._parts.settings.interval.total_seconds()
                start, number = self._clock.monotonic(), 0
                while not stop.is_set() and interval == self._parts.settings.interval.total_seconds():
                    await self.round()
                    number = next_round(number, self._clock.monotonic() - start, interval)
                    await _unless(stop, start + number * interval - self._clock.monotonic())
        finally:
            await self._audit.close()

    async def begin(self) -> None:
        """Lead, or wait for the lock or the database.

        Raises:
            JournalError: waiting will not help.
        """
        try:
            await self._begin(self._parts)
        except JournalError as error:
            if not error.retryable and not isinstance(error, JournalLockedError):
                raise
            await self._lose(self._parts, error)

    async def round(self) -> None:
        """Make one decision if it leads; otherwise try to lead first."""
        async with self.between_rounds:
            await self._round(self._parts)

    async def _round(self, parts: Parts) -> None:
        try:
            if not self.status.leading:
                await self._begin(parts)
            await self._lead(parts)
        except JournalError as error:
            await self._lose(parts, error)
        except Exception as error:  # any fault: the next round may succeed
            _log.exception("rotation: a round failed")
            self.status = replace(self.status, trouble=Reason("error", f"{type(error).__name__}: {error}"))
        finally:
            self._round_ended = self._clock.monotonic()

    async def _begin(self, parts: Parts) -> None:
        """Take the lock, and go on from the last recorded decision."""
        await self._audit.open()
        last = await self._audit.last()
        self._history, self._instruction, self._confirmed, self._last_report, self._warned_at = None, None, None, None, None
        if last is not None:
            self._history = last.history
            # An instruction from before a time in the mode advise no longer applies.
            self._instruction = last.instruction if last.history.mode == "enforce" else None
        self.status = Status(parts.settings, leading=True, waiting="")
        _log.info("rotation leads", mode=parts.settings.mode, last_decision=None if last is None else last.number)

    async def _lose(self, parts: Parts, error: JournalError) -> None:
        """Stop deciding and delivering until the audit log can be opened again."""
        waiting = str(error)
        trouble = None if isinstance(error, JournalLockedError) else Reason("audit", waiting)
        self.status = Status(parts.settings, waiting=waiting, trouble=trouble)
        with suppress(GenesisError):
            await self._audit.close()
        now = self._clock.monotonic()
        if self._warned_at is None or now - self._warned_at >= _WARN_AGAIN_SECONDS:
            self._warned_at = now
            _log.warning("rotation waits", reason=waiting)

    async def _lead(self, parts: Parts) -> None:
        if not parts.enforces:
            self._instruction = None  # in the mode advise the engine has nothing to follow
        self._queried_at = self._clock.monotonic()
        queries, (report, faults) = await asyncio.gather(parts.observer.query(), self._engine_report(parts))
        command_state = await self._audit.command_state()
        halted = halted_by_file(parts.settings.halt_file) or ("" if command_state.halted is None else str(command_state.halted))
        self.status = replace(
            self.status, settings=parts.settings, report=report, halted=halted, pinned=frozenset(command_state.pins)
        )
        observation = parts.observer.observation(queries, report, faults)
        blind = report is None or not (report.shares or account_allows(parts.settings, observation))
        if parts.enforces and self._history is None and blind:
            # The engine's weights are not known, so any decision might raise one; or it has none, and the strategies that
            # the tier allows are not known.
            self.status = replace(self.status, trouble=Reason("engine", faults.get("engine", _EMPTY_REPORT)))
            return
        await self._decide_and_record(parts, observation, command_state, halted)
        if parts.enforces and not halted:
            await self._deliver(parts, report, blind=blind)

    async def _engine_report(self, parts: Parts) -> tuple[EngineReport | None, dict[str, str]]:
        """The engine's report and its faults; no faults in the mode advise, where the engine does not have to follow."""
        faults: dict[str, str] = {}
        report: EngineReport | None = None
        try:
            report = await parts.engine.report()
            self._last_report = report
        except GenesisError as error:
            faults["engine"] = str(error)
        if self._instruction is not None and (report is not None or self._confirmed != self._instruction.number):
            deviations = differences(self._instruction, report, parts.settings.engine.tolerance)
            faults |= {"unconfirmed": "; ".join(deviations)} if deviations else {}
        return report, (faults if parts.enforces else {})

    async def _decide_and_record(
        self, parts: Parts, observation: Observation, command_state: CommandState, halted: str
    ) -> None:
        """Decide, and record the decision; it takes effect only after that."""
        decision = self._decide(parts.settings, observation, self._history, pins=command_state.pins, halted=bool(halted))
        # The history keeps the previous mode while the engine's weights are needed for the start, and are not known.
        follows = parts.enforces and decision.history.mode == "enforce" and not halted
        ordered = follows and (decision.changes or self._needs_all_weights(observation.engine))
        number = await self._audit.record(
            parts.settings,
            observation,
            command_state.pins,
            decision,
            ordered=ordered,
            floor=_number(observation.engine),
            halted=halted,
        )
        self._history = decision.history
        if ordered:
            self._instruction = Instruction(number, {name: step.after for name, step in decision.steps.items()})
        self.counters.count(decision)
        self.status = replace(self.status, decision=decision, number=number, trouble=None)
        if self._on_decision is not None:
            self._on_decision(decision, number)

    def _needs_all_weights(self, report: EngineReport | None) -> bool:
        """Whether the engine needs all weights though none changes: it got none yet, or those of another controller."""
        if self._instruction is None:
            return report is not None
        return _number(report) > self._instruction.number

    async def _deliver(self, parts: Parts, report: EngineReport | None, *, blind: bool) -> None:
        """Send the instruction unless the engine follows it already; `blind`: raising any weight might be wrong now."""
        instruction, tolerance = self._instruction, parts.settings.engine.tolerance
        if instruction is None:
            return
        if not differences(instruction, report, tolerance):
            if self._confirmed != instruction.number:
                await self._record_delivery(instruction, "confirmed", "as the engine reports")
            return
        if (blind or self._is_late(parts)) and not self._adds_nothing(instruction):
            return  # it may be out of date: wait until the engine and the account are known
        try:
            report = await parts.engine.deliver(instruction.number, instruction.shares)
        except GenesisError as error:
            await self._record_delivery(instruction, "refused" if _refuses(error) else "failed", str(error))
            return
        self._last_report = report
        self.status = replace(self.status, report=report)
        deviations = differences(instruction, report, tolerance)
        await self._record_delivery(instruction, "unconfirmed" if deviations else "confirmed", "; ".join(deviations))

    def _is_late(self, parts: Parts) -> bool:
        """Whether the next round is already due: the process was suspended, or a query took long."""
        late = self._clock.monotonic() - self._queried_at
        if late <= parts.settings.interval.total_seconds():
            return False
        _log.warning("a round took too long: no weight is raised on its figures", seconds=round(late, 1))
        return True

    def _adds_nothing(self, instruction: Instruction) -> bool:
        """Whether the instruction raises no strategy above its weight in the engine's last report."""
        had = {} if self._last_report is None else self._last_report.shares
        return all(
            share.weight <= had[name].weight if name in had else not share.weight for name, share in instruction.shares.items()
        )

    async def _record_delivery(self, instruction: Instruction, outcome: str, text: str) -> None:
        self.counters.deliveries[outcome] += 1
        if outcome == "confirmed":
            self._confirmed = instruction.number
        else:
            _log.warning("the engine does not follow", decision=instruction.number, outcome=outcome, reason=text)
        await self._audit.delivered(instruction.number, outcome, text)


def next_round(number: int, elapsed: float, interval: float) -> int:
    """The number of the round after `number`, when `elapsed` seconds have passed since round 0 was due.

    Missed rounds are skipped: their data can no longer be observed.
    """
    return max(number, floor(elapsed / interval)) + 1


async def _unless(stop: asyncio.Event, seconds: float) -> None:
    """Wait for some seconds, or until `stop`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(0.0, seconds))


def _number(report: EngineReport | None) -> int:
    """The last decision that the engine applied; 0 before the first one, or if it is not known."""
    return 0 if report is None or report.decision is None else report.decision


def _refuses(error: GenesisError) -> bool:
    """Whether the engine would give the same answer to the same request."""
    return isinstance(error, ServerError) and error.status in _REFUSALS
