"""Weights in steps of a hundredth of a per cent: what scores amount to, and how far one step goes there. Exact decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from genesis.rotation.observation import Pair

QUANTUM = Decimal("0.0001")
ZERO = Decimal(0)
ONE = Decimal(1)
_LEAST = 0.01
"""So that a score of 0, or a penalty of all, still leaves a share to be told from no share."""
_HALVINGS = 200
_NOISE = 1e-9


class Bounds(NamedTuple):
    """The least and the most that a strategy may have."""

    least: Decimal
    most: Decimal


def floor(value: Decimal | float) -> Decimal:
    """Rounded down to a whole number of steps."""
    return Decimal(value).quantize(QUANTUM, ROUND_DOWN)


def merits(scores: Mapping[str, float], pairs: Iterable[Pair], penalty: float, *, unknown: float = 1.0) -> dict[str, float]:
    """What the weights are to be proportional to: the score, less what the strategy runs with the others.

    A pair without a correlation counts `unknown`; 1 is a pair that runs together: what is not known earns it nothing.
    """
    known = {frozenset((pair.one, pair.other)): pair.correlation for pair in pairs}
    left = {name: max(1.0 - penalty * _together(name, scores, known, unknown), _LEAST) for name in scores}
    return {name: max(score, _LEAST) * left[name] for name, score in scores.items()}


def _together(name: str, names: Iterable[str], known: Mapping[frozenset[str], float], unknown: float) -> float:
    others = [other for other in sorted(names) if other != name]
    if not others:
        return 0.0
    mean = sum(known.get(frozenset((name, other)), unknown) for other in others) / len(others)
    return min(1.0, max(0.0, mean))


def filled(merit: Mapping[str, float], bounds: Mapping[str, Bounds], budget: Decimal) -> dict[str, Decimal]:
    """Weights in proportion to the merits, each within its bounds, that come to `budget` together where the bounds allow.

    The least of all bounds together must not be above `budget`.
    """
    names = sorted(merit)
    total = float(min(budget, sum((bounds[name].most for name in names), ZERO)))
    low, high = 0.0, 1.0 / max(min(merit.values(), default=1.0), 1e-9) + 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):  # nothing lies between them any more
            break
        low, high = (middle, high) if sum(_clamped(middle, merit, bounds).values()) < total else (low, middle)
    # A float just below a whole step is that step; all of them together are less than one step too much.
    steps = {name: floor(weight + _NOISE) for name, weight in _clamped(low, merit, bounds).items()}
    return {name: min(bounds[name].most, max(bounds[name].least, weight)) for name, weight in steps.items()}


def _clamped(level: float, merit: Mapping[str, float], bounds: Mapping[str, Bounds]) -> dict[str, float]:
    return {
        name: min(float(bounds[name].most), max(float(bounds[name].least), level * value))
        for name, value in sorted(merit.items())
    }


def scaled(wishes: Mapping[str, Decimal], most: Decimal, least: Decimal = ZERO) -> dict[str, Decimal]:
    """The wishes, or where they are more than `most` together, the same part of each.

    Where a part would be less than `least`, and less than the wish, the smallest wish waits, and the others have its part.
    """
    left = dict(sorted(wishes.items()))
    while left:
        total = sum(left.values(), ZERO)
        parts = left if total <= most else {name: floor(wish * most / total) for name, wish in left.items()}
        if all(part >= min(least, left[name]) for name, part in parts.items()):
            return parts
        del left[min(left, key=lambda name: (left[name], name))]
    return {}
