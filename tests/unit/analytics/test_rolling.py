"""The sliding windows: after any sequence of points, gaps and restarts they hold what their points come to."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesis.analytics import rolling, window_sums
from genesis.analytics.beta_window import BetaWindow
from genesis.analytics.ordered import OrderedReturns
from genesis.analytics.rolling import RollingReturns
from genesis.analytics.sums import NO_PAIRS, NO_SUMS, CentralSums, Pairs, Path
from tests.unit.analytics.series import Floats

NAN = float("nan")
TARGET = 1e-4
RETURNS = st.one_of(
    st.just(NAN), st.sampled_from([0.0, 1e-5, -1e-5, 0.5, -0.5, -1.0]), st.floats(-0.9, 2.0, allow_subnormal=False)
)
POINTS = st.lists(st.tuples(RETURNS, RETURNS), max_size=60)


def moments_of(values: Floats) -> CentralSums:
    known = values[~np.isnan(values)]
    if not len(known):
        return NO_SUMS
    mean = float(known.mean()) if known.min() < known.max() else float(known[0])
    square, cube, fourth = (float(((known - mean) ** power).sum()) for power in (2, 3, 4))
    return CentralSums(len(known), mean, square, cube, fourth)


def path_of(values: Floats) -> Path:
    known = values[~np.isnan(values)]
    lost = bool((known <= -1).any())
    levels = np.concatenate(([0.0], np.log1p(known[known > -1]).cumsum()))
    fall = (np.maximum.accumulate(levels) - levels).max()
    downside = float((np.minimum(known - TARGET, 0) ** 2).sum())
    return Path(downside, None if lost else float(levels[-1]), float(-np.expm1(-fall)))


def pairs_of(values: Floats, benchmarks: Floats) -> Pairs:
    both = ~(np.isnan(values) | np.isnan(benchmarks))
    y, x = values[both], benchmarks[both]
    if not len(y):
        return NO_PAIRS
    mean, other = float(y.mean()), float(x.mean())
    still = x.min() == x.max()
    return Pairs(
        *(len(y), mean, float(x[0]) if still else other, float(((y - mean) ** 2).sum())),
        *((0.0, 0.0) if still else (float(((x - other) ** 2).sum()), float(((y - mean) * (x - other)).sum()))),
    )


def same(window: RollingReturns, points: list[tuple[float, float]]) -> None:
    values, benchmarks = np.array([*points, (NAN, NAN)])[-window.size - 1 : -1].T
    moments = moments_of(values)
    spread = max(np.sqrt(moments.square), 1e-30)
    found = window.sums()
    assert found.number == moments.number
    assert found.mean == pytest.approx(moments.mean, rel=1e-12, abs=1e-15)
    assert found.square == pytest.approx(moments.square, rel=1e-9, abs=1e-30)
    assert found.cube == pytest.approx(moments.cube, abs=1e-9 * spread**3 + 1e-40)
    assert found.fourth == pytest.approx(moments.fourth, rel=1e-9, abs=1e-40)
    downside, growth, drawdown = path_of(values)
    found_path = window.path()
    assert found_path[::2] == pytest.approx((downside, drawdown), rel=1e-9, abs=1e-14)
    assert found_path.growth == (None if growth is None else pytest.approx(growth, rel=1e-9, abs=1e-13))
    pairs, found_pairs = pairs_of(values, benchmarks), window.pairs()
    assert found_pairs[:3] == pytest.approx(pairs[:3], rel=1e-9, abs=1e-14)
    assert found_pairs[3:] == pytest.approx(pairs[3:], rel=1e-9, abs=1e-14)


@given(POINTS, st.integers(1, 40), st.integers(0, 60))
def test_a_window_holds_what_its_last_points_come_to(points: list[tuple[float, float]], size: int, restart: int) -> None:
    window = RollingReturns(size, target=TARGET, benchmark=True)
    for number, (value, benchmark) in enumerate(points, start=1):
        left = window.append(value, benchmark)
        gone = points[number - size - 1][0] if number > size else NAN
        assert left == gone or np.isnan([left, gone]).all()
        if number == restart:
            window = RollingReturns(size, target=TARGET, benchmark=True)
            window.restore(*np.array(points[:number]).T)
        same(window, points[:number])


def test_a_large_return_that_leaves_takes_its_rounding_with_it() -> None:
    rng = np.random.default_rng(2)
    crumbs = rng.normal(0, 1e-5, (400, 2))
    crumbs[100] = [0.5, -0.5]
    window = RollingReturns(100, target=TARGET, benchmark=True)
    for value, benchmark in crumbs.tolist():
        window.append(value, benchmark)
    found, expected = window.sums(), moments_of(crumbs[-100:, 0])
    assert found.fourth == pytest.approx(expected.fourth, rel=1e-13, abs=0)
    assert found.square == pytest.approx(expected.square, rel=1e-13, abs=0)
    assert window.pairs() == pytest.approx(pairs_of(*crumbs[-100:].T), rel=1e-12, abs=1e-20)


def test_returns_far_from_0_and_close_to_each_other_keep_their_digits() -> None:
    rng = np.random.default_rng(3)
    values = 1e-3 + rng.normal(0, 1e-10, 500)
    window = RollingReturns(200, benchmark=True)
    for value in values.tolist():
        window.append(value, 2 * value)
    expected = moments_of(values[-200:] - 1e-3)
    assert window.sums().square == pytest.approx(expected.square, rel=1e-9, abs=0)
    assert window.pairs().benchmark_square == pytest.approx(4 * expected.square, rel=1e-9, abs=0)


def test_after_a_restart_a_loss_of_everything_leaves_with_its_point() -> None:
    window = RollingReturns(5)
    window.restore(np.array([0.1, -1.0, 0.1, 0.1]), np.empty(4))
    for growing in (False, False, False, True, True):
        assert (window.path().growth is not None) is growing
        window.append(0.1)


def test_a_fall_that_began_in_the_oldest_chunk_ends_in_the_newest() -> None:
    window = RollingReturns(40)
    for value in [0.1] * 39 + [0.2] + [-0.01] * 30:
        window.append(value)
    assert window.path().drawdown == pytest.approx(1 - 0.99**30, rel=1e-12)
    for value in [0.005] * 10 + [-0.02] * 5:
        window.append(value)
    assert window.path().drawdown == pytest.approx(1 - 0.99**25 * 1.005**10 * 0.98**5, rel=1e-12)


def test_two_returns_one_ulp_apart_are_summed_up_once() -> None:
    window = RollingReturns(4, benchmark=True)
    for value in (0.1, np.nextafter(0.1, 1), 0.1, np.nextafter(0.1, 1)):
        window.append(float(value), float(value))
    assert 0 < window.sums().square < 1e-32
    assert 0 < window.pairs().benchmark_square < 1e-32


@pytest.mark.parametrize("size", [1_440, 10_000, 86_400])
def test_a_point_costs_no_more_than_about_the_root_of_the_window_and_its_memory_40_bytes_a_point(size: int) -> None:
    window = RollingReturns(size, benchmark=True)
    ordered = OrderedReturns(size)
    assert window._chunk < 4 * np.sqrt(size)
    assert len(window._rows) < 2 * np.sqrt(size)
    held = [window._values, window._benchmarks, window._head, window._rows, ordered.values]
    assert sum(sys.getsizeof(part) for part in held) < 40 * size


@given(st.lists(st.one_of(st.just(NAN), st.integers(-4, 4).map(float)), max_size=50), st.integers(1, 12))
def test_the_ordered_returns_are_those_of_the_window(values: list[float], size: int) -> None:
    ordered, restored = OrderedReturns(size), OrderedReturns(size)
    for number, value in enumerate(values, start=1):
        ordered.replace(values[number - size - 1] if number > size else NAN, value)
        window = np.array(values[max(0, number - size) : number])
        expected = np.sort(window[~np.isnan(window)]).tolist()
        assert ordered.values[: ordered.count].tolist() == expected
        restored.restore(window)
        assert restored.values[: restored.count].tolist() == expected


@pytest.mark.parametrize("number", [1, 64, 65, 500])
def test_the_mean_of_the_smallest_is_theirs(number: int) -> None:
    values = np.random.default_rng(6).normal(0, 1, 1000)
    ordered = OrderedReturns(1000)
    ordered.restore(values)
    assert ordered.mean_of_smallest(number) == pytest.approx(np.sort(values)[:number].mean(), rel=1e-12)


def test_the_beta_of_a_symbol_is_that_of_its_last_points() -> None:
    rng = np.random.default_rng(9)
    x = rng.normal(0, 1e-3, 100)
    y = 1.5 * x + rng.normal(0, 1e-4, 100)
    x[70], y[80] = NAN, NAN
    window, restored = BetaWindow(50, 30), BetaWindow(50, 30)
    for pair in zip(x.tolist(), y.tolist(), strict=True):
        window.append(*pair)
    restored.restore(x, y)
    both = ~(np.isnan(x) | np.isnan(y))
    both[:50] = False
    expected = np.cov(x[both], y[both])
    for one in (window, restored):
        assert one.beta == pytest.approx(expected[0, 1] / expected[0, 0], rel=1e-12)
        assert one.volatility == pytest.approx(np.nanstd(y[50:], ddof=1), rel=1e-12)
        one.append(0.1, 0.1)
        assert one.beta != pytest.approx(expected[0, 1] / expected[0, 0])


def test_a_symbol_without_enough_points_or_a_still_benchmark_has_no_beta() -> None:
    window = BetaWindow(5, 3)
    assert window.beta is None
    assert window.volatility is None
    for y in (0.1, 0.2, 0.3):
        window.append(0.1, y)
    assert window.beta is None
    assert window.volatility == pytest.approx(0.1)
    for _ in range(5):
        window.append(0.1, 0.2)
    assert window.volatility == 0


def test_an_empty_window_is_made_without_a_look_at_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each new strategy makes some: a thousand of them, at one point of the grid, held the monitor up for seconds."""
    calls = 0

    def counted(made: rolling.Floats) -> rolling.Floats:
        nonlocal calls
        calls += 1
        return window_sums.row(made)

    monkeypatch.setattr(rolling, "row", counted)
    empty = rolling.RollingReturns(1440, benchmark=True)
    assert calls <= 1
    assert not empty._rows.any()
    assert empty._rows.shape == (-(-1440 // empty._chunk), len(window_sums.NOTHING))
    assert window_sums.row(empty._terms(0, empty._chunk)).tolist() == window_sums.NOTHING.tolist()
