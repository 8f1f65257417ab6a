"""Checks that the audit log is complete, and that the policy makes each recorded decision from its recorded inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from genesis import __version__
from genesis.core.errors import JournalError
from genesis.core.printing import one_line
from genesis.rotation.audit.commands import Kept
from genesis.rotation.audit.lines import step_text
from genesis.rotation.audit.log import AuditLog
from genesis.rotation.audit.rows import FIRST_SEAL, Recorded, RecordedDecision
from genesis.rotation.decision import Decision, History
from genesis.settings.rotation import RotationSettings

Decide = Callable[..., Decision]


class VerificationResult(NamedTuple):
    """The result of a verification."""

    decisions: int
    """How many decisions were sound, from the first one on."""
    last: int
    """The number of the last sound decision."""
    seal: bytes
    """Its seal: a copy of it shows later whether any decision up to this one was changed or removed."""
    fault: str = ""
    """The first fault; empty if all is well."""


async def verify(log: AuditLog, decide: Decide) -> VerificationResult:
    """Check the seals and numbers of all decisions and commands, and repeat every decision.

    Raises:
        JournalError: the log cannot be read at all.
    """
    chain = _Chain(log, decide)
    try:
        kept = (await log.command_state()).kept
        async for batch in log.entries(kept.number - 1 if kept is not None else 0):
            for recorded in batch:
                await chain.check(recorded, kept)
    except JournalError as error:
        return chain.result(str(error))
    return chain.result()


class _Chain:
    """The part of the log that was found to be sound."""

    def __init__(self, log: AuditLog, decide: Decide) -> None:
        self._log = log
        self._decide = decide
        self._settings: dict[str, tuple[str, RotationSettings]] = {}
        self._history: History | None = None
        self._count = 0
        self._number = 0
        self._seal = FIRST_SEAL

    def result(self, fault: str = "") -> VerificationResult:
        return VerificationResult(self._count, self._number, self._seal, fault)

    async def check(self, recorded: Recorded, kept: Kept | None) -> None:
        number = recorded.number
        if kept is not None and not self._count:
            self._begin(recorded, kept)
            return
        if recorded.sealed(self._seal) != recorded.seal:
            before = f"or decisions between {self._number} and it were removed" if number > self._number + 1 else "or moved"
            raise JournalError(f"decision {number} was changed after it was recorded, {before}: its seal does not fit")
        entry = recorded.entry
        if number != max(self._number, entry.floor) + 1:
            raise JournalError(f"decision {number} follows decision {self._number}: the decisions between them are missing")
        version, settings = await self._settings_of(recorded.settings)
        try:
            repeated = self._decide(settings, entry.seen, self._history, pins=entry.pins, halted=bool(entry.halted))
        except Exception as error:  # the policy never fails on inputs that are recorded intact
            raise JournalError(f"decision {number}: the policy fails on its inputs: {error!r}") from error
        if repeated != entry.decision:
            by = "" if version == __version__ else f" (recorded by Genesis {version}, repeated by {__version__})"
            raise JournalError(
                f"decision {number} differs from the policy's decision on the same inputs{by}: {_difference(entry, repeated)}"
            )
        self._count, self._number, self._seal, self._history = self._count + 1, number, recorded.seal, repeated.history

    def _begin(self, recorded: Recorded, kept: Kept) -> None:
        """Accept the first kept decision without repeating it: the one before it was removed."""
        if (recorded.number, recorded.seal) != (kept.number, kept.seal):
            raise JournalError(f"decision {kept.number}, the first one that was kept, is missing or was changed")
        self._count, self._number, self._seal = 1, recorded.number, recorded.seal
        self._history = recorded.entry.decision.history

    async def _settings_of(self, digest: str) -> tuple[str, RotationSettings]:
        if digest not in self._settings:
            self._settings[digest] = await self._log.look_up(lambda store: store.settings(digest))
        return self._settings[digest]


def _difference(entry: RecordedDecision, repeated: Decision) -> str:
    return next(_differences(entry.decision, repeated))


def _differences(recorded: Decision, repeated: Decision) -> Iterator[str]:
    for strategy in sorted(recorded.steps.keys() | repeated.steps.keys()):
        before, after = recorded.steps.get(strategy), repeated.steps.get(strategy)
        if before != after:
            texts = ["nothing" if step is None else f"{step_text(step)} {step.reasons}" for step in (before, after)]
            yield f"{one_line(strategy)}: recorded {one_line(texts[0], 300)}; repeated {one_line(texts[1], 300)}"
    if recorded.blocked != repeated.blocked:
        yield f"blocked: recorded {one_line(str(recorded.blocked), 300)}; repeated {one_line(str(repeated.blocked), 300)}"
    yield "the history for the next decision"
