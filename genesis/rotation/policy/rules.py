"""The hard rules of one strategy: which hold, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from genesis.core.models import StrategyState
from genesis.rotation.decision import ActiveRule, Reason, Track
from genesis.rotation.observation import Seen
from genesis.settings.rotation import Rule

_OTHERS = 2
"""Of how many strategies one has to have a figure: that a single one lacks it tells nothing of the expression."""


def value_of(signal: str, seen: Seen | None) -> float | None:
    """The signal, if the strategy is fresh and it is known and finite."""
    value = seen.signals.get(signal) if seen is not None and seen.fresh else None
    return value if value is not None and isfinite(value) else None


def missing(signals: Iterable[str], seen: Seen | None) -> tuple[str, ...]:
    """Those of `signals` that are not known, in the order of their names."""
    return tuple(sorted({signal for signal in signals if value_of(signal, seen) is None}))


def of_nobody(signals: Iterable[str], strategies: Mapping[str, Seen]) -> frozenset[str]:
    """Those of `signals` that no strategy has, of two or more that are fresh: the expression lacks them, not a strategy."""
    fresh = [seen for seen in strategies.values() if seen.fresh]
    if len(fresh) < _OTHERS:
        return frozenset()
    return frozenset(signal for signal in signals if all(value_of(signal, seen) is None for seen in fresh))


def holdings(
    rules: Mapping[str, Rule], track: Track, seen: Seen | None, clock: float, cooldown: float
) -> dict[str, ActiveRule]:
    """The rules that hold of a strategy now, by name; those that time has cleared are suspended.

    A signal that is not known begins nothing and ends nothing.
    """
    found = {}
    for name, rule in sorted(rules.items()):
        value, before = value_of(rule.signal, seen), track.rules.get(name)
        holding = before if value is None else _holding(rule, value, before, track, clock=clock, cooldown=cooldown)
        if holding is not None:
            found[name] = holding
    return found


def _holding(
    rule: Rule, value: float, before: ActiveRule | None, track: Track, *, clock: float, cooldown: float
) -> ActiveRule | None:
    if before is None:
        return ActiveRule(since=clock) if value >= rule.at_least else None
    if value < rule.release:
        return None
    if before.suspended and rule.clears == "signal":  # it was one that time clears until the configuration was read again
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
    """Whether it trades like any other again, so that what the signal says now is its own doing."""
    if track.share.state is StrategyState.PAUSED:
        return False
    return track.probation_until is None or clock >= track.probation_until


def reasons(rules: Mapping[str, Rule], held: Mapping[str, ActiveRule], seen: Seen | None, action: str) -> tuple[Reason, ...]:
    """Why the strategy is to be paused, or reduced, with the figures."""
    return tuple(
        Reason(name, _text(rules[name], value_of(rules[name].signal, seen)))
        for name, holding in sorted(held.items())
        if rules[name].action == action and not holding.suspended
    )


def _text(rule: Rule, value: float | None) -> str:
    if value is None:
        return f"{rule.signal} is not known now; it has been {rule.at_least:g} or more"
    if value >= rule.at_least:
        return f"{rule.signal} {value:.4g} ≥ {rule.at_least:g}"
    return f"{rule.signal} {value:.4g}, not below {rule.release:g} yet"
