"""From the steps of the grid to the figures on returns, over restarts and gaps."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from genesis.analytics.degradation import NO_BASELINE
from genesis.core.models import AnyEvent, Quote, Side
from genesis.ledger.equity import GridStep
from genesis.ledger.journal import Journal
from genesis.monitoring import analysis as analysis_module
from genesis.monitoring import risk_metrics
from genesis.monitoring.analysis import Analysis
from genesis.monitoring.strategy_monitor import StrategyPerformanceMonitor
from genesis.settings.monitor import MonitorSettings
from genesis.settings.statistics import CorrelationSettings, StatisticsSettings
from genesis.settings.strategies import BaselineSettings, StrategySettings
from tests.unit.monitoring.account import capital, fill, monitor, quote, rules

SETTINGS = StatisticsSettings(
    step=timedelta(seconds=1),
    windows=(timedelta(seconds=20), timedelta(seconds=50)),
    risk_window=timedelta(seconds=40),
    min_observations=5,
    benchmark="SPX",
    correlation=CorrelationSettings(min_overlap=5),
)
MONITOR = MonitorSettings(statistics=SETTINGS)


def market(seconds: range, seed: int = 1) -> Iterator[Quote]:
    """Two quotes a second: of what is held, and of the benchmark."""
    dice = random.Random(seed)  # noqa: S311
    held, benchmark = 100.0, 4000.0
    for second in seconds:
        common = dice.gauss(0, 0.001)
        benchmark *= 1 + common
        held *= 1 + 1.5 * common + dice.gauss(0, 0.0005)
        yield quote(f"{benchmark:.4f}", f"{benchmark:.4f}", "SPX", second + 0.2)
        yield quote(f"{held:.4f}", f"{held:.4f}", seconds=second + 0.4)


OPENING: list[AnyEvent] = [
    quote("4000", "4000", "SPX", 0.1),
    quote("100", "100", seconds=0.1),
    capital("10000", "alpha", 0.11),
    capital("20000", "beta", 0.11),
    fill(Side.BUY, "50", "100", strategy="alpha", seconds=0.12),
    fill(Side.SELL, "20", "100", strategy="beta", seconds=0.12),
]


def figures(made: StrategyPerformanceMonitor) -> object:
    analysis = made.accounts.analysis
    equities = {name: book.equity for name, book in made.accounts.ledger.books.items()}
    return (
        [analysis.returns(name) for name in ("alpha", "beta")],
        [analysis.degradation(name) for name in ("alpha", "beta")],
        analysis.portfolio(),
        analysis.correlation(equities),
        [part.tobytes() for part in analysis.contributions()[1:]],
        [(part.pnl, part.reason) if (part := analysis.market(name)) is not None else None for name in ("alpha", "beta")],
        analysis.daily_volatility("BTCUSDT"),
    )


@pytest.mark.parametrize("points", [3, 39, 40, 41, 120])
async def test_a_restart_changes_no_figure(tmp_path: Path, points: int) -> None:
    events = [*OPENING, *market(range(1, points + 60))]
    cut = len(OPENING) + 2 * points
    async with monitor(tmp_path / "whole.db", MONITOR) as whole:
        await whole.handle_batch(events[:cut])
        before = figures(whole)
        async with monitor(tmp_path / "first.db", MONITOR) as first:
            for start in range(0, cut, 30):
                await first.handle_batch(events[start : min(start + 30, cut)])
                await first.save_snapshot()
        async with monitor(tmp_path / "first.db", MONITOR) as second:
            assert close(figures(second), before)
            await whole.handle_batch(events[cut:])
            await second.handle_batch(events[cut:])
            assert close(figures(second), figures(whole))


def close(one: object, other: object) -> bool:
    """Whether every number in both is the same but for what a sum in another order makes."""
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-15) or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(close, one, other))
    fields = getattr(one, "__dataclass_fields__", None)
    if fields is not None:
        return all(close(getattr(one, name), getattr(other, name)) for name in fields)
    return one == other


async def test_points_that_no_window_wants_are_not_kept(tmp_path: Path) -> None:
    async with monitor(tmp_path / "journal.db", MONITOR) as made:
        await made.handle_batch([*OPENING, *market(range(1, 130))])
        await made.save_snapshot()
        await made.handle_batch(list(market(range(130, 140))))
        await made.save_snapshot()
    async with Journal(tmp_path / "journal.db") as journal:
        numbers = [number for number, _ in await journal.load_points()]
    assert numbers == list(range(numbers[-1] - 49, numbers[-1] + 1))


async def test_what_could_not_be_kept_is_kept_the_next_time(tmp_path: Path) -> None:
    async with monitor(tmp_path / "journal.db", MONITOR) as made:
        await made.handle_batch([*OPENING, *market(range(1, 30))])
        analysis = made.accounts.analysis
        lost = analysis.unsaved()
        assert len(lost.new) == 29
        await made.handle_batch(list(market(range(30, 35))))
        assert analysis.unsaved().new[: len(lost.new)] == lost.new
        await made.save_snapshot()
        assert analysis.unsaved().new == ()
    async with Journal(tmp_path / "journal.db") as journal:
        assert len(await journal.load_points()) == 34


async def test_another_step_begins_the_figures_anew_and_keeps_the_money(tmp_path: Path) -> None:
    async with monitor(tmp_path / "journal.db", MONITOR) as made:
        await made.handle_batch([*OPENING, *market(range(1, 60))])
        part = made.accounts.analysis.market("alpha")
        assert part is not None
        assert part.pnl
        await made.save_snapshot()
    slower = SETTINGS.model_copy(update={"step": timedelta(seconds=2)})
    with capture_logs() as logs:
        async with monitor(tmp_path / "journal.db", MonitorSettings(statistics=slower)) as made:
            again = made.accounts.analysis
    assert [(entry["saved"], entry["configured"]) for entry in logs if entry["log_level"] == "warning"] == [("1s", "2s")]
    assert again.market("alpha") == part
    returns = again.returns("alpha")
    assert returns is not None
    assert (returns.observations, returns.total) == (0, 0)


async def test_a_strategy_without_a_point_of_the_grid_has_no_correlation_yet() -> None:
    async with monitor(settings=MONITOR) as made:
        await made.handle_batch(OPENING)
        assert [one.undefined.get("correlation") for one in made.snapshot().strategies] == ["warming_up", "warming_up"]


async def test_the_market_part_is_beta_times_position_times_the_benchmarks_return() -> None:
    """In money, against sums made by hand from the quotes; the beta is the one of the point before."""
    events = list(market(range(1, 30)))
    async with monitor(settings=MONITOR) as made:
        await made.handle_batch(OPENING)
        await made.handle_batch(events)
        part = made.accounts.analysis.market("alpha")
        assert part is not None
    held = [100.0] + [float(event.bid) for event in events if event.symbol == "BTCUSDT"]
    spx = [4000.0] + [float(event.bid) for event in events if event.symbol == "SPX"]
    # The point of second s is taken before the quotes of s: it knows those of s − 1.
    y, x = np.diff(held)[:-1] / held[:-2], np.diff(spx)[:-1] / spx[:-2]
    expected = 0.0
    for step in range(SETTINGS.min_observations, len(x)):
        beta = np.cov(y[:step], x[:step])[0, 1] / np.var(x[:step], ddof=1)
        expected += beta * 50 * held[step] * x[step]
    assert float(part.pnl) == pytest.approx(expected, rel=1e-9)


async def test_without_a_benchmark_there_is_no_market_part() -> None:
    async with monitor() as made:
        await made.handle_batch([*OPENING, *market(range(1, 200))])
        assert made.accounts.analysis.market("alpha") is None
        returns = made.accounts.analysis.returns("alpha")
        assert returns is not None
        assert returns.beta is None
        assert returns.undefined["beta"] == "no_benchmark"


async def test_the_benchmarks_own_beta_is_one_from_the_first_step() -> None:
    analysis = Analysis(SETTINGS, {})
    analysis.observe(step(1, {"alpha": 0.01}, symbols={"SPX": 0.02}, exposures={"alpha": {"SPX": 1000.0}}))
    part = analysis.market("alpha")
    assert part is not None
    assert part.pnl == Decimal(20)


def step(
    point: int,
    returns: dict[str, float],
    *,
    skipped: int = 0,
    symbols: dict[str, float] | None = None,
    exposures: dict[str, dict[str, float]] | None = None,
) -> GridStep:
    total = sum(returns.values())
    return GridStep(point, skipped, total, returns, dict(returns), symbols or {}, exposures or {})


def test_points_left_out_take_their_place_in_the_windows() -> None:
    analysis = Analysis(SETTINGS, {})
    for point in range(30):
        analysis.observe(step(point, {"alpha": 0.01 * point}))
    analysis.observe(step(50, {"alpha": 0.5}, skipped=20))
    found = analysis.returns("alpha")
    assert found is not None
    assert found.observations == 20  # of the last 40 points: 20 left out; 11 to 29, and the newest
    assert found.total == 31


def test_a_long_silence_empties_the_windows() -> None:
    analysis = Analysis(SETTINGS, {})
    for point in range(30):
        analysis.observe(step(point, {"alpha": 0.01}))
    analysis.observe(step(10_000_000, {"alpha": 0.5}, skipped=9_000_000))
    found = analysis.returns("alpha")
    assert found is not None
    assert (found.observations, found.total) == (1, 31)


def test_what_a_strategy_contributed_before_its_first_event_is_nothing() -> None:
    analysis = Analysis(SETTINGS, {})
    analysis.observe(step(1, {"alpha": 0.01}))
    analysis.observe(step(2, {"alpha": 0.02, "beta": -0.01}))
    analysis.observe(GridStep(3, 0, math.nan, {"alpha": 0.1}, {"alpha": math.nan}, {}, {}))
    names, contributions, account = analysis.contributions()
    assert names == ["alpha", "beta"]
    np.testing.assert_array_equal(contributions, [[0.01, 0.0], [0.02, -0.01]])
    np.testing.assert_array_equal(account, [0.01, 0.01])


def test_a_strategy_whose_figures_fail_is_left_out_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    analysis = Analysis(SETTINGS, {})
    analysis.observe(step(1, {"alpha": 0.01, "beta": 0.01}))
    observe = risk_metrics.ReturnStatistics.observe

    def faulty(self: risk_metrics.ReturnStatistics, value: float, benchmark: float) -> None:
        if value == 0.5:
            raise ArithmeticError("no such figure")
        observe(self, value, benchmark)

    monkeypatch.setattr(risk_metrics.ReturnStatistics, "observe", faulty)
    analysis.observe(step(2, {"alpha": 0.5, "beta": 0.02}))
    analysis.observe(step(3, {"alpha": 0.01, "beta": 0.03}))
    assert analysis.failed == {"alpha": "ArithmeticError: no such figure"}
    assert analysis.returns("alpha") is None
    found = analysis.returns("beta")
    assert found is not None
    assert found.total == 3


def stepped(point: int, dice: random.Random, skipped: int = 0) -> GridStep:
    """A step of two strategies, a symbol and the benchmark; now and then a return is not known."""
    a, b, market = (dice.gauss(0, 0.01) for _ in range(3))
    returns = {"alpha": a if dice.random() > 0.1 else math.nan, "beta": b}
    symbols = {"SPX": market, "BTCUSDT": market + a}
    return GridStep(point, skipped, (a + b) / 2, returns, {"alpha": a / 2, "beta": b / 2}, symbols, {"alpha": {"BTCUSDT": 1.0}})


@pytest.mark.parametrize("before", [1, 25, 60, 203])
@pytest.mark.parametrize("skipped", [17, 30, 40, 49, 50, 10**9])
def test_points_left_out_at_one_go_are_what_they_are_one_by_one(
    monkeypatch: pytest.MonkeyPatch, before: int, skipped: int
) -> None:
    at_once, one_by_one = Analysis(SETTINGS, {}), Analysis(SETTINGS, {})
    calls = 0
    observe = risk_metrics.ReturnStatistics.observe

    def counted(self: risk_metrics.ReturnStatistics, value: float, benchmark: float) -> None:
        nonlocal calls
        calls += 1
        observe(self, value, benchmark)

    monkeypatch.setattr(risk_metrics.ReturnStatistics, "observe", counted)
    for made, few, each in ((at_once, 16, 3), (one_by_one, 10**9, 3 * (1 + min(skipped, 50)))):
        monkeypatch.setattr(analysis_module, "_FEW_SKIPPED", few)
        dice = random.Random(5)  # noqa: S311
        for point in range(before):
            made.observe(stepped(point, dice))
        calls = 0
        made.observe(stepped(before + skipped, dice, skipped))
        assert calls == each
        for point in range(60):
            made.observe(stepped(before + skipped + 1 + point, dice))
    assert not at_once.failed
    for name in ("alpha", "beta"):
        assert close(at_once.returns(name), one_by_one.returns(name))
    assert close(at_once.portfolio(), one_by_one.portfolio())
    assert close(at_once.component_risk(), one_by_one.component_risk())
    assert close(at_once.correlation({"alpha": Decimal(1)}), one_by_one.correlation({"alpha": Decimal(1)}))
    assert close(at_once.daily_volatility("BTCUSDT"), one_by_one.daily_volatility("BTCUSDT"))


@pytest.mark.parametrize("after", [0, 1, 7])
def test_figures_shortly_after_points_were_left_out(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    made = {}
    for few in (16, 10**9):
        monkeypatch.setattr(analysis_module, "_FEW_SKIPPED", few)
        dice, analysis = random.Random(6), Analysis(SETTINGS, {})  # noqa: S311
        for point in range(90):
            analysis.observe(stepped(point, dice))
        analysis.observe(stepped(110, dice, 20))
        for point in range(after):
            analysis.observe(stepped(111 + point, dice))
        equities = {"alpha": Decimal(1), "beta": Decimal(2)}
        made[few] = (
            [analysis.returns(name) for name in ("alpha", "beta")],
            [analysis.portfolio(), analysis.component_risk(), analysis.correlation(equities)],
            analysis.daily_volatility("BTCUSDT"),
        )
    assert close(made[16], made[10**9])


async def test_a_fault_of_a_point_loses_no_event(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(self: Analysis, grid_step: GridStep) -> None:
        raise ArithmeticError("no such market")

    async with monitor(settings=MONITOR) as made:
        await made.handle_batch(OPENING)
        monkeypatch.setattr(Analysis, "_market", faulty)
        with capture_logs() as logs:
            receipts = await made.handle_batch([*market(range(1, 4)), fill(Side.BUY, "1", "100", seconds=4)])
        assert [entry["event"] for entry in logs] == ["a point of the grid is missing in some figures"] * 4
        assert {receipt.outcome.value for receipt in receipts} == {"accepted"}
        assert made.accounts.ledger.books["alpha"].holdings["BTCUSDT"].quantity == 51


async def test_a_restart_tries_the_figures_that_failed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(self: risk_metrics.ReturnStatistics, value: float, benchmark: float) -> None:
        raise ArithmeticError("no such figure")

    async with monitor(tmp_path / "journal.db", MONITOR) as made:
        with monkeypatch.context() as patched:
            patched.setattr(risk_metrics.ReturnStatistics, "observe", faulty)
            await made.handle_batch([*OPENING, *market(range(1, 20))])
        assert set(made.accounts.analysis.failed) == {"alpha", "beta", ""}
        await made.save_snapshot()
    async with monitor(tmp_path / "journal.db", MONITOR) as made:
        await made.handle_batch(list(market(range(20, 40))))
        found = made.accounts.analysis.returns("alpha")
        assert found is not None
        assert found.observations > 30  # those before are among the points that were kept


def baseline(mean: float) -> StrategySettings:
    made = BaselineSettings(step=timedelta(seconds=1), observations=100, mean=mean, volatility=0.001)
    return StrategySettings(capital=Decimal(10_000), baseline=made)


async def test_another_strategies_file_resets_no_figure_but_the_cusum_of_another_baseline() -> None:
    before = {"alpha": baseline(0.0004), "beta": baseline(0.0004)}
    async with Journal(":memory:") as journal:
        made = StrategyPerformanceMonitor(MONITOR, rules(), journal, configured=before)
        await made.restore()
        await made.handle_batch([*OPENING, *market(range(1, 60))])
        alpha, beta = (made._accounts.analysis.degradation(name) for name in ("alpha", "beta"))
        everything = figures(made)
        assert alpha is not None
        assert alpha.cusum
        made.follow(rules(), {"alpha": baseline(0.0004), "beta": baseline(0.0004)})
        assert figures(made) == everything
        made.follow(rules(), {"alpha": baseline(0.0004), "beta": baseline(0.0008), "gamma": baseline(0.0004)})
        analysis = made._accounts.analysis
        assert analysis.degradation("alpha") == alpha
        changed = analysis.degradation("beta")
        assert changed is not None
        assert beta is not None
        assert changed.cusum == 0
        assert changed.track_record_seconds == beta.track_record_seconds > 0
        assert changed.probabilistic_sharpe != beta.probabilistic_sharpe
        made.follow(rules(), {"alpha": baseline(0.0004)})
        removed = analysis.degradation("beta")
        assert removed is not None
        assert set(removed.undefined.values()) == {NO_BASELINE}
        await made.handle(capital("100", "gamma", 61))
        await made.handle_batch(list(market(range(61, 64))))
        assert analysis.degradation("alpha") != alpha
