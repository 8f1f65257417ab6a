"""Running moments against scipy's."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from genesis.analytics.moments import Moments


def moments(values: list[float]) -> Moments:
    made = Moments()
    for value in values:
        made.add(value)
    return made


@pytest.mark.parametrize("offset", [0.0, 1e-4, 3.0])
@pytest.mark.parametrize("tails", [3.0, 30.0])
def test_moments_are_those_of_scipy_at_every_step(tails: float, offset: float) -> None:
    values = np.random.default_rng(5).standard_t(tails, 400) * 1e-3 + offset
    made = Moments()
    for n, value in enumerate(values, 1):
        made.add(float(value))
        if n < 3 or n % 7:
            continue
        seen = values[:n]
        assert made.count == n
        assert made.mean == pytest.approx(seen.mean(), rel=1e-12, abs=1e-15)
        assert made.variance == pytest.approx(seen.var(ddof=1), rel=1e-9)
        assert made.deviation == pytest.approx(seen.std(ddof=1), rel=1e-9)
        assert made.skewness == pytest.approx(stats.skew(seen), rel=1e-9, abs=1e-9)
        assert made.excess_kurtosis == pytest.approx(stats.kurtosis(seen), rel=1e-9, abs=1e-9)


@given(st.lists(st.integers(-50, 50), min_size=4, max_size=60).filter(lambda values: len(set(values)) > 1))
def test_ties_and_small_series_are_no_exception(values: list[int]) -> None:
    made = moments([value / 8 for value in values])
    seen = np.array(values) / 8
    assert made.variance == pytest.approx(seen.var(ddof=1), rel=1e-9)
    assert made.skewness == pytest.approx(stats.skew(seen), rel=1e-9, abs=1e-9)
    assert made.excess_kurtosis == pytest.approx(stats.kurtosis(seen), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("values", [[], [0.1]])
def test_what_needs_two_values_is_unknown_without(values: list[float]) -> None:
    made = moments(values)
    assert (made.variance, made.deviation, made.skewness, made.excess_kurtosis) == (None, None, None, None)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-9 / 3, 1e6 / 7])
def test_a_constant_series_has_exactly_no_variance_and_no_shape(value: float) -> None:
    made = moments([value] * 1000)
    assert made.mean == value
    assert made.variance == 0.0
    assert made.skewness is None
    assert made.excess_kurtosis is None


def test_it_goes_on_where_it_was_saved() -> None:
    values = [math.sin(i) for i in range(100)]
    half = msgspec.json.decode(msgspec.json.encode(moments(values[:50])), type=Moments)
    for value in values[50:]:
        half.add(value)
    assert half == moments(values)
