"""The audit log: each decision with its inputs, committed before it takes effect; and people's commands.

One thread does all work on the database, so the event loop never waits for a disk or a server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from genesis.core.clock import Clock, SystemClock
from genesis.core.errors import JournalError
from genesis.database.address import Address, address
from genesis.database.purpose import ROTATION
from genesis.rotation.audit.commands import Command, CommandState
from genesis.rotation.audit.rows import DeliveryAttempt, Recorded, RecordedDecision
from genesis.rotation.audit.store import AuditStore
from genesis.rotation.decision import Decision, History
from genesis.rotation.instruction import Instruction
from genesis.rotation.observation import Observation, Pin
from genesis.settings.rotation import RotationSettings

LONGEST = 15.0
"""Seconds. A server answers within this time, even if only that a lock is held."""
_BATCH = 200
_Result = TypeVar("_Result")


class Last(NamedTuple):
    """The end of the log, from which a controller goes on."""

    number: int
    decision: Decision
    instruction: Instruction | None
    """The last one that the engine had to follow."""

    @property
    def history(self) -> History:
        return self.decision.history


class AuditLog:
    """Written by the leading controller. After an error of `record`, `open` it again and go on from its `last`."""

    def __init__(
        self,
        where: Address | Path | str,
        *,
        clock: Clock | None = None,
        leads: bool = True,
        read_only: bool = False,
        longest: float = LONGEST,
    ) -> None:
        """`leads`: take the controllers' lock; without it, only commands can be given. `read_only`: nothing is written.

        `longest`: seconds after which a leader's request to a server that does not answer is interrupted.
        """
        self.address = where if isinstance(where, Address) else address(where)
        self._clock = clock or SystemClock()
        self._leads = leads and not read_only
        self._longest = longest
        self._store = AuditStore(self.address, leads=self._leads, read_only=read_only)
        self._thread: ThreadPoolExecutor | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has a connection, and for the leading controller the lock."""
        return self._store.is_open

    async def open(self) -> None:
        """Connect, create missing tables, and lead.

        Raises:
            JournalLockedError: another controller leads; the message names it.
            JournalError: there is no connection, or the log is damaged or of a newer Genesis.
        """
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="audit")
        if self.is_open:
            return
        self._store = self._store.fresh_copy()
        await self._run(self._store.open)

    async def close(self) -> None:
        """Disconnect, and release the lock for other controllers."""
        if self._thread is not None:
            await self._run(self._store.close)
            self._thread.shutdown()
            self._thread = None

    async def __aenter__(self) -> AuditLog:
        try:
            await self.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def last(self) -> Last | None:
        """The last decision and the last instruction; None before the first decision.

        Raises:
            JournalError: the log is damaged.
        """
        newest = await self._run(self._store.last)
        if newest is None:
            return None
        ordered = newest if newest.ordered else await self._run(self._store.last_ordered)
        with self._errors():
            return Last(newest.number, newest.entry.decision, None if ordered is None else instruction_of(ordered))

    async def record(
        self,
        settings: RotationSettings,
        seen: Observation,
        pins: Mapping[str, Pin],
        decision: Decision,
        *,
        ordered: bool,
        floor: int = 0,
        halted: str = "",
    ) -> int:
        """Commit a decision durably. Its number is the lowest above the last decision's number and above `floor`.

        `ordered`: whether the engine has to follow it. `halted`: who or what halts rotation, and why.

        Raises:
            JournalLockedError: another controller has recorded one.
            JournalError: it is not known whether the decision was stored; the log is closed.
        """
        halt_text = halted or ("halted" if decision.halted else "")
        entry = RecordedDecision(floor=floor, seen=seen, pins=dict(pins), halted=halt_text, decision=decision)
        try:
            return await self._run(self._store.record, settings, entry, ordered)
        except BaseException:
            await asyncio.shield(self._run(self._store.close))
            raise

    async def delivered(self, number: int, outcome: str, text: str = "") -> None:
        """Record the outcome of an attempt to deliver decision `number`.

        Raises:
            JournalError: it was not stored.
        """
        await self._run(self._store.delivered, number, self._clock.now(), outcome, text)

    async def command_state(self) -> CommandState:
        """The halt and the pins in force.

        Raises:
            JournalError: the commands cannot be read, or were changed.
        """
        return await self._run(self._store.command_state)

    async def halt(self, why: str, author: str) -> CommandState:
        """Keep all weights and states from the next decision on. Like all commands, it returns the state after it.

        Raises:
            JournalError: the command was not stored.
        """
        return await self._command(Command(verb="halt", time=self._clock.now(), why=why, author=author))

    async def resume(self, why: str, author: str) -> CommandState:
        """End the halt, regardless of its author."""
        return await self._command(Command(verb="resume", time=self._clock.now(), why=why, author=author))

    async def pin(self, strategy: str, pin: Pin) -> CommandState:
        """Pin a strategy: the policy sets its share once, and then does not change it."""
        return await self._command(
            Command(verb="pin", time=pin.since, why=pin.why, author=pin.author, strategy=strategy, pin=pin)
        )

    async def unpin(self, strategy: str, why: str, author: str) -> CommandState:
        """Hand a strategy back to the policy."""
        return await self._command(Command(verb="unpin", time=self._clock.now(), why=why, author=author, strategy=strategy))

    async def entries(self, after: int = 0, *, changes: bool = False) -> AsyncIterator[list[Recorded]]:
        """All decisions with a number above `after`, in order, in batches; `changes`: those that change a share."""
        while batch := await self._run(self._store.read, after, _BATCH, changes=changes):
            yield batch
            after = batch[-1].number

    async def look_up(self, work: Callable[[AuditStore], _Result]) -> _Result:
        """Run other work on the store, in its thread."""
        return await self._run(work, self._store)

    async def deliveries(self, first: int, last: int) -> list[DeliveryAttempt]:
        """The attempts for decisions `first` to `last`, in order."""
        return await self._run(self._store.deliveries, first, last)

    async def _command(self, command: Command) -> CommandState:
        return await self._run(self._store.command, command)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except JournalError as error:
            raise JournalError(f"{ROTATION.name} {self.address}: {error}") from error

    async def _run(self, work: Callable[..., _Result], *arguments: object, **named: object) -> _Result:
        if self._thread is None:
            raise JournalError(f"{ROTATION.name} {self.address}: is not open")
        working = asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*arguments, **named))
        if not self._leads:
            return await working
        working.add_done_callback(lambda done: done.cancelled() or done.exception())  # at a stop nothing awaits it any more
        try:
            return await asyncio.wait_for(asyncio.shield(working), self._longest)
        except TimeoutError:
            self._store.interrupt()
            return await working


def instruction_of(recorded: Recorded) -> Instruction:
    """What a decision instructs the engine to do."""
    steps = recorded.entry.decision.steps
    return Instruction(recorded.number, {strategy: step.after for strategy, step in steps.items()})
