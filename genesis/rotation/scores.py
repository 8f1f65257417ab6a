"""Signals → scores: from 0 to 1, more is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from genesis.core.rotation_config import ScoreTerm
from genesis.rotation.observation import Seen


def scores(terms: Sequence[ScoreTerm], strategies: Mapping[str, Seen]) -> dict[str, float]:
    """Strategy → the mean of its terms by their weights; only of those that are fresh and have every signal."""
    columns = [_normalised(term, values_of(term.signal, strategies)) for term in terms]
    total = sum(term.weight for term in terms)
    known = [name for name in sorted(strategies) if all(name in column for column in columns)]
    return {
        name: sum(term.weight * column[name] for term, column in zip(terms, columns, strict=True)) / total for name in known
    }


def values_of(signal: str, strategies: Mapping[str, Seen]) -> dict[str, float]:
    """Strategy → the signal, where it is known and finite."""
    found = {name: seen.signals.get(signal) for name, seen in sorted(strategies.items()) if seen.fresh}
    return {name: value for name, value in found.items() if value is not None and isfinite(value)}


def _normalised(term: ScoreTerm, values: Mapping[str, float]) -> dict[str, float]:
    if term.normalisation == "rank":
        return _ranks(values, falling=term.best < term.worst)
    span = term.best - term.worst
    return {name: min(1.0, max(0.0, (value - term.worst) / span)) for name, value in values.items()}


def _ranks(values: Mapping[str, float], *, falling: bool) -> dict[str, float]:
    """The mid-rank among the values, 0 for the worst and 1 for the best; one alone is in the middle."""
    if len(values) == 1:
        return dict.fromkeys(values, 0.5)
    sign = -1.0 if falling else 1.0
    signed = {name: sign * value for name, value in values.items()}
    ordered = sorted(signed.values())
    first = {value: ordered.index(value) for value in signed.values()}
    count = {value: ordered.count(value) for value in signed.values()}
    return {name: (first[value] + (count[value] - 1) / 2) / (len(ordered) - 1) for name, value in signed.items()}
