"""Target weights from scores, and how far one decision moves towards them. Exact decimals in multiples of 0.0001."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import NamedTuple

from genesis.rotation.observation import Pair

QUANTUM = Decimal("0.0001")
ZERO = Decimal(0)
ONE = Decimal(1)
_LEAST = 0.01
"""The smallest merit: a score of 0, or the full penalty, still leaves a small share."""
_HALVINGS = 200
_NOISE = 1e-9


class Bounds(NamedTuple):
    """The lowest and the highest weight of a strategy."""

    least: Decimal
    most: Decimal


def floor(value: Decimal | float) -> Decimal:
    """Rounded down to a multiple of `QUANTUM`."""
    return Decimal(value).quantize(QUANTUM, ROUND_DOWN)


def merits(scores: Mapping[str, float], pairs: Iterable[Pair], penalty: float, *, unknown: float = 1.0) -> dict[str, float]:
    """What the weights are proportional to: the score, reduced by `penalty` × the mean correlation with the other strategies.

    A pair without a correlation counts as `unknown`; 1 means that the two move together, the worst case.
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
    """Weights in proportion to the merits, each within its bounds; their sum is `budget` where the bounds allow it.

    The lower bounds together must not exceed `budget`.
    """
    names = sorted(merit)
    total = float(min(budget, sum((bounds[name].most for name in names), ZERO)))
    low, high = 0.0, 1.0 / max(min(merit.values(), default=1.0), 1e-9) + 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if middle in (low, high):  # floats have no value between the two
            break
        low, high = (middle, high) if sum(_clamped(middle, merit, bounds).values()) < total else (low, middle)
    # A float just below a multiple of QUANTUM counts as that multiple; all excesses together are below one QUANTUM.
    rounded = {name: floor(weight + _NOISE) for name, weight in _clamped(low, merit, bounds).items()}
    return {name: min(bounds[name].most, max(bounds[name].least, weight)) for name, weight in rounded.items()}


def _clamped(level: float, merit: Mapping[str, float], bounds: Mapping[str, Bounds]) -> dict[str, float]:
    return {
        name: min(float(bounds[name].most), max(float(bounds[name].least), level * value))
        for name, value in sorted(merit.items())
    }


def scaled(wanted: Mapping[str, Decimal], most: Decimal, least: Decimal = ZERO) -> dict[str, Decimal]:
    """The wanted changes; if their sum exceeds `most`, all are scaled down in proportion.

    Where a scaled change would be below both `least` and the change itself, the smallest change is dropped, and the others
    share its part.
    """
    left = dict(sorted(wanted.items()))
    while left:
        total = sum(left.values(), ZERO)
        parts = left if total <= most else {name: floor(change * most / total) for name, change in left.items()}
        if all(part >= min(least, left[name]) for name, part in parts.items()):
            return parts
        del left[min(left, key=lambda name: (left[name], name))]
    return {}
