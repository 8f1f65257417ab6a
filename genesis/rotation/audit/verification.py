"""Whether the audit log is whole, and every decision in it is what the policy makes of what it says was seen."""

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
    """What was found."""

    decisions: int
    """How many were sound, from the first one on."""
    last: int
    """The number of the last of them."""
    seal: bytes
    """Its seal: whoever notes it can tell later whether any decision up to it was changed or removed."""
    fault: str = ""
    """The first one; empty if all is well."""


async def verify(log: AuditLog, decide: Decide) -> VerificationResult:
    """Check seals and numbers of all decisions and commands, and make every decision anew.

    Raises:
        JournalError: the log cannot be read at all.
    """
    chain = _Chain(log, decide)
    try:
        kept = (await log.state()).kept
        async for batch in log.entries(kept.number - 1 if kept is not None else 0):
            for recorded in batch:
                await chain.follow(recorded, kept)
    except JournalError as error:
        return chain.verdict(str(error))
    return chain.verdict()


class _Chain:
    """How far the log was found to be sound."""

    def __init__(self, log: AuditLog, decide: Decide) -> None:
        self._log = log
        self._decide = decide
        self._settings: dict[str, tuple[str, RotationSettings]] = {}
        self._history: History | None = None
        self._count = 0
        self._number = 0
        self._seal = FIRST_SEAL

    def verdict(self, fault: str = "") -> VerificationResult:
        return VerificationResult(self._count, self._number, self._seal, fault)

    async def follow(self, recorded: Recorded, kept: Kept | None) -> None:
        number = recorded.number
        if kept is not None and not self._count:
            self._begin(recorded, kept)
            return
        if recorded.sealed(self._seal) != recorded.seal:
            before = f"or decisions between {self._number} and it were removed" if number > self._number + 1 else "or moved"
            raise JournalError(f"decision {number} was changed after it was recorded, {before}: its seal does not fit")
        entry = recorded.entry
        if number != max(self._number, entry.floor) + 1:
            raise JournalError(f"decision {number} follows decision {self._number}: those between are missing")
        version, settings = await self._settings_of(recorded.settings)
        try:
            made = self._decide(settings, entry.seen, self._history, pins=entry.pins, halted=bool(entry.halted))
        except Exception as error:  # what the policy never does with what was recorded as it was
            raise JournalError(f"decision {number}: the policy makes nothing of its inputs: {error!r}") from error
        if made != entry.decision:
            by = "" if version == __version__ else f" (recorded by Genesis {version}, made anew by {__version__})"
            raise JournalError(f"decision {number} is not what the policy makes of its inputs{by}: {_difference(entry, made)}")
        self._count, self._number, self._seal, self._history = self._count + 1, number, recorded.seal, made.history

    def _begin(self, recorded: Recorded, kept: Kept) -> None:
        """Take the first decision that was kept as it is: the one that it was made after was removed."""
        if (recorded.number, recorded.seal) != (kept.number, kept.seal):
            raise JournalError(f"decision {kept.number}, the first one that was kept, is not there as it was")
        self._count, self._number, self._seal = 1, recorded.number, recorded.seal
        self._history = recorded.entry.decision.history

    async def _settings_of(self, digest: str) -> tuple[str, RotationSettings]:
        if digest not in self._settings:
            self._settings[digest] = await self._log.look_up(lambda store: store.settings(digest))
        return self._settings[digest]


def _difference(entry: RecordedDecision, made: Decision) -> str:
    return next(_differences(entry.decision, made))


def _differences(kept: Decision, made: Decision) -> Iterator[str]:
    for strategy in sorted(kept.steps.keys() | made.steps.keys()):
        one, other = kept.steps.get(strategy), made.steps.get(strategy)
        if one != other:
            told = ["nothing" if step is None else f"{step_text(step)} {step.reasons}" for step in (one, other)]
            yield f"{one_line(strategy)}: recorded {one_line(told[0], 300)}; made anew {one_line(told[1], 300)}"
    if kept.blocked != made.blocked:
        yield f"blocked: recorded {one_line(str(kept.blocked), 300)}; made anew {one_line(str(made.blocked), 300)}"
    yield "what is remembered for the next decision"
