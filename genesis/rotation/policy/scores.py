"""Signals → scores from 0 to 1; more is better."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import isfinite

from genesis.rotation.observation import StrategyReading
from genesis.settings.rotation import ScoreTerm


def scores(terms: Sequence[ScoreTerm], strategies: Mapping[str, StrategyReading], among: Collection[str]) -> dict[str, float]:
    """Strategy → the weighted mean of its terms; only strategies that are fresh and have every signal.

    Ranks are taken among the strategies of `among`, those that trade: a missing signal of any other changes no rank.
    """
    columns = [_normalised(term, values_of(term.signal, strategies), among) for term in terms]
    total = sum(term.weight for term in terms)
    known = [name for name in sorted(strategies) if all(name in column for column in columns)]
    return {
        name: sum(term.weight * column[name] for term, column in zip(terms, columns, strict=True)) / total for name in known
    }


def values_of(signal: str, strategies: Mapping[str, StrategyReading]) -> dict[str, float]:
    """Strategy → the signal's value, where it is known and finite."""
    found = {name: reading.signals.get(signal) for name, reading in sorted(strategies.items()) if reading.fresh}
    return {name: value for name, value in found.items() if value is not None and isfinite(value)}


def _normalised(term: ScoreTerm, values: Mapping[str, float], among: Collection[str]) -> dict[str, float]:
    if term.normalisation == "rank":
        return _ranks(values, among, falling=term.best < term.worst)
    span = term.best - term.worst
    return {name: min(1.0, max(0.0, (value - term.worst) / span)) for name, value in values.items()}


def _ranks(values: Mapping[str, float], among: Collection[str], *, falling: bool) -> dict[str, float]:
    """The mid-rank among the values of `among`: 0 for the worst, 1 for the best, 0.5 for a single one."""
    sign = -1.0 if falling else 1.0
    signed = {name: sign * value for name, value in values.items()}
    others = [value for name, value in signed.items() if name in among]
    return {name: _rank(value, others if name in among else [*others, value]) for name, value in signed.items()}


def _rank(value: float, values: Sequence[float]) -> float:
    if len(values) == 1:
        return 0.5
    below, equal = sum(other < value for other in values), sum(other == value for other in values)
    return (below + (equal - 1) / 2) / (len(values) - 1)
