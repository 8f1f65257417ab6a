"""(settings, observation, pins, history) → decision. Pure: no clock, no I/O; the same inputs give the same decision.

The order: restore the state from the history; apply limits, pins and hard rules at once; check whether anything may be raised;
only then move weights towards the targets that the scores give.
"""

from __future__ import annotations

from collections.abc import Mapping

from genesis.rotation.decision import Decision, History, Reason, Step, Turnover
from genesis.rotation.observation import Observation, Pin
from genesis.rotation.policy import memory, rules
from genesis.rotation.policy.account import account_complete
from genesis.rotation.policy.candidate import TRADING, Candidate
from genesis.rotation.policy.guard import blocks, drop_unconfirmed
from genesis.rotation.policy.rebalancing import rebalance
from genesis.rotation.policy.scores import scores
from genesis.rotation.policy.states import apply_limits_pins_and_rules, keep_to_limits, resume
from genesis.rotation.policy.weights import ZERO
from genesis.settings.rotation import RotationSettings


def decide(
    settings: RotationSettings,
    observation: Observation,
    history: History | None,
    *,
    pins: Mapping[str, Pin],
    halted: bool,
) -> Decision:
    """Make one decision.

    Args:
        settings: signals, rules and bounds.
        observation: what Prometheus and the engine report now.
        history: that of the previous decision; None for the first. The first decision starts from the weights that the engine
            reports; if it reports none, from equal shares of the capital without the reserve.
        pins: strategy → its pin.
        halted: whether the kill switch is on: all weights and states stay as they are.
    """
    start = memory.begin(settings, observation, history, frozenset(pins))
    trading = {name for name, track in start.tracks.items() if track.share.state in TRADING and name not in pins}
    scored = scores(settings.score, observation.strategies, trading)
    candidates = [
        Candidate(
            name, track, start.clock, reading=observation.strategies.get(name), pin=pins.get(name), score=scored.get(name)
        )
        for name, track in sorted(start.tracks.items())
    ]
    rule_signals = [rule.signal for rule in settings.rules.values()]
    missing = rules.missing_everywhere(rule_signals, observation.strategies) if account_complete(observation) else None
    for candidate in candidates:
        candidate.watch(settings, start.elapsed, missing)
    if halted:
        for candidate in candidates:
            candidate.because("halted")
        return _decision(observation, start, candidates, halted=True)
    blocked = blocks(settings, observation, candidates, start)
    drop_unconfirmed(observation, candidates, blocked)
    for candidate in candidates:
        apply_limits_pins_and_rules(settings, observation, candidate)
    keep_to_limits(settings, observation, candidates, start.taken_over)
    moved = ZERO
    if not blocked:
        resume(settings, candidates)
        moved = rebalance(settings, observation, candidates, start.turnover)
    if moved:
        start = start._replace(turnover=(*start.turnover, Turnover(start.clock, moved)))
    return _decision(observation, start, candidates, blocked)


def _decision(
    observation: Observation,
    start: memory.StartingPoint,
    candidates: list[Candidate],
    blocked: tuple[Reason, ...] = (),
    *,
    halted: bool = False,
) -> Decision:
    steps: dict[str, Step] = {candidate.name: candidate.step(blocked=bool(blocked)) for candidate in candidates}
    tracks = {candidate.name: candidate.next_track(halted=halted) for candidate in candidates}
    history = History(time=observation.time, clock=start.clock, mode=start.mode, tracks=tracks, turnover=start.turnover)
    return Decision(time=observation.time, steps=steps, blocked=blocked, halted=halted, history=history)
