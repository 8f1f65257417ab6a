"""The hard rules of one strategy: which are active, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from genesis.core.models import StrategyState
from genesis.rotation.decision import ActiveRule, Reason, Track
from genesis.rotation.observation import StrategyReading
from genesis.settings.rotation import Rule

_FEWEST = 2
"""Fresh strategies needed to call a signal missing everywhere: with one strategy, the cause may be that strategy."""


def value_of(signal: str, reading: StrategyReading | None) -> float | None:
    """The signal's value; None unless the strategy's figures are fresh and the value is finite."""
    value = reading.signals.get(signal) if reading is not None and reading.fresh else None
    return value if value is not None and isfinite(value) else None


def missing(signals: Iterable[str], reading: StrategyReading | None) -> tuple[str, ...]:
    """Those of `signals` that are not known, sorted by name."""
    return tuple(sorted({signal for signal in signals if value_of(signal, reading) is None}))


def missing_everywhere(signals: Iterable[str], strategies: Mapping[str, StrategyReading]) -> frozenset[str]:
    """Those of `signals` that all fresh strategies lack, if two or more are fresh: the expression fails, not a strategy."""
    fresh = [reading for reading in strategies.values() if reading.fresh]
    if len(fresh) < _FEWEST:
        return frozenset()
    return frozenset(signal for signal in signals if all(value_of(signal, reading) is None for reading in fresh))


def active_rules(
    rules: Mapping[str, Rule], track: Track, reading: StrategyReading | None, clock: float, cooldown: float
) -> dict[str, ActiveRule]:
    """The rules of a strategy that are active now, by name; those that the cooldown has cleared are suspended.

    An unknown signal neither activates nor clears a rule.
    """
    found = {}
    for name, rule in sorted(rules.items()):
        value, before = value_of(rule.signal, reading), track.rules.get(name)
        active = before if value is None else _active_rule(rule, value, before, track, clock=clock, cooldown=cooldown)
        if active is not None:
            found[name] = active
    return found


def _active_rule(
    rule: Rule, value: float, before: ActiveRule | None, track: Track, *, clock: float, cooldown: float
) -> ActiveRule | None:
    if before is None:
        return ActiveRule(since=clock) if value >= rule.at_least else None
    if value < rule.release:
        return None
    if before.suspended and rule.clears == "signal":  # the rule was cleared by time before a reload
        return ActiveRule(since=before.since)
    if before.suspended:
        again = value >= rule.at_least and _after_probation(track, clock)
        return ActiveRule(since=clock) if again else before
    # Only a strategy that does not trade can have a signal that cannot recover.
    still = track.share.state is StrategyState.PAUSED and track.paused is not None
    if rule.clears == "time" and still and clock - max(before.since, track.paused or 0.0) >= cooldown:
        return ActiveRule(since=before.since, suspended=True)
    return before


def _after_probation(track: Track, clock: float) -> bool:
    """Whether it trades without restrictions again, so that the signal shows its current performance."""
    if track.share.state is StrategyState.PAUSED:
        return False
    return track.probation_until is None or clock >= track.probation_until


def reasons(
    rules: Mapping[str, Rule], active_by_name: Mapping[str, ActiveRule], reading: StrategyReading | None, action: str
) -> tuple[Reason, ...]:
    """Why the strategy is to be paused or reduced (`action`), with the figures."""
    return tuple(
        Reason(name, _text(rules[name], value_of(rules[name].signal, reading)))
        for name, active in sorted(active_by_name.items())
        if rules[name].action == action and not active.suspended
    )


def _text(rule: Rule, value: float | None) -> str:
    if value is None:
        return f"{rule.signal} is not known now; it has been {rule.at_least:g} or more"
    if value >= rule.at_least:
        return f"{rule.signal} {value:.4g} ≥ {rule.at_least:g}"
    return f"{rule.signal} {value:.4g}, not below {rule.release:g} yet"
