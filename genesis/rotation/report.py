"""What rotation does now, as people read it: whether somebody decides, what holds it back, what each strategy has and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from genesis.core.duration import duration_text
from genesis.core.errors import JournalError
from genesis.core.printing import aligned, one_line
from genesis.rotation.audit.commands import BY, Standing
from genesis.rotation.audit.lines import reason_text
from genesis.rotation.audit.rows import DeliveryAttempt, Recorded, RecordedDecision
from genesis.rotation.audit.store import AuditStore
from genesis.rotation.decision import Step
from genesis.rotation.observation import Pin
from genesis.settings.rotation import RotationSettings

_LOOK_BACK = 200
"""Decisions with changes among which a strategy's last one is looked for."""
_LATE = 3
"""Intervals after which a decision is no longer that of a controller that runs."""
_TEXT = 200


class LastStep(NamedTuple):
    """A strategy's last one."""

    time: datetime
    step: Step


class Report(NamedTuple):
    """What the audit log knows of now."""

    number: int
    """Of the last decision; 0 before the first one."""
    entry: RecordedDecision | None
    settings: RotationSettings | None
    """Those that it was made by; None where they are of a Genesis that had others, or damaged."""
    standing: Standing
    changes: dict[str, LastStep]
    delivery: DeliveryAttempt | None
    """The last attempt of the last decision that the engine had to follow."""
    waiting: int
    """The number of the last decision that the engine had to follow, if nobody has confirmed it; else 0."""


def report(store: AuditStore) -> Report:
    """
    Raises:
        JournalError: the log cannot be read, or is damaged.
    """
    last, ordered = store.last(), store.last_ordered()
    changes: dict[str, LastStep] = {}
    for recorded in store.read(store.before_the_last(_LOOK_BACK, changes=True), _LOOK_BACK, changes=True):
        decision = recorded.entry.decision
        moved = {name: step for name, step in decision.steps.items() if step.before != step.after}
        changes |= {name: LastStep(decision.time, step) for name, step in moved.items()}
    attempts = store.deliveries(ordered.number, ordered.number) if ordered is not None else []
    confirmed = any(one.outcome == "confirmed" for one in attempts)
    return Report(
        number=0 if last is None else last.number,
        entry=None if last is None else last.entry,
        settings=None if last is None else _settings(store, last),
        standing=store.standing(),
        changes=changes,
        delivery=attempts[-1] if attempts else None,
        waiting=0 if ordered is None or confirmed else ordered.number,
    )


def status_lines(found: Report, settings: RotationSettings, halted_by_file: str, now: datetime) -> Iterator[str]:
    """`halted_by_file`: why, if the file says so."""
    yield from _decision(found, settings, now)
    if halted_by_file:
        yield f"HALTED    {halted_by_file}"
    elif by_another := halted_elsewhere(found):
        yield f"HALTED    {by_another}"
    if found.standing.halted is not None:
        yield f"HALTED    {one_line(str(found.standing.halted), _TEXT)}"
    if found.entry is not None:
        yield from (f"BLOCKED   {reason_text(reason)}: no weight is raised" for reason in found.entry.decision.blocked)
    yield from _delivery(found)
    yield from (f"pinned    {pin_text(strategy, pin)}" for strategy, pin in sorted(found.standing.pins.items()))
    if found.entry is not None:
        yield ""
        yield from aligned(_table(found, found.entry))


def halted_elsewhere(found: Report) -> str:
    """Why the last decision was halted, where no command says so: the controller may see a file that is not here."""
    halted = "" if found.entry is None else found.entry.halted
    if not halted or halted.startswith(BY):
        return ""
    return f"{one_line(halted, _TEXT)} (at the last decision, on the controller's side)"


def interval_of(found: Report, settings: RotationSettings) -> timedelta:
    """Between decisions: by the controller's settings, which need not be `settings`."""
    return (found.settings or settings).interval


def is_late(found: Report, settings: RotationSettings, now: datetime) -> bool:
    """Whether no controller seems to run."""
    return found.entry is None or now - found.entry.decision.time > _LATE * interval_of(found, settings)


def pin_text(strategy: str, pin: Pin) -> str:
    """Who pinned what, when and why."""
    weight = "" if pin.weight is None else f" {pin.weight}"
    since = f"{pin.since:%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"{one_line(strategy)}: {pin.state.value}{weight} by {one_line(pin.author)} since {since}: {one_line(pin.why, _TEXT)}"
    )


def _settings(store: AuditStore, last: Recorded) -> RotationSettings | None:
    try:
        return store.settings(last.settings)[1]
    except JournalError:  # `genesis rotate verify` tells of it; what stands now is not to be hidden by it
        return None


def _age(time: datetime, now: datetime) -> str:
    """In whole seconds; a clock that was set back makes none of it negative."""
    return duration_text(timedelta(seconds=max(0, round((now - time).total_seconds()))))


def _decision(found: Report, settings: RotationSettings, now: datetime) -> Iterator[str]:
    if found.entry is None:
        yield "decision  none yet"
        return
    decision = found.entry.decision
    yield f"decision  {found.number}, {_age(decision.time, now)} ago, mode {decision.history.mode}"
    if is_late(found, settings, now):
        yield f"LATE      one is made every {duration_text(interval_of(found, settings))}: does `genesis rotate run` run?"
    if found.settings is not None and found.settings != settings:
        yield "SETTINGS  other ones than in rotation.yaml here; SIGHUP lets a controller that runs by this file take it up"


def _delivery(found: Report) -> Iterator[str]:
    if found.waiting:
        told = "no attempt yet" if found.delivery is None else _attempt(found.delivery)
        yield f"WAITING   the engine has not confirmed decision {found.waiting}: {told}"
    elif found.delivery is not None:
        yield f"engine    {_attempt(found.delivery)}"


def _attempt(delivery: DeliveryAttempt) -> str:
    text = f": {one_line(delivery.text, _TEXT)}" if delivery.text else ""
    return f"decision {delivery.number} {delivery.outcome} at {delivery.time:%Y-%m-%d %H:%M:%S} UTC{text}"


def _table(found: Report, entry: RecordedDecision) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("STRATEGY", "STATE", "WEIGHT", "SCORE", "LAST CHANGE", "WHY")]
    for strategy, step in entry.decision.steps.items():
        score = "-" if step.score is None else f"{step.score:.3f}"
        change = found.changes.get(strategy)
        when, why = ("-", step.reasons[0]) if change is None else (f"{change.time:%m-%d %H:%M:%S}", change.step.reasons[0])
        pinned = " (pinned)" if strategy in found.standing.pins else ""
        weight = f"{step.after.weight:.4f}"
        rows.append((one_line(strategy, 40), f"{step.after.state.value}{pinned}", weight, score, when, reason_text(why)))
    return rows
