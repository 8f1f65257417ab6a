"""Returns to try the figures on: those of a recorded account, and random ones of every awkward kind."""

import csv
import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FOLDER = os.environ.get("GENESIS_TEST_DATA")
recorded = pytest.mark.skipif(not FOLDER, reason="GENESIS_TEST_DATA does not name a folder of recorded market data")


def _column(name: str) -> dict[str, float]:
    with gzip.open(Path(str(FOLDER)) / name, "rt", encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return {date: float(value) for date, value in rows}


def account_and_index() -> tuple[Floats, Floats]:
    """Daily returns of a recorded account, and of the S&P 500 on the same days."""
    account, index = _column("pyfolio_returns.csv.gz"), _column("skfolio_sp500_index.csv.gz")
    dates = list(index)
    before = dict(zip(dates[1:], dates, strict=False))
    benchmark = [index[date] / index[before[date]] - 1 for date in account]
    return np.array(list(account.values())), np.array(benchmark)


def random_series() -> dict[str, Floats]:
    """By what is odd about it."""
    rng = np.random.default_rng(20260107)
    gaps = rng.normal(0, 1e-3, 400)
    gaps[rng.random(400) < 0.2] = np.nan
    return {
        "normal": rng.normal(2e-4, 1e-2, 1000),
        "heavy tails": rng.standard_t(2, 800) * 1e-3,
        "a jump among crumbs": np.concatenate((rng.normal(0, 1e-5, 200), [-0.5], rng.normal(0, 1e-5, 200))),
        "ties": rng.integers(-2, 3, 500) * 1e-3,
        "mostly flat": np.where(rng.random(600) < 0.9, 0.0, rng.normal(0, 1e-3, 600)),
        "gaps": gaps,
        "skewed": rng.exponential(1e-3, 700) - 9e-4,
        "only gains": rng.uniform(1e-4, 1e-3, 50),
        "only losses": -rng.uniform(1e-4, 1e-3, 50),
        "two": np.array([0.01, -0.02]),
    }


DEGENERATE: dict[str, Floats] = {
    "empty": np.array([]),
    "one": np.array([0.01]),
    "only gaps": np.full(5, np.nan),
    "no variance": np.full(50, 1e-5),
    "no variance, gaps": np.where(np.arange(50) % 3 == 0, np.nan, 0.1),
    "flat": np.zeros(50),
}
