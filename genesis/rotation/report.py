"""The current state of rotation as text: whether a controller decides, what blocks it, what each strategy has and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from genesis.core.duration import duration_text
from genesis.core.errors import JournalError
from genesis.core.printing import aligned, one_line
from genesis.rotation.audit.commands import BY, CommandState
from genesis.rotation.audit.lines import reason_text
from genesis.rotation.audit.rows import DeliveryAttempt, Recorded, RecordedDecision
from genesis.rotation.audit.store import AuditStore
from genesis.rotation.decision import Step
from genesis.rotation.observation import Pin
from genesis.settings.rotation import RotationSettings

_LOOK_BACK = 200
"""How many decisions with changes are searched for each strategy's last change."""
_LATE = 3
"""Intervals after which a decision is late: no controller seems to run."""
_TEXT = 200


class LastStep(NamedTuple):
    """A strategy's last change."""

    time: datetime
    step: Step


class Report(NamedTuple):
    """The current state according to the audit log."""

    number: int
    """The number of the last decision; 0 before the first one."""
    entry: RecordedDecision | None
    settings: RotationSettings | None
    """The settings of the last decision; None if this Genesis cannot read them."""
    command_state: CommandState
    changes: dict[str, LastStep]
    delivery: DeliveryAttempt | None
    """The last attempt to deliver the last decision that the engine had to follow."""
    waiting: int
    """The number of the last decision that the engine had to follow, if the engine has not confirmed it; else 0."""


def read_report(store: AuditStore) -> Report:
    """Read the state from the audit log.

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
    confirmed = any(attempt.outcome == "confirmed" for attempt in attempts)
    return Report(
        number=0 if last is None else last.number,
        entry=None if last is None else last.entry,
        settings=None if last is None else _settings(store, last),
        command_state=store.command_state(),
        changes=changes,
        delivery=attempts[-1] if attempts else None,
        waiting=0 if ordered is None or confirmed else ordered.number,
    )


def status_lines(report: Report, settings: RotationSettings, halted_by_file: str, now: datetime) -> Iterator[str]:
    """The report as lines; `halted_by_file`: why the file halts rotation, or empty."""
    yield from _decision(report, settings, now)
    if halted_by_file:
        yield f"HALTED    {halted_by_file}"
    elif by_another := halted_elsewhere(report):
        yield f"HALTED    {by_another}"
    if report.command_state.halted is not None:
        yield f"HALTED    {one_line(str(report.command_state.halted), _TEXT)}"
    if report.entry is not None:
        yield from (f"BLOCKED   {reason_text(reason)}: no weight is raised" for reason in report.entry.decision.blocked)
    yield from _delivery(report)
    yield from (f"pinned    {pin_text(strategy, pin)}" for strategy, pin in sorted(report.command_state.pins.items()))
    if report.entry is not None:
        yield ""
        yield from aligned(_table(report, report.entry))


def halted_elsewhere(report: Report) -> str:
    """Why the last decision was halted without a command: the halt file may exist on the controller's machine only."""
    halted = "" if report.entry is None else report.entry.halted
    if not halted or halted.startswith(BY):
        return ""
    return f"{one_line(halted, _TEXT)} (at the last decision, on the controller's side)"


def interval_of(report: Report, settings: RotationSettings) -> timedelta:
    """The interval between decisions, by the controller's settings, which may differ from `settings`."""
    return (report.settings or settings).interval


def is_late(report: Report, settings: RotationSettings, now: datetime) -> bool:
    """Whether no controller seems to run."""
    return report.entry is None or now - report.entry.decision.time > _LATE * interval_of(report, settings)


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
    except JournalError:  # `genesis rotate verify` reports it; the status must still be shown
        return None


def _age(time: datetime, now: datetime) -> str:
    """In whole seconds; never negative, even if a clock was set back."""
    return duration_text(timedelta(seconds=max(0, round((now - time).total_seconds()))))


def _decision(report: Report, settings: RotationSettings, now: datetime) -> Iterator[str]:
    if report.entry is None:
        yield "decision  none yet"
        return
    decision = report.entry.decision
    yield f"decision  {report.number}, {_age(decision.time, now)} ago, mode {decision.history.mode}"
    if is_late(report, settings, now):
        interval = duration_text(interval_of(report, settings))
        yield f"LATE      a decision is due every {interval}: does `genesis rotate run` run?"
    if report.settings is not None and report.settings != settings:
        yield "SETTINGS  they differ from rotation.yaml here; if the controller uses this file, SIGHUP reloads it"


def _delivery(report: Report) -> Iterator[str]:
    if report.waiting:
        attempt = "no attempt yet" if report.delivery is None else _attempt(report.delivery)
        yield f"WAITING   the engine has not confirmed decision {report.waiting}: {attempt}"
    elif report.delivery is not None:
        yield f"engine    {_attempt(report.delivery)}"


def _attempt(delivery: DeliveryAttempt) -> str:
    text = f": {one_line(delivery.text, _TEXT)}" if delivery.text else ""
    return f"decision {delivery.number} {delivery.outcome} at {delivery.time:%Y-%m-%d %H:%M:%S} UTC{text}"


def _table(report: Report, entry: RecordedDecision) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("STRATEGY", "STATE", "WEIGHT", "SCORE", "LAST CHANGE", "WHY")]
    for strategy, step in entry.decision.steps.items():
        score = "-" if step.score is None else f"{step.score:.3f}"
        change = report.changes.get(strategy)
        when, why = ("-", step.reasons[0]) if change is None else (f"{change.time:%m-%d %H:%M:%S}", change.step.reasons[0])
        pinned = " (pinned)" if strategy in report.command_state.pins else ""
        weight = f"{step.after.weight:.4f}"
        rows.append((one_line(strategy, 40), f"{step.after.state.value}{pinned}", weight, score, when, reason_text(why)))
    return rows
