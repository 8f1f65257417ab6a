"""Why nothing may be raised: what is seen is not whole, not of now, or not followed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from genesis.core.allocation import Share
from genesis.rotation.decision import Reason
from genesis.rotation.observation import Observation
from genesis.rotation.policy.account import daily_loss
from genesis.rotation.policy.candidate import TRADING, Candidate
from genesis.rotation.policy.memory import Begun
from genesis.rotation.policy.weights import ZERO, floor
from genesis.settings.rotation import RotationSettings

_OF_THE_ENGINE = frozenset({"engine", "unconfirmed"})


def blocks(settings: RotationSettings, seen: Observation, cases: Sequence[Candidate], begun: Begun) -> tuple[Reason, ...]:
    """All of them, each code once; nothing while all is well."""
    found: dict[str, str] = {}
    for code, text in (*_faults(seen, begun), *_account(settings, seen), *_incomplete(settings, cases)):
        found.setdefault(code, text)
    return tuple(Reason(code, text) for code, text in sorted(found.items()))


def give_up(seen: Observation, cases: Iterable[Candidate], blocked: Sequence[Reason]) -> None:
    """Let go of what was decided and not confirmed where it adds risk, as soon as anything else is not to be relied on.

    The engine may take the order at any time; what it has not taken yet must not be raised by a figure of long ago. And what it
    paused or stopped by itself is not started again by an order that only lets go.
    """
    shares = {} if seen.engine is None else seen.engine.shares
    if "unconfirmed" not in seen.faults or not shares or all(one.code in _OF_THE_ENGINE for one in blocked):
        return  # an engine that reports no strategy at all has forgotten what it had, and gets it again
    for case in cases:
        share = shares.get(case.name, Share(ZERO, case.state))
        if case.pin is None and case.state in TRADING and share.state not in TRADING:
            case.pause(Reason("unconfirmed", f"the engine has it {share.state.value}"))
            case.state = share.state
        elif case.pin is None and share.weight < case.weight:
            case.take(floor(share.weight))
            case.because("unconfirmed", f"the engine never had more than {share.weight}")


def _faults(seen: Observation, begun: Begun) -> Iterator[tuple[str, str]]:
    yield from ((code, seen.details.get(code, "")) for code in seen.faults)
    if begun.clock_went_back:
        yield "clock", "the time of this decision is before that of the last one"
    if begun.unseeded:
        yield "engine", "it has not reported yet what it has"


def _account(settings: RotationSettings, seen: Observation) -> Iterator[tuple[str, str]]:
    if seen.limits is None:
        yield "tier", "the account's equity is not known, or below the smallest tier"
    used, least = daily_loss(seen), settings.daily_loss.no_raise_from
    if used is None:
        yield "daily_loss", "today's loss is not known"
    elif used >= least:
        yield "daily_loss", f"{used:.0%} of today's limit is lost; from {least:.0%} on nothing is raised"


def _incomplete(settings: RotationSettings, cases: Iterable[Candidate]) -> Iterator[tuple[str, str]]:
    new: list[str] = []
    lost: list[str] = []
    for case in cases:
        if case.takes_part and not case.is_new and (case.unknown or case.score is None):
            warming = not case.track.scored and case.clock - case.track.first_seen < settings.warm_up.total_seconds()
            (new if warming else lost).append(f"{case.name!r} lacks {', '.join(case.unknown) or 'a score'}")
    if new:
        yield "warming_up", "; ".join(new)
    if lost:
        yield "partial", "; ".join(lost)
