"""Correlations of many strategies after one new grid point: the window against pandas `.corr()` and numpy `corrcoef`.

All sides have the same window, in one process and in turn; only the ratio of one round's times says anything on a machine whose
clock moves. Pandas and numpy work the matrix out anew; the window adds and drops a row and normalises, pair by pair the same.
"""

from __future__ import annotations

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before anything that may import numpy

import platform
import resource
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from genesis.analytics.correlation_window import CorrelationWindow
from genesis.settings.statistics import CorrelationSettings

Floats = NDArray[np.float64]
ROUNDS = 5
POINTS = 20
"""Grid points of the window's side in each round."""


class Side:
    """The window, and the table of the rows in it."""

    def __init__(self, strategies: int, points: int, *, gaps: bool) -> None:
        self.rng = np.random.default_rng(1)
        self.rows = self.returns(points, strategies)
        if gaps:  # strategies that came one after the other
            for place in range(0, strategies, 10):
                self.rows[: 7 * place % (points // 2), place : place + 10] = np.nan
        self.names = [f"strategy-{place}" for place in range(strategies)]
        self.weights = np.full(strategies, 1 / strategies)
        self.window = CorrelationWindow(CorrelationSettings())
        self.window.rebuild(self.rows)
        self._next = 0

    def returns(self, points: int, strategies: int) -> Floats:
        """Heavy tails and a common factor."""
        common = self.rng.standard_t(4, (points, 1))
        made: Floats = 1e-4 * (0.5 * common + self.rng.standard_t(4, (points, strategies)))
        return made

    def advance(self) -> None:
        """One grid point: a row in, and the oldest out."""
        leaving = self.rows[self._next].copy()
        self.rows[self._next] = self.returns(1, self.rows.shape[1])[0]
        self.window.update(self.rows[self._next], leaving)
        self._next = (self._next + 1) % len(self.rows)

    def step_and_normalise(self) -> None:
        self.advance()
        for _ in self.window.blocks(self.rows):
            pass

    def step_and_tell(self) -> None:
        self.advance()
        self.window.figures(self.names, self.weights, self.rows)


def timed(work: Callable[[], object], repeats: int = 1) -> float:
    """Milliseconds a call."""
    started = time.perf_counter()
    for _ in range(repeats):
        work()
    return (time.perf_counter() - started) / repeats * 1e3


def compare(strategies: int, points: int, *, gaps: bool = False, rounds: int = ROUNDS) -> None:
    """Print each side's time after one new point, and the ratios of each round."""
    side = Side(strategies, points, gaps=gaps)
    side.step_and_normalise()
    times: dict[str, list[float]] = {"update + normalise": [], "update + all figures": [], "numpy": [], "pandas": []}
    for _ in range(rounds):
        times["update + normalise"].append(timed(side.step_and_normalise, POINTS))
        times["update + all figures"].append(timed(side.step_and_tell, POINTS))
        times["numpy"].append(timed(lambda: np.corrcoef(side.rows, rowvar=False)))
        times["pandas"].append(timed(lambda: pd.DataFrame(side.rows).corr(min_periods=30)))
    check(side)
    print(f"{strategies} strategies × {points} points{', with gaps' if gaps else ''}:")
    for name, values in times.items():
        print(f"  {name:<22}{statistics.median(values):10.3f} ms", end="")
        ratios = [theirs / ours for ours, theirs in zip(values, times["pandas"], strict=True)]
        print(f"   pandas takes {statistics.median(ratios):8.0f} times that ({min(ratios):.0f} to {max(ratios):.0f})")


def check(side: Side) -> None:
    """A fast wrong answer is worth nothing: both sides must know the same."""
    theirs = pd.DataFrame(side.rows).corr(min_periods=30).to_numpy()
    worst = np.nanmax(np.abs(side.window.matrix(side.rows) - theirs))
    assert worst < 1e-9, worst


def memory() -> None:
    """Resident memory of the window at 1,000 strategies, without gaps and with a hundred patterns of them; rows aside."""
    for gaps in (False, True):
        side = Side(1000, 1440, gaps=gaps)
        side.step_and_tell()
        held = side.window.nbytes / 2**20
        print(f"1000 strategies{', with gaps' if gaps else ''}: the window holds {held:.1f} MiB beside its rows")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(f"the benchmark's own peak, pandas included: {peak:.0f} MiB")


def main() -> None:
    print(f"correlations · Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores")
    compare(100, 1440)
    compare(500, 1440)
    compare(500, 10_000, rounds=3)
    compare(500, 1440, gaps=True)
    memory()


if __name__ == "__main__":
    main()
