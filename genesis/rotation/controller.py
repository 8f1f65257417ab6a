"""The loop: see, decide, write down, deliver. One decision an interval; what fails is told, and the next round goes on."""

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
from genesis.rotation.audit.commands import Standing
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.decision import Decision, History, Reason
from genesis.rotation.delivery import EnginePort
from genesis.rotation.halting import halted_by_file
from genesis.rotation.instruction import Instruction, differences
from genesis.rotation.observation import EngineReport, Observation
from genesis.rotation.observer import Answered
from genesis.rotation.policy.account import account_allows
from genesis.rotation.status import RotationCounters, Status
from genesis.settings.rotation import RotationSettings

_SAY_AGAIN_SECONDS = 60.0
_REFUSALS = range(400, 500)
_NOTHING_TOLD = "it reports nothing, or no strategy while nobody knows what the account allows"

_log = structlog.get_logger(__name__)


class Eyes(Protocol):
    """What looks: `Observer`."""

    async def look(self) -> Answered:
        """Ask everything; nothing is raised."""
        ...

    def observation(self, look: Answered, engine: EngineReport | None, faults: Mapping[str, str]) -> Observation:
        """What was seen, with what the engine reports and what is known to be wrong besides."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What a controller works with; replaced as a whole when the configuration is read again."""

    settings: RotationSettings
    observer: Eyes
    engine: EnginePort

    @property
    def enforces(self) -> bool:
        return self.settings.mode == "enforce"


class Controller:
    """Decides while it holds the audit log's lock; else it waits, and says so.

    The audit log is the memory: after a start, and after anything that went wrong with it, the history is what was recorded.
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
        self._order: Instruction | None = None
        self._confirmed: int | None = None
        self._heard: EngineReport | None = None
        self._said_at: float | None = None
        self._looked_at = 0.0
        self._round_ended = clock.monotonic()
        self.between_rounds = asyncio.Lock()
        """Held during a round."""
        self.status = Status(parts.settings)
        self.tally = RotationCounters()

    @property
    def silent_for(self) -> float:
        """Seconds since the last round ended."""
        return self._clock.monotonic() - self._round_ended

    def follow(self, parts: Parts) -> None:
        """Work with these from the next round on."""
        self._parts = parts

    async def run(self, stop: asyncio.Event) -> None:
        """One round an interval, on a schedule that does not drift, until `stop`; the round under way is ended first."""
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
        """Lead, or wait: for another controller, or for a database that does not answer.

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
        """Decide once, or try to become the one who does."""
        async with self.between_rounds:
            await self._round(self._parts)

    async def _round(self, parts: Parts) -> None:
        try:
            if not self.status.leading:
                await self._begin(parts)
            await self._lead(parts)
        except JournalError as error:
            await self._lose(parts, error)
        except Exception as error:  # whatever it is: the next round may do
            _log.exception("rotation: a round failed")
            self.status = replace(self.status, trouble=Reason("error", f"{type(error).__name__}: {error}"))
        finally:
            self._round_ended = self._clock.monotonic()

    async def _begin(self, parts: Parts) -> None:
        """Take the lock, and up what was recorded last."""
        await self._audit.open()
        last = await self._audit.last()
        self._history, self._order, self._confirmed, self._heard, self._said_at = None, None, None, None, None
        if last is not None:
            self._history = last.history
            # What was ordered before a time of mere advice is no longer wanted.
            self._order = last.order if last.history.mode == "enforce" else None
        self.status = Status(parts.settings, leading=True, waiting="")
        _log.info("rotation leads", mode=parts.settings.mode, last_decision=None if last is None else last.number)

    async def _lose(self, parts: Parts, error: JournalError) -> None:
        """Nothing is decided or delivered from here on, until the audit log can be opened again."""
        waiting = str(error)
        trouble = None if isinstance(error, JournalLockedError) else Reason("audit", waiting)
        self.status = Status(parts.settings, waiting=waiting, trouble=trouble)
        with suppress(GenesisError):
            await self._audit.close()
        now = self._clock.monotonic()
        if self._said_at is None or now - self._said_at >= _SAY_AGAIN_SECONDS:
            self._said_at = now
            _log.warning("rotation waits", reason=waiting)

    async def _lead(self, parts: Parts) -> None:
        if not parts.enforces:
            self._order = None  # nobody was told to follow what is only advised
        self._looked_at = self._clock.monotonic()
        look, (report, faults) = await asyncio.gather(parts.observer.look(), self._asked(parts))
        standing = await self._audit.state()
        halted = halted_by_file(parts.settings.halt_file) or ("" if standing.halted is None else str(standing.halted))
        self.status = replace(
            self.status, settings=parts.settings, report=report, halted=halted, pinned=frozenset(standing.pins)
        )
        seen = parts.observer.observation(look, report, faults)
        blind = report is None or not (report.shares or account_allows(parts.settings, seen))
        if parts.enforces and self._history is None and blind:
            # The weights that the engine has are not known, so each decision might raise one; or it has none, and whom the
            # tier allows is not known.
            self.status = replace(self.status, trouble=Reason("engine", faults.get("engine", _NOTHING_TOLD)))
            return
        await self._decided(parts, seen, standing, halted)
        if parts.enforces and not halted:
            await self._deliver(parts, report, blind=blind)

    async def _asked(self, parts: Parts) -> tuple[EngineReport | None, dict[str, str]]:
        """What the engine reports, and what is wrong with it; where nobody has to follow, nothing is."""
        faults: dict[str, str] = {}
        report: EngineReport | None = None
        try:
            report = await parts.engine.report()
            self._heard = report
        except GenesisError as error:
            faults["engine"] = str(error)
        if self._order is not None and (report is not None or self._confirmed != self._order.number):
            wrong = differences(self._order, report, parts.settings.engine.tolerance)
            faults |= {"unconfirmed": "; ".join(wrong)} if wrong else {}
        return report, (faults if parts.enforces else {})

    async def _decided(self, parts: Parts, seen: Observation, standing: Standing, halted: str) -> None:
        """Decide, and write it down; only then is it what was decided."""
        decision = self._decide(parts.settings, seen, self._history, pins=standing.pins, halted=bool(halted))
        # The mode of the history is still the one before while the engine's weights had to be taken over, and are not known.
        follows = parts.enforces and decision.history.mode == "enforce" and not halted
        ordered = follows and (decision.changes or self._has_to_be_told(seen.engine))
        number = await self._audit.record(
            parts.settings, seen, standing.pins, decision, order=ordered, floor=_number(seen.engine), halted=halted
        )
        self._history = decision.history
        if ordered:
            self._order = Instruction(number, {name: step.after for name, step in decision.steps.items()})
        self.tally.count(decision)
        self.status = replace(self.status, decision=decision, number=number, trouble=None)
        if self._on_decision is not None:
            self._on_decision(decision, number)

    def _has_to_be_told(self, report: EngineReport | None) -> bool:
        """Whether the engine has to be told all weights though none changes: it was told none, or by somebody else."""
        if self._order is None:
            return report is not None
        return _number(report) > self._order.number

    async def _deliver(self, parts: Parts, report: EngineReport | None, *, blind: bool) -> None:
        """Let the engine have the order, unless it has it; `blind`: what it adds might be above what is right now."""
        order, tolerance = self._order, parts.settings.engine.tolerance
        if order is None:
            return
        if not differences(order, report, tolerance):
            if self._confirmed != order.number:
                await self._delivered(order, "confirmed", "as the engine reports")
            return
        if (blind or self._is_late(parts)) and not self._adds_nothing(order):
            return  # what is old by now may have been overtaken: it waits until the engine, and the account, are seen
        try:
            report = await parts.engine.deliver(order.number, order.shares)
        except GenesisError as error:
            await self._delivered(order, "refused" if _refuses(error) else "failed", str(error))
            return
        self._heard = report
        self.status = replace(self.status, report=report)
        wrong = differences(order, report, tolerance)
        await self._delivered(order, "unconfirmed" if wrong else "confirmed", "; ".join(wrong))

    def _is_late(self, parts: Parts) -> bool:
        """Whether the next round is due already: this process was stopped, or something took long, since it looked."""
        late = self._clock.monotonic() - self._looked_at
        if late <= parts.settings.interval.total_seconds():
            return False
        _log.warning("a round took too long: nothing is raised by what it saw", seconds=round(late, 1))
        return True

    def _adds_nothing(self, order: Instruction) -> bool:
        """Whether no strategy gets more by it than it had when the engine was heard last."""
        had = {} if self._heard is None else self._heard.shares
        return all(
            share.weight <= had[name].weight if name in had else not share.weight for name, share in order.shares.items()
        )

    async def _delivered(self, order: Instruction, outcome: str, text: str) -> None:
        self.tally.deliveries[outcome] += 1
        if outcome == "confirmed":
            self._confirmed = order.number
        else:
            _log.warning("the engine does not follow", decision=order.number, outcome=outcome, reason=text)
        await self._audit.delivered(order.number, outcome, text)


def next_round(number: int, elapsed: float, interval: float) -> int:
    """Which round comes after round `number`, when `elapsed` seconds have passed since round 0 was due.

    Rounds that were missed are left out: what would have been seen then is gone.
    """
    return max(number, floor(elapsed / interval)) + 1


async def _unless(stop: asyncio.Event, seconds: float) -> None:
    """Wait so long, or until `stop`."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(0.0, seconds))


def _number(report: EngineReport | None) -> int:
    """Of the last decision that the engine took; 0 before the first one, or where it is not known."""
    return 0 if report is None or report.decision is None else report.decision


def _refuses(error: GenesisError) -> bool:
    """Whether it would say the same again."""
    return isinstance(error, ServerError) and error.status in _REFUSALS
