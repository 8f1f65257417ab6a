"""A decision as text: its inputs, the active rules, the changes with their reasons, and the deliveries to the engine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from genesis.core.allocation import Action
from genesis.core.duration import duration_text
from genesis.core.printing import one_line
from genesis.rotation.audit.rows import DeliveryAttempt, RecordedDecision
from genesis.rotation.decision import Reason, Step, Track
from genesis.rotation.observation import Observation, Share

_TEXT = 300


def decision_lines(
    number: int, settings: str, entry: RecordedDecision, deliveries: Sequence[DeliveryAttempt], only: str | None
) -> Iterator[str]:
    """All lines of one decision; `only`: those of this strategy. `settings`: the digest of the settings."""
    decision = entry.decision
    kind = "" if decision.changes else ", changes nothing"
    yield f"decision {number}  {decision.time:%Y-%m-%d %H:%M:%S} UTC  {decision.history.mode}, settings {settings[:12]}{kind}"
    yield f"  account   {_account(entry.seen)}"
    if entry.halted:
        yield f"  HALTED    {one_line(entry.halted, _TEXT)}"
    for reason in decision.blocked:
        yield f"  BLOCKED   {reason_text(reason)}: no weight is raised"
    for strategy, step in decision.steps.items():
        if only is None or strategy == only:
            yield from _strategy_lines(strategy, step, entry)
    for attempt in deliveries:
        text = f": {one_line(attempt.text, _TEXT)}" if attempt.text else ""
        yield f"  delivery  {attempt.time:%H:%M:%S}  attempt {attempt.attempt} {attempt.outcome}{text}"


def reason_text(reason: Reason) -> str:
    """`drawdown: 0.112 ≥ 0.1`."""
    return f"{reason.code}: {one_line(reason.text, _TEXT)}" if reason.text else reason.code


def share_text(share: Share) -> str:
    """`0.3000 active`."""
    return f"{share.weight:.4f} {share.state.value}"


def step_text(step: Step) -> str:
    """`LOWER 0.3000 active → 0.2000 active`, `hold 0.3000 active`."""
    if step.before == step.after and step.action is Action.HOLD:
        return f"hold {share_text(step.after)}"
    return f"{step.action.value.upper()} {share_text(step.before)} → {share_text(step.after)}"


def _account(seen: Observation) -> str:
    limits, used = seen.limits, seen.daily_loss_used
    tier = "tier unknown" if limits is None else f"tier {one_line(limits.tier)}, {limits.max_active} at a time"
    if limits is not None and limits.allowed is not None:
        tier += f", only {', '.join(map(one_line, sorted(limits.allowed))) or 'none'}"
    loss = "daily loss unknown" if used is None else f"daily loss {used:.1%} used"
    engine = seen.engine
    reported = (
        "engine silent" if engine is None else f"engine at decision {'none' if engine.decision is None else engine.decision}"
    )
    faults = f", faults {', '.join(map(one_line, seen.faults))}" if seen.faults else ""
    return f"{tier}; {loss}; {reported}{faults}"


def _strategy_lines(strategy: str, step: Step, entry: RecordedDecision) -> Iterator[str]:
    yield f"  {one_line(strategy)}: {step_text(step)}  because {'; '.join(map(reason_text, step.reasons))}"
    score = "unknown" if step.score is None else f"{step.score:.4f}"
    target = "" if step.target is None else f", to have {step.target:.4f}"
    yield f"    seen    {_signals(strategy, entry.seen)}"
    yield f"    score   {score}{target}"
    track = entry.decision.history.tracks.get(strategy)
    if track is not None and (active := _rules(track, entry.decision.history.clock)):
        yield f"    rules   {active}"
    if (pin := entry.pins.get(strategy)) is not None:
        yield f"    pinned  {pin.state.value} by {one_line(pin.author)}: {one_line(pin.why, _TEXT)}"


def _signals(strategy: str, seen: Observation) -> str:
    found = seen.strategies.get(strategy)
    if found is None:
        return "nothing"
    signals = ", ".join(f"{name} {value:.6g}" for name, value in sorted(found.signals.items())) or "no figure"
    return signals if found.fresh else f"{signals} (not fresh)"


def _rules(track: Track, clock: float) -> str:
    active = []
    for name, rule in sorted(track.rules.items()):
        if rule.suspended:
            active.append(f"{name} suspended")
        else:
            active.append(f"{name} holds since {_seconds(clock - rule.since)}")
    return ", ".join(active)


def _seconds(seconds: float) -> str:
    return duration_text(timedelta(seconds=round(seconds)))
