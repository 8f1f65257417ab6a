"""Why no weight may be raised: the data are incomplete or old, or the engine does not follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from genesis.core.allocation import Share
from genesis.rotation.decision import Reason
from genesis.rotation.observation import Observation
from genesis.rotation.policy.account import daily_loss
from genesis.rotation.policy.candidate import TRADING, Candidate
from genesis.rotation.policy.memory import StartingPoint
from genesis.rotation.policy.weights import ZERO, floor
from genesis.settings.rotation import RotationSettings

_OF_THE_ENGINE = frozenset({"engine", "unconfirmed"})


def blocks(
    settings: RotationSettings, observation: Observation, candidates: Sequence[Candidate], start: StartingPoint
) -> tuple[Reason, ...]:
    """All reasons for a block, one for each code; empty if raising is allowed."""
    found: dict[str, str] = {}
    for code, text in (*_faults(observation, start), *_account(settings, observation), *_incomplete(settings, candidates)):
        found.setdefault(code, text)
    return tuple(Reason(code, text) for code, text in sorted(found.items()))


def drop_unconfirmed(observation: Observation, candidates: Iterable[Candidate], blocked: Sequence[Reason]) -> None:
    """Give up unconfirmed raises as soon as anything other than the engine is at fault.

    The engine may still apply the last instruction at any time. A raise that it has not applied rests on old figures, so the
    decision falls back to the engine's smaller weight. A strategy that the engine paused or stopped by itself stays so.
    """
    shares = {} if observation.engine is None else observation.engine.shares
    if "unconfirmed" not in observation.faults or not shares or all(reason.code in _OF_THE_ENGINE for reason in blocked):
        return  # an engine that reports no strategy has lost its state: it gets the weights again
    for candidate in candidates:
        share = shares.get(candidate.name, Share(ZERO, candidate.state))
        if candidate.pin is None and candidate.state in TRADING and share.state not in TRADING:
            candidate.pause(Reason("unconfirmed", f"the engine has it {share.state.value}"))
            candidate.state = share.state
        elif candidate.pin is None and share.weight < candidate.weight:
            candidate.lower_to(floor(share.weight))
            candidate.because("unconfirmed", f"the engine never had more than {share.weight}")


def _faults(observation: Observation, start: StartingPoint) -> Iterator[tuple[str, str]]:
    yield from ((code, observation.details.get(code, "")) for code in observation.faults)
    if start.clock_went_back:
        yield "clock", "the time of this decision is before that of the last one"
    if start.unseeded:
        yield "engine", "it has not reported yet what it has"


def _account(settings: RotationSettings, observation: Observation) -> Iterator[tuple[str, str]]:
    if observation.limits is None:
        yield "tier", "the account's equity is not known, or below the smallest tier"
    used, least = daily_loss(observation), settings.daily_loss.no_raise_from
    if used is None:
        yield "daily_loss", "today's loss is not known"
    elif used >= least:
        yield "daily_loss", f"{used:.0%} of today's limit is lost; from {least:.0%} on nothing is raised"


def _incomplete(settings: RotationSettings, candidates: Iterable[Candidate]) -> Iterator[tuple[str, str]]:
    new: list[str] = []
    lost: list[str] = []
    for candidate in candidates:
        if candidate.takes_part and not candidate.is_new and (candidate.unknown_signals or candidate.score is None):
            warming = (
                not candidate.track.scored and candidate.clock - candidate.track.first_seen < settings.warm_up.total_seconds()
            )
            (new if warming else lost).append(f"{candidate.name!r} lacks {', '.join(candidate.unknown_signals) or 'a score'}")
    if new:
        yield "warming_up", "; ".join(new)
    if lost:
        yield "partial", "; ".join(lost)
