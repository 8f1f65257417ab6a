"""The figures of every window of a long series at one go: the definitions in numpy, for all windows in rows."""

from fractions import Fraction

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


def windows(series: Floats, size: int) -> Floats:
    """Row t: the last `size` points up to t; before the first there is nothing."""
    padded = np.concatenate((np.full(size - 1, np.nan), series))
    view: Floats = sliding_window_view(padded, size)
    return view


def ratios(rows: Floats, year: float, least: int, rate: float) -> dict[str, Floats]:
    """Sharpe, Sortino, Calmar and volatility of each row; NaN where one is undefined."""
    known, number = ~np.isnan(rows), np.count_nonzero(~np.isnan(rows), axis=1).astype(float)
    number[number < least] = np.nan
    mean = np.where(known, rows, 0).sum(axis=1) / number
    deviation = np.sqrt((np.where(known, rows - mean[:, None], 0) ** 2).sum(axis=1) / (number - 1))
    deviation[constant(rows) & ~np.isnan(number)] = 0
    downside = np.sqrt((np.where(known, np.minimum(rows - rate, 0), 0) ** 2).sum(axis=1) / number)
    lost = np.where(known, rows, 0).min(axis=1) <= -1
    levels = np.log1p(np.where(known & ~lost[:, None], rows, 0)).cumsum(axis=1)
    levels = np.concatenate((np.zeros((len(rows), 1)), levels), axis=1)
    fall = (np.maximum.accumulate(levels, axis=1) - levels).max(axis=1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        calmar = np.expm1(levels[:, -1] / number * year) / -np.expm1(-fall)
        return {
            "sharpe": np.where(deviation > 0, (mean - rate) / deviation * np.sqrt(year), np.nan),
            "sortino": np.where(downside > 0, (mean - rate) / downside * np.sqrt(year), np.nan),
            "calmar": np.where((fall > 0) & ~lost & np.isfinite(calmar), calmar, np.nan),
            "volatility": deviation * np.sqrt(year),
        }


def constant(rows: Floats) -> NDArray[np.bool_]:
    """Whether all that is known of a row is equal."""
    highest, lowest = np.where(np.isnan(rows), -np.inf, rows).max(axis=1), np.where(np.isnan(rows), np.inf, rows).min(axis=1)
    same: NDArray[np.bool_] = highest <= lowest
    return same


def tails(rows: Floats, confidence: Fraction, least: int) -> dict[str, tuple[Floats, Floats]]:
    """Method → value at risk and expected shortfall of a step, of each row; NaN where undefined."""
    return {"historical": _historical(rows, confidence, least), **_modelled(rows, float(1 - confidence), least)}


def _historical(rows: Floats, confidence: Fraction, least: int) -> tuple[Floats, Floats]:
    tail = 1 - confidence
    number = np.count_nonzero(~np.isnan(rows), axis=1)
    place = np.maximum(number - 1, 0) * tail.numerator
    rank, part = place // tail.denominator, place % tail.denominator / tail.denominator
    ordered = np.sort(rows, axis=1)  # NaN comes last
    at = np.arange(len(rows))
    below, above = ordered[at, rank], ordered[at, np.where(part > 0, rank + 1, rank)]
    summed = np.where(np.isnan(ordered), 0, ordered).cumsum(axis=1)[at, rank]
    enough = number >= least
    quantile = np.where(enough, below * (1 - part) + above * part, np.nan)
    return -quantile, np.where(enough, -summed / (rank + 1), np.nan)


def _modelled(rows: Floats, tail: float, least: int) -> dict[str, tuple[Floats, Floats]]:
    known = ~np.isnan(rows)
    number = known.sum(axis=1).astype(float)
    number[(number < least) | constant(rows)] = np.nan
    mean = np.where(known, rows, 0).sum(axis=1) / number
    away = np.where(known, rows - mean[:, None], 0)
    square = (away**2).sum(axis=1) / number
    sigma = np.sqrt(square * number / (number - 1))
    s, k = (away**3).sum(axis=1) / number / square**1.5, (away**4).sum(axis=1) / number / square**2 - 3
    z = stats.norm.ppf(tail)
    bent = z + (z**2 - 1) * s / 6 + (z**3 - 3 * z) * k / 24 - (2 * z**3 - 5 * z) * s**2 / 36
    factor = 1 + z * s / 6 + (z**2 - 1) * k / 24 - (2 * z**2 - 1) * s**2 / 36
    beyond = stats.norm.pdf(z) / tail
    valid = _slope(s, k) > 0
    return {
        "parametric": (-(mean + z * sigma), -mean + sigma * beyond),
        "cornish_fisher": (
            np.where(valid, -(mean + bent * sigma), np.nan),
            np.where(valid, -mean + sigma * beyond * factor, np.nan),
        ),
    }


def _slope(s: Floats, k: Floats) -> Floats:
    """The least slope of the expansion within 3.5 deviations: at an end, or at the vertex of the parabola."""
    a, b, c = k / 8 - s**2 / 6, s / 3, 1 - k / 8 + 5 * s**2 / 36
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = np.clip(np.where(a != 0, -b / (2 * a), 0.0), -3.5, 3.5)
    least: Floats = np.min([a * z * z + b * z + c for z in (vertex, np.full_like(a, -3.5), np.full_like(a, 3.5))], axis=0)
    return least


def betas(rows: Floats, others: Floats, least: int) -> tuple[Floats, Floats, Floats]:
    """Beta, its standard error, and alpha of a step, of each row."""
    both = ~(np.isnan(rows) | np.isnan(others))
    number = both.sum(axis=1).astype(float)
    number[(number < least) | constant(np.where(both, others, np.nan))] = np.nan
    mean, other = np.where(both, rows, 0).sum(axis=1) / number, np.where(both, others, 0).sum(axis=1) / number
    y, x = np.where(both, rows - mean[:, None], 0), np.where(both, others - other[:, None], 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        beta = (x * y).sum(axis=1) / (x * x).sum(axis=1)
        rest = ((y - beta[:, None] * x) ** 2).sum(axis=1)
        return beta, np.sqrt(rest / (number - 2) / (x * x).sum(axis=1)), mean - beta * other


def since_start(series: Floats, year: float, least: int, rate: float) -> dict[str, Floats]:
    """As `ratios`, of all points up to each."""
    known = ~np.isnan(series)
    number = known.cumsum().astype(float)
    number[number < least] = np.nan
    exact = np.where(known, series, 0).astype(np.longdouble)
    mean = exact.cumsum() / number
    square = (exact**2).cumsum() - number * mean**2
    first = series[known][0]
    square[(np.where(known, series, first) == first).cumprod().astype(bool)] = 0
    downside = np.sqrt((np.where(known, np.minimum(exact - rate, 0), 0) ** 2).cumsum() / number)
    alive = np.cumprod(exact > -1).astype(bool)
    levels = np.log1p(np.where(exact > -1, exact, 0)).cumsum()
    fall = np.maximum.accumulate(np.maximum.accumulate(np.maximum(levels, 0)) - levels)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        deviation = np.sqrt(square / (number - 1))
        calmar = np.expm1(levels / number * year) / -np.expm1(-fall)
        found = {
            "sharpe": np.where(deviation > 0, (mean - rate) / deviation * np.sqrt(year), np.nan),
            "sortino": np.where(downside > 0, (mean - rate) / downside * np.sqrt(year), np.nan),
            "calmar": np.where((fall > 0) & alive & (np.abs(calmar) < np.finfo(float).max), calmar, np.nan),
            "volatility": deviation * np.sqrt(year),
        }
    return {name: values.astype(float) for name, values in found.items()}
