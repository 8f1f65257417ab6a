"""What is taken up from the decision before: the clock that counts, and what each strategy has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from msgspec.structs import replace

from genesis.core.allocation import EngineReport, Share
from genesis.core.models import StrategyState
from genesis.rotation.decision import History, Track, Turnover
from genesis.rotation.observation import Observation
from genesis.rotation.policy.account import account_allows
from genesis.rotation.policy.weights import ONE, ZERO, floor
from genesis.settings.rotation import RotationSettings

LONGEST_STEP = 3
"""Intervals that one decision may take in the clock that counts."""
DAY_SECONDS = 86_400.0
FORGET_SECONDS = 7 * DAY_SECONDS
"""A strategy without capital is forgotten only then: were it forgotten with an answer that lacks it, so were its cooldown."""

_NOTHING = Share(ZERO, StrategyState.ACTIVE)


class Begun(NamedTuple):
    """Where a decision begins."""

    clock: float
    elapsed: float
    """Seconds of it since the decision before."""
    mode: Literal["advise", "enforce"]
    """Of the settings; advise, or still the one before, where enforce has to wait for the engine's report."""
    tracks: dict[str, Track]
    taken_up: frozenset[str]
    """Those of which the engine's share, or that of the beginning, was taken up now."""
    turnover: tuple[Turnover, ...]
    """Of the last 24 hours."""
    clock_went_back: bool
    unseeded: bool
    """Whether the engine's weights had to be taken over, and are not known."""


def begin(settings: RotationSettings, seen: Observation, history: History | None, pinned: Iterable[str]) -> Begun:
    """Take up the history, or begin one."""
    report = seen.engine
    if history is None:
        tracks = {name: _track(share, 0.0) for name, share in _first(settings, seen, pinned).items()}
        unseeded = _unseeded(settings, report)
        mode = "advise" if unseeded else settings.mode
        return Begun(0.0, 0.0, mode, tracks, frozenset(tracks), (), clock_went_back=False, unseeded=unseeded)
    elapsed = _elapsed(settings, history.time, seen.time)
    clock = history.clock + elapsed
    changed = history.mode != settings.mode
    unseeded = changed and _unseeded(settings, report)
    tracks = dict(history.tracks)
    if changed and report is not None:
        tracks = {name: _taken_over(name, track, report, clock) for name, track in tracks.items()}
    known = {*seen.strategies, *(report.shares if report is not None else ()), *pinned}
    for name in known - tracks.keys():
        tracks[name] = _track(_reported(report, name), clock)
    heard = {name: replace(track, heard=clock) if name in known else track for name, track in tracks.items()}
    kept = {name: track for name, track in heard.items() if track.share.weight > ZERO or clock - track.heard < FORGET_SECONDS}
    turnover = tuple(one for one in history.turnover if clock - one.at < DAY_SECONDS)
    mode = history.mode if unseeded else settings.mode
    taken_up = frozenset(kept if changed and report is not None else kept.keys() - history.tracks.keys())
    return Begun(clock, elapsed, mode, kept, taken_up, turnover, clock_went_back=seen.time < history.time, unseeded=unseeded)


def _elapsed(settings: RotationSettings, before: datetime, now: datetime) -> float:
    """No less than nothing, no more than some intervals: a clock that jumps, or an outage, lets nothing expire."""
    longest = LONGEST_STEP * settings.interval.total_seconds()
    return min(longest, max(0.0, (now - before).total_seconds()))


def _unseeded(settings: RotationSettings, report: EngineReport | None) -> bool:
    return settings.mode == "enforce" and report is None


def _first(settings: RotationSettings, seen: Observation, pinned: Iterable[str]) -> dict[str, Share]:
    report = seen.engine
    names = {*seen.strategies, *pinned, *(report.shares if report is not None else ())}
    if report is not None and report.shares:
        return {name: _reported(report, name) for name in names}
    some = _begin_with_capital(settings, seen)
    equal = floor((ONE - settings.allocation.reserve) / max(1, len(some)))
    return {name: Share(equal, StrategyState.ACTIVE) if name in some else _NOTHING for name in names}


def _begin_with_capital(settings: RotationSettings, seen: Observation) -> frozenset[str]:
    """Who has an equal share where no engine says what there is.

    An engine that has to follow and names nobody gets these shares: nobody whom the tier may not allow, or is not known.
    """
    if settings.mode == "advise" or seen.engine is None:
        return frozenset(seen.strategies)
    if not account_allows(settings, seen) or seen.limits is None:
        return frozenset()
    return frozenset(name for name, one in seen.strategies.items() if one.fresh and seen.limits.allows(name))


def _reported(report: EngineReport | None, name: str) -> Share:
    share = _NOTHING if report is None else report.shares.get(name, _NOTHING)
    return Share(floor(min(ONE, max(Decimal(0), share.weight))), share.state)


def _track(share: Share, clock: float) -> Track:
    paused = clock if share.state is StrategyState.PAUSED else None
    return Track(share=share, first_seen=clock, heard=clock, state_since=clock, paused=paused)


def _taken_over(name: str, track: Track, report: EngineReport, clock: float) -> Track:
    """With what the engine has instead; what is remembered of the strategy besides stays."""
    share = _reported(report, name)
    paused = clock if share.state is StrategyState.PAUSED else None
    return replace(track, share=share, state_since=clock, paused=paused, clear_since=None, probation_until=None)
