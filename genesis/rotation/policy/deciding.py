"""(settings, what is seen, pins, history) → decision. Pure: no clock, no I/O; the same inputs give the same decision.

In this order: what stands now; what limits, pins and hard rules want at once; whether anything may be raised; and only then
what the scores want, step by step.
"""

from __future__ import annotations

from collections.abc import Mapping

from genesis.rotation.decision import Decision, History, Reason, Step, Turnover
from genesis.rotation.observation import Observation, Pin
from genesis.rotation.policy import memory, rules
from genesis.rotation.policy.account import account_told
from genesis.rotation.policy.candidate import TRADING, Candidate
from genesis.rotation.policy.guard import blocks, give_up
from genesis.rotation.policy.scores import scores
from genesis.rotation.policy.states import judge, keep_to_limits, resume
from genesis.rotation.policy.steps import move
from genesis.rotation.policy.weights import ZERO
from genesis.settings.rotation import RotationSettings


def decide(
    settings: RotationSettings,
    seen: Observation,
    history: History | None,
    *,
    pins: Mapping[str, Pin],
    halted: bool,
) -> Decision:
    """One decision.

    Args:
        settings: signals, rules and bounds.
        seen: what is seen now.
        history: of the decision before; None at the first one. Then the weights are those that the engine reports, or equal
            shares of what the reserve leaves over where it reports none.
        pins: strategy → what a person fixed.
        halted: whether the kill switch is on: everything stays as it is.
    """
    begun = memory.begin(settings, seen, history, frozenset(pins))
    among = {name for name, track in begun.tracks.items() if track.share.state in TRADING and name not in pins}
    told = scores(settings.score, seen.strategies, among)
    cases = [
        Candidate(name, track, begun.clock, seen=seen.strategies.get(name), pin=pins.get(name), score=told.get(name))
        for name, track in sorted(begun.tracks.items())
    ]
    wanted = [rule.signal for rule in settings.rules.values()]
    untold = rules.of_nobody(wanted, seen.strategies) if account_told(seen) else None
    for case in cases:
        case.watch(settings, begun.elapsed, untold)
    if halted:
        for case in cases:
            case.because("halted")
        return _decision(seen, begun, cases, halted=True)
    blocked = blocks(settings, seen, cases, begun)
    give_up(seen, cases, blocked)
    for case in cases:
        judge(settings, seen, case)
    keep_to_limits(settings, seen, cases, begun.taken_up)
    moved = ZERO
    if not blocked:
        resume(settings, cases)
        moved = move(settings, seen, cases, begun.turnover)
    if moved:
        begun = begun._replace(turnover=(*begun.turnover, Turnover(begun.clock, moved)))
    return _decision(seen, begun, cases, blocked)


def _decision(
    seen: Observation, begun: memory.Begun, cases: list[Candidate], blocked: tuple[Reason, ...] = (), *, halted: bool = False
) -> Decision:
    steps: dict[str, Step] = {case.name: case.step(blocked=bool(blocked)) for case in cases}
    tracks = {case.name: case.remembered(halted=halted) for case in cases}
    history = History(time=seen.time, clock=begun.clock, mode=begun.mode, tracks=tracks, turnover=begun.turnover)
    return Decision(time=seen.time, steps=steps, blocked=blocked, halted=halted, history=history)
