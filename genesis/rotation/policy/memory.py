"""The state at the start of a decision: the clock that counts, and what each strategy has, taken over from the history."""

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

LONGEST_GAP = 3
"""The most that the clock advances between two decisions, in intervals."""
DAY_SECONDS = 86_400.0
FORGET_SECONDS = 7 * DAY_SECONDS
"""A strategy without capital is forgotten after this time, not at once: one incomplete answer must not erase its cooldown."""

_NOTHING = Share(ZERO, StrategyState.ACTIVE)


class StartingPoint(NamedTuple):
    """The state at the start of a decision."""

    clock: float
    elapsed: float
    """Seconds of `clock` since the previous decision."""
    mode: Literal["advise", "enforce"]
    """The mode of the settings; the previous one (advise at first) while enforce waits for the engine's report."""
    tracks: dict[str, Track]
    taken_over: frozenset[str]
    """The strategies whose share was just taken over from the engine, or is their initial share."""
    turnover: tuple[Turnover, ...]
    """That of the last 24 hours."""
    clock_went_back: bool
    unseeded: bool
    """Whether the engine's weights have to be taken over, and are not known."""


def begin(
    settings: RotationSettings, observation: Observation, history: History | None, pinned: Iterable[str]
) -> StartingPoint:
    """Continue from the history, or start without one."""
    report = observation.engine
    if history is None:
        tracks = {name: _track(share, 0.0) for name, share in _initial_shares(settings, observation, pinned).items()}
        unseeded = _unseeded(settings, report)
        mode = "advise" if unseeded else settings.mode
        return StartingPoint(0.0, 0.0, mode, tracks, frozenset(tracks), (), clock_went_back=False, unseeded=unseeded)
    elapsed = _elapsed(settings, history.time, observation.time)
    clock = history.clock + elapsed
    changed = history.mode != settings.mode
    unseeded = changed and _unseeded(settings, report)
    tracks = dict(history.tracks)
    if changed and report is not None:
        tracks = {name: _taken_over(name, track, report, clock) for name, track in tracks.items()}
    known = {*observation.strategies, *(report.shares if report is not None else ()), *pinned}
    for name in known - tracks.keys():
        tracks[name] = _track(_reported(report, name), clock)
    heard = {name: replace(track, heard=clock) if name in known else track for name, track in tracks.items()}
    kept = {name: track for name, track in heard.items() if track.share.weight > ZERO or clock - track.heard < FORGET_SECONDS}
    turnover = tuple(moved for moved in history.turnover if clock - moved.at < DAY_SECONDS)
    mode = history.mode if unseeded else settings.mode
    taken_over = frozenset(kept if changed and report is not None else kept.keys() - history.tracks.keys())
    return StartingPoint(
        clock, elapsed, mode, kept, taken_over, turnover, clock_went_back=observation.time < history.time, unseeded=unseeded
    )


def _elapsed(settings: RotationSettings, before: datetime, now: datetime) -> float:
    """Seconds from 0 to `LONGEST_GAP` intervals: a clock that jumps, or an outage, lets nothing expire."""
    longest = LONGEST_GAP * settings.interval.total_seconds()
    return min(longest, max(0.0, (now - before).total_seconds()))


def _unseeded(settings: RotationSettings, report: EngineReport | None) -> bool:
    return settings.mode == "enforce" and report is None


def _initial_shares(settings: RotationSettings, observation: Observation, pinned: Iterable[str]) -> dict[str, Share]:
    report = observation.engine
    names = {*observation.strategies, *pinned, *(report.shares if report is not None else ())}
    if report is not None and report.shares:
        return {name: _reported(report, name) for name in names}
    with_capital = _begin_with_capital(settings, observation)
    equal = floor((ONE - settings.allocation.reserve) / max(1, len(with_capital)))
    return {name: Share(equal, StrategyState.ACTIVE) if name in with_capital else _NOTHING for name in names}


def _begin_with_capital(settings: RotationSettings, observation: Observation) -> frozenset[str]:
    """The strategies that get an equal share when no engine reports shares.

    An engine that follows but reports no strategy gets these shares. So only fresh strategies that the tier allows are
    included, and none while the account's limits are unknown.
    """
    if settings.mode == "advise" or observation.engine is None:
        return frozenset(observation.strategies)
    if not account_allows(settings, observation) or observation.limits is None:
        return frozenset()
    return frozenset(
        name for name, reading in observation.strategies.items() if reading.fresh and observation.limits.allows(name)
    )


def _reported(report: EngineReport | None, name: str) -> Share:
    share = _NOTHING if report is None else report.shares.get(name, _NOTHING)
    return Share(floor(min(ONE, max(Decimal(0), share.weight))), share.state)


def _track(share: Share, clock: float) -> Track:
    paused = clock if share.state is StrategyState.PAUSED else None
    return Track(share=share, first_seen=clock, heard=clock, state_since=clock, paused=paused)


def _taken_over(name: str, track: Track, report: EngineReport, clock: float) -> Track:
    """Replace the share by the engine's; the rest of the strategy's memory stays."""
    share = _reported(report, name)
    paused = clock if share.state is StrategyState.PAUSED else None
    return replace(track, share=share, state_since=clock, paused=paused, clear_since=None, probation_until=None)
