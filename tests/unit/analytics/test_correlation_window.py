"""Correlations that are kept up to date are those worked out anew, whatever comes and goes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from genesis.analytics.correlation import (
    pearson,
)
from genesis.analytics.correlation_window import CorrelationWindow
from genesis.core.statistics_config import CorrelationSettings

Floats = NDArray[np.float64]
SETTINGS = CorrelationSettings(min_overlap=10)


class Walk:
    """A window over a table whose rows may get longer, and the rows that are in it."""

    def __init__(self, points: int, settings: CorrelationSettings = SETTINGS) -> None:
        self.points = points
        self.settings = settings
        self.window = CorrelationWindow(settings)
        self.rows: list[Floats] = []

    def step(self, row: Floats) -> None:
        leaving = self.rows.pop(0) if len(self.rows) == self.points else None
        self.rows.append(row)
        self.window.update(row, leaving)

    def restart(self) -> None:
        self.window = CorrelationWindow(self.settings)
        self.window.rebuild(self.table)

    @property
    def table(self) -> Floats:
        table = np.full((len(self.rows), len(self.rows[-1])), np.nan)
        for place, row in enumerate(self.rows):
            table[place, : len(row)] = row
        return table

    def worst(self) -> float:
        """The largest difference from the batch; infinite if one is defined where the other is not."""
        kept, anew = self.window.matrix(self.table), pearson(self.table, self.settings.min_overlap)
        above = np.triu_indices(len(kept), 1)
        if (np.isnan(kept[above]) != np.isnan(anew[above])).any():
            return float("inf")
        return float(np.nanmax(np.abs(kept[above] - anew[above]), initial=0.0))


def returns(rng: np.random.Generator, strategies: int) -> Floats:
    """Heavy tails, a common factor, and very different sizes."""
    common = rng.standard_t(3)
    made: Floats = (0.6 * common + rng.standard_t(3, strategies)) * np.geomspace(1e-6, 1e-2, strategies)
    return made


def test_each_step_of_a_walk_with_gaps_newcomers_pauses_and_restarts_equals_the_batch() -> None:
    rng = np.random.default_rng(7)
    walk, strategies, worst = Walk(40), 3, 0.0
    for step in range(1500):
        if step % 150 == 60 and strategies < 9:
            strategies += 1 + step // 150 % 2
        row = returns(rng, strategies)
        if step // 100 % 2:
            row[rng.random(strategies) < 0.1] = np.nan
        if step // 70 % 3 == 1:
            row[1] = 0.0  # paused
        if step // 90 % 4 == 2:
            row[2] = 2.5e-7  # earns a fixed rate
        if step // 200 % 2:
            row[0] = np.nan  # out of the market
        walk.step(row)
        if step % 333 == 332:
            walk.restart()
        worst = max(worst, walk.worst())
    assert worst < 1e-9


def test_a_shock_that_leaves_the_window_leaves_no_rounding_behind() -> None:
    rng = np.random.default_rng(3)
    walk, worst = Walk(100), 0.0
    for step in range(1000):
        row = rng.standard_normal(5) * 1e-5
        if step % 170 == 50:
            row[rng.integers(5, size=3)] = rng.choice([-0.5, 0.5, 40.0])
        walk.step(row)
        worst = max(worst, walk.worst())
    assert worst < 1e-9
