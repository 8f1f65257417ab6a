"""The correlation figures of a sliding window, kept up to date row by row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from genesis.analytics.correlation import (
    INSUFFICIENT_OVERLAP,
    LEDOIT_WOLF,
    PEARSON,
    WARMING_UP,
    ZERO_VARIANCE,
    Complete,
    CorrelationFigures,
    CorrelationPair,
    Flags,
    Floats,
    Indices,
    Shrunk,
    Spread,
    complete_part,
    diversification_ratio,
    ledoit_wolf,
    shrink,
    shrunk_correlation,
    spread,
)
from genesis.analytics.product_sums import Block, ProductSums
from genesis.settings.statistics import CorrelationSettings

TOO_FEW_STRATEGIES, NO_WEIGHT = "too_few_strategies", "no_weight"


class CorrelationWindow:
    """Correlations between strategies over the rows of a sliding window, (t, n) returns on the grid, NaN where undefined.

    Not thread-safe. The rows themselves stay with their owner, who passes them to `figures`.
    """

    def __init__(self, settings: CorrelationSettings) -> None:
        self._settings = settings
        self._sums = ProductSums(settings.min_overlap)
        self._unweighted: _Unweighted | None = None

    def update(self, entering: Floats, leaving: Floats | None = None) -> None:
        """Add a row, and drop one.

        Args:
            entering: (n,) returns of one grid point, NaN where undefined. Longer than the rows before: strategies are new.
            leaving: a row that was added before; it may be shorter. None while the window fills.
        """
        self._sums.update(entering, leaving)
        self._unweighted = None

    def rebuild(self, rows: Floats) -> None:
        """Start again with the rows in the window, (t, n), in any order: after a restart."""
        self._sums.rebuild(rows)
        self._unweighted = None

    @property
    def nbytes(self) -> int:
        """Memory of the sums, in bytes; without the rows, which the owner holds."""
        return self._sums.nbytes

    def blocks(self, rows: Floats) -> Iterator[Block]:
        """Pearson's correlations on and above the diagonal, a block of rows at a time; NaN where undefined."""
        return self._sums.correlations(rows)

    def matrix(self, rows: Floats) -> Floats:
        """(n, n) as `genesis.analytics.correlation.pearson` gives it, except that the whole diagonal is 1."""
        found = np.eye(self._sums.gaps.size)
        for start, values in self.blocks(rows):
            found[start : start + len(values), start:] = values
        found = np.clip(np.triu(found, 1), -1.0, 1.0)
        found += found.T
        np.fill_diagonal(found, 1.0)
        return found

    def figures(self, names: Sequence[str], weights: Floats, rows: Floats) -> CorrelationFigures:
        """The figures of the window. All except the diversification ratio are computed once after each `update`.

        Args:
            names: of the strategies, by place; at least one for each.
            weights: (n,) each strategy's share of the equity; one that is not above 0 has no weight.
            rows: the window's rows, (t, n), in any order.

        Raises:
            ValueError: the table is not the window's.
        """
        unweighted = self._unweighted
        if unweighted is None:
            unweighted = self._unweighted = _unweighted_figures(self._sums, rows, self._settings)
        undefined = dict(unweighted.undefined)
        ratio = None
        if unweighted.part is not None:
            shares = weights[unweighted.part.columns]
            ratio = diversification_ratio(unweighted.part.of(rows), unweighted.deviations, shares)
            if ratio is None:
                undefined["diversification_ratio"] = ZERO_VARIANCE if bool((shares > 0).any()) else NO_WEIGHT
        return CorrelationFigures(
            pairs=_named_pairs(unweighted, names),
            omitted_pairs=unweighted.defined - len(unweighted.strongest.values),
            undefined_pairs=unweighted.undefined_pairs,
            mean_correlation=unweighted.mean,
            diversification_ratio=ratio,
            shrinkage=None if unweighted.shrunk is None else unweighted.shrunk.shrinkage,
            undefined=undefined,
            undefined_strategies={names[place]: reason for place, reason in unweighted.unpaired.items()},
        )


class _Pairs(NamedTuple):
    """Pairs of places with the correlation of each."""

    first: Indices
    second: Indices
    values: Floats

    def strongest(self, limit: int) -> _Pairs:
        if len(self.values) <= limit:
            return self
        kept = np.argpartition(np.abs(self.values), -limit)[-limit:]
        return _Pairs(self.first[kept], self.second[kept], self.values[kept])

    def and_those(self, others: _Pairs) -> _Pairs:
        return _Pairs(*(np.concatenate(both) for both in zip(self, others, strict=True)))

    def in_order(self) -> _Pairs:
        order = np.lexsort((self.second, self.first))
        return _Pairs(self.first[order], self.second[order], np.clip(self.values[order], -1.0, 1.0))


class _Unweighted(NamedTuple):
    """Everything that does not depend on the weights."""

    strongest: _Pairs
    shrunk_values: Floats
    """Of the strongest pairs, by Ledoit-Wolf; NaN where one of the two is not among the complete ones."""
    defined: int
    undefined_pairs: dict[str, int]
    mean: float | None
    shrunk: Shrunk | None
    part: Complete | None
    deviations: Floats
    """Of the complete ones."""
    undefined: dict[str, str]
    unpaired: dict[int, str]


class _Tally:
    """Takes the blocks of correlations in, one after the other."""

    def __init__(self, size: int, limit: int) -> None:
        self.partners = np.zeros(size, dtype=np.intp)
        self.sum, self.squares = 0.0, 0.0
        self._limit = limit
        nothing = np.zeros(0, dtype=np.intp)
        self.strongest = _Pairs(nothing, nothing, np.zeros(0))

    @property
    def defined(self) -> int:
        """How many pairs have a correlation."""
        return int(self.partners.sum()) // 2

    def add(self, block: Block, deviations: Floats) -> None:
        """`deviations`: (n,) of all strategies, for `squares`: the sum of the squared covariances above the diagonal."""
        start, values = block
        end = start + len(values)
        values[np.tril_indices(len(values))] = np.nan
        defined = ~np.isnan(values)
        self.partners[start:end] += defined.sum(axis=1)
        self.partners[start:] += defined.sum(axis=0)
        known = np.where(defined, values, 0.0)
        self.sum += float(known.sum())
        covariances = known * deviations[start:]
        self.squares += float(np.einsum("ij,ij->i", covariances, covariances) @ deviations[start:end] ** 2)
        self._keep_strongest(start, known, defined)

    def _keep_strongest(self, start: int, known: Floats, defined: Flags) -> None:
        least = float(np.abs(self.strongest.values).min(initial=np.inf)) if len(self.strongest.values) == self._limit else -1.0
        first, second = np.nonzero(defined & (np.abs(known) > least))
        found = _Pairs(first + start, second + start, known[first, second])
        self.strongest = self.strongest.and_those(found.strongest(self._limit)).strongest(self._limit)


def _unweighted_figures(sums: ProductSums, rows: Floats, settings: CorrelationSettings) -> _Unweighted:
    size = sums.gaps.size
    everything = size * (size - 1) // 2
    tally = _Tally(size, everything if size <= settings.all_pairs_up_to else settings.strongest_pairs)
    part = _complete(sums, rows)
    returns = part.of(rows) if part is not None else np.zeros((1, 0))
    found = spread(returns)
    deviations = np.zeros(size)
    if part is not None:
        deviations[part.columns] = found.deviations
    for block in sums.correlations(rows):
        tally.add(block, deviations)
    strongest, shrunk = tally.strongest.in_order(), None
    if part is not None and sums.gaps.is_complete and (moving := int((tally.partners > 0).sum())):
        shrunk = shrink(2.0 * tally.squares + float((found.deviations**4).sum()), found.norms, moving)
    elif part is not None and not sums.gaps.is_complete and len(part.columns) > 1:
        shrunk = ledoit_wolf(returns)
    else:
        part = None
    return _Unweighted(
        strongest=strongest,
        shrunk_values=_shrunk_values(strongest, returns, found, part, shrunk),
        defined=tally.defined,
        undefined_pairs=_undefined_pairs(everything - tally.defined, sums.gaps.short_pairs(sums.min_overlap)),
        mean=tally.sum / tally.defined if tally.defined else None,
        shrunk=shrunk,
        part=part,
        deviations=found.deviations,
        undefined=_undefined(sums, tally, part),
        unpaired=_unpaired(sums, tally, rows),
    )


def _complete(sums: ProductSums, rows: Floats) -> Complete | None:
    """The part without holes; where there are none at all, strategies that are constant are still in it."""
    if not sums.gaps.is_complete:
        return complete_part(rows, sums.min_overlap) if sums.gaps.size else None
    if sums.gaps.rows < sums.min_overlap:
        return None
    return Complete(np.arange(sums.gaps.size), np.ones(sums.gaps.rows, dtype=np.bool_))


def _shrunk_values(pairs: _Pairs, returns: Floats, found: Spread, part: Complete | None, shrunk: Shrunk | None) -> Floats:
    """Ledoit-Wolf's correlation of each pair; NaN where one of the two is not in the part without holes."""
    values = np.full(len(pairs.values), np.nan)
    if part is None or shrunk is None:
        return values
    place = np.full(max(int(part.columns.max()), int(pairs.second.max(initial=0))) + 1, -1)
    place[part.columns] = np.arange(len(part.columns))
    first, second = place[pairs.first], place[pairs.second]
    inside = (first >= 0) & (second >= 0)
    mine, theirs = first[inside], second[inside]
    deviations = found.deviations[mine], found.deviations[theirs]
    if len(part.columns) == len(place) and bool(part.rows.all()):
        covariance = pairs.values[inside] * deviations[0] * deviations[1]
    else:
        centred = returns[:, mine] - found.means[mine], returns[:, theirs] - found.means[theirs]
        covariance = np.einsum("ij,ij->j", *centred) / len(returns)
    values[inside] = shrunk_correlation(covariance, deviations[0] ** 2, deviations[1] ** 2, shrunk)
    return values


def _undefined_pairs(undefined: int, short: int) -> dict[str, int]:
    found = {INSUFFICIENT_OVERLAP: short, ZERO_VARIANCE: undefined - short}
    return {reason: count for reason, count in found.items() if count}


def _undefined(sums: ProductSums, tally: _Tally, part: Complete | None) -> dict[str, str]:
    """Figure of the portfolio → reason."""
    of_the_whole = ("diversification_ratio", "correlation_shrinkage_ratio")
    if sums.gaps.size < 2:  # noqa: PLR2004 - a pair
        return dict.fromkeys(("mean_correlation", *of_the_whole), TOO_FEW_STRATEGIES)
    reason = WARMING_UP if sums.gaps.short_pairs(sums.min_overlap) else ZERO_VARIANCE
    found = {} if tally.defined else {"mean_correlation": reason}
    if part is None:
        found |= dict.fromkeys(of_the_whole, INSUFFICIENT_OVERLAP if tally.defined else reason)
    return found


def _unpaired(sums: ProductSums, tally: _Tally, rows: Floats) -> dict[int, str]:
    """Place of each strategy that has no correlation with any other → reason."""
    if sums.gaps.size < 2:  # noqa: PLR2004 - a pair
        return dict.fromkeys(range(sums.gaps.size), TOO_FEW_STRATEGIES)
    return {place: _reason(rows[:, place], sums.min_overlap) for place in np.flatnonzero(tally.partners == 0).tolist()}


def _reason(returns: Floats, min_overlap: int) -> str:
    known = returns[np.isfinite(returns)]
    if len(known) < min_overlap:
        return WARMING_UP
    return ZERO_VARIANCE if known.min() == known.max() else INSUFFICIENT_OVERLAP


def _named_pairs(unweighted: _Unweighted, names: Sequence[str]) -> tuple[CorrelationPair, ...]:
    found = []
    for first, second, value, shrunk in zip(*unweighted.strongest, unweighted.shrunk_values, strict=True):
        found.append(CorrelationPair(names[first], names[second], PEARSON, float(value)))
        if shrunk == shrunk:  # noqa: PLR0124 - not NaN
            found.append(CorrelationPair(names[first], names[second], LEDOIT_WOLF, float(shrunk)))
    return tuple(found)
