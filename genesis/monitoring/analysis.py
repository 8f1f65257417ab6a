"""The figures from returns: each new point of the grid updates all of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial
from math import nan, sqrt

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from genesis.analytics.attribution import MarketPart
from genesis.analytics.beta_window import BetaWindow
from genesis.analytics.correlation import WARMING_UP, CorrelationFigures
from genesis.analytics.correlation_window import CorrelationWindow
from genesis.analytics.degradation import DegradationFigures, DegradationState, DegradationTracker
from genesis.analytics.row_ring import RowRing
from genesis.ledger.equity import GridStep
from genesis.ledger.points import PointRow, Points, encode_point
from genesis.monitoring.risk_metrics import ReturnState, ReturnStatistics, component_value_at_risk
from genesis.settings.statistics import StatisticsSettings
from genesis.settings.strategies import StrategySettings
from genesis.snapshot import ComponentFigures, ReturnFigures

ACCOUNT = ""
"""The whole account's name among the names of strategies."""

_DAY = 86_400.0
_FEW_SKIPPED = 16
"""After more skipped points than this, each window is computed again: one by one, the points of a night take a minute."""

_log = structlog.get_logger(__name__)


class AnalysisState(msgspec.Struct, frozen=True):
    """The state that saved points do not hold: all sums since the start."""

    portfolio: ReturnState
    strategies: dict[str, ReturnState]
    degradation: dict[str, DegradationState]
    market: dict[str, MarketPart]


class _StrategyStatistics:
    """The statistics of one strategy's returns."""

    __slots__ = ("degradation", "market", "returns")

    def __init__(self, settings: StatisticsSettings, configured: StrategySettings | None) -> None:
        self.returns = ReturnStatistics(settings)
        self.degradation = _against_baseline(configured, settings)
        self.market = MarketPart()

    def observe(self, value: float, benchmark: float) -> None:
        self.returns.observe(value, benchmark)
        self.degradation.observe(value)


class Analysis:
    """Takes each step of the grid and gives the figures from returns, aligned over strategies and benchmark.

    If a strategy's figures fail, it is left out from then on; the others go on.
    """

    def __init__(self, settings: StatisticsSettings, configured: Mapping[str, StrategySettings]) -> None:
        """`configured`: strategies.yaml."""
        self.failed: dict[str, str] = {}
        """Strategy → the error that stops its figures from returns until the next start; the account is `ACCOUNT`."""
        self._settings = settings
        self._configured = configured
        self._longest = max(settings.risk_points, *settings.window_points.values())
        self._portfolio = ReturnStatistics(settings)
        self._strategies: dict[str, _StrategyStatistics] = {}
        self._symbols: dict[str, BetaWindow] = {}
        self._correlation = CorrelationWindow(settings.correlation)
        self._returns = RowRing(settings.risk_points)
        self._contributions = RowRing(settings.risk_points)
        """The strategies' contributions, and the account's return."""
        self._component_risk: ComponentFigures | None = None
        self._unsaved: deque[tuple[int, bytes]] = deque(maxlen=self._longest)

    def follow(self, configured: Mapping[str, StrategySettings]) -> None:
        """Apply a new strategies.yaml, as a restart would: only a CUSUM whose baseline changed begins again."""
        trackers = {}
        for name, tracked in self._strategies.items():
            trackers[name] = _against_baseline(configured.get(name), self._settings)
            trackers[name].restore(tracked.degradation.state())
        for name, tracker in trackers.items():
            self._strategies[name].degradation = tracker
        self._configured = configured

    def observe(self, step: GridStep) -> None:
        """Take in the next point. Never raises: the event that led to it must be booked even if figures fail."""
        try:
            self._skip(min(step.skipped, self._longest))
            self._market(step)
            self._follow(step.portfolio, step.returns, step.contributions, step.symbols)
            self._unsaved.append(encode_point(step))
        except Exception:
            _log.exception("a point of the grid is missing in some figures", point=step.point)

    def returns(self, strategy: str) -> ReturnFigures | None:
        """None if they failed."""
        return self._tracked(strategy).returns.figures() if strategy not in self.failed else None

    def degradation(self, strategy: str) -> DegradationFigures | None:
        """None if it failed."""
        return self._tracked(strategy).degradation.figures() if strategy not in self.failed else None

    def market(self, strategy: str) -> MarketPart | None:
        """The market's part of a strategy's P&L; None without a benchmark."""
        return self._tracked(strategy).market if self._settings.benchmark is not None else None

    def portfolio(self) -> ReturnFigures | None:
        """None if they failed."""
        return self._portfolio.figures() if ACCOUNT not in self.failed else None

    def correlation(self, equities: Mapping[str, Decimal]) -> CorrelationFigures | None:
        """`equities`: strategy → its equity; the weights of the diversification ratio are their shares. None if it failed."""
        if ACCOUNT in self.failed:
            return None
        names = list(self._returns.columns)
        weights = np.array([max(0.0, float(equities.get(name, 0))) for name in names])
        total = weights.sum()
        figures = self._correlation.figures(names, weights / total if total > 0 else weights, self._returns.rows())
        if new := equities.keys() - self._returns.columns.keys():  # since the last point of the grid
            return replace(figures, undefined_strategies={**figures.undefined_strategies, **dict.fromkeys(new, WARMING_UP)})
        return figures

    def component_risk(self) -> ComponentFigures | None:
        """The account's value at risk by strategy; the same object until the next point. None if it failed."""
        if self._component_risk is None and ACCOUNT not in self.failed:
            self._component_risk = component_value_at_risk(*self.contributions(), self._settings)
        return self._component_risk

    def contributions(self) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64]]:
        """(strategies, their contributions (points, strategies), the account's returns (points,)) of the risk window.

        Only the points at which the account's return is known; before its first event a strategy contributed 0.
        """
        names = [name for name in self._contributions.columns if name]
        rows = self._contributions.rows()
        if not len(rows):
            return names, np.empty((0, len(names))), np.empty(0)
        account = rows[:, self._contributions.columns[ACCOUNT]]
        known = ~np.isnan(account)
        columns = [self._contributions.columns[name] for name in names]
        return names, np.nan_to_num(rows[known][:, columns], nan=0.0), account[known]

    def daily_volatility(self, symbol: str) -> float | None:
        """Standard deviation of the symbol's daily return, scaled from that of a step; None with too few returns."""
        window = self._symbols.get(symbol)
        volatility = window.volatility if window is not None else None
        return None if volatility is None else volatility * sqrt(_DAY / self._settings.step.total_seconds())

    def _tracked(self, name: str) -> _StrategyStatistics:
        tracked = self._strategies.get(name)
        if tracked is None:
            tracked = self._strategies[name] = _StrategyStatistics(self._settings, self._configured.get(name))
        return tracked

    def _market(self, step: GridStep) -> None:
        """Runs before the betas include the step: betas and positions are those of the previous point."""
        benchmark = self._settings.benchmark
        if benchmark is None:
            return
        betas = {symbol: nan if (beta := window.beta) is None else beta for symbol, window in self._symbols.items()}
        betas[benchmark] = 1.0
        for name in step.returns:
            self._tracked(name).market.observe(step.exposures.get(name, {}), betas, step.symbols.get(benchmark, nan))

    def _skip(self, points: int) -> None:
        """Take in skipped points, at which no strategy has a return."""
        if points <= _FEW_SKIPPED:
            for _ in range(points):
                self._follow(nan, dict.fromkeys(self._strategies, nan), {}, dict.fromkeys(self._symbols, nan))
            return
        for name, tracked in self._strategies.items():
            self._attempt(name, partial(tracked.returns.skip, points))
        self._attempt(ACCOUNT, partial(self._skip_account, points))

    def _skip_account(self, points: int) -> None:
        self._portfolio.skip(points)
        for window in self._symbols.values():
            window.skip(points)
        for _ in range(min(points, self._settings.risk_points)):
            self._contributions.append({ACCOUNT: nan})
            self._returns.append({})
        self._component_risk = None
        self._correlation.rebuild(self._returns.rows())

    def _follow(
        self,
        portfolio: float,
        returns: Mapping[str, float],
        contributions: Mapping[str, float],
        symbols: Mapping[str, float],
    ) -> None:
        benchmark = symbols.get(self._settings.benchmark or "", nan)
        for name, value in returns.items():
            self._attempt(name, partial(self._tracked(name).observe, value, benchmark))
        self._attempt(ACCOUNT, partial(self._follow_account, portfolio, returns, contributions, symbols))

    def _follow_account(
        self,
        portfolio: float,
        returns: Mapping[str, float],
        contributions: Mapping[str, float],
        symbols: Mapping[str, float],
    ) -> None:
        benchmark = symbols.get(self._settings.benchmark or "", nan)
        self._portfolio.observe(portfolio, benchmark)
        for symbol, value in symbols.items():
            self._symbol(symbol).append(benchmark, value)
        self._contributions.append({ACCOUNT: portfolio, **contributions})
        self._component_risk = None
        self._correlation.update(*self._returns.append(returns))

    def _attempt(self, name: str, work: Callable[[], None]) -> None:
        """Run `work`. A fault must reach neither the books, which are being updated, nor another strategy."""
        if name in self.failed:
            return
        try:
            work()
        except Exception as error:
            _log.exception("figures from returns failed: they are left out", strategy=name or "(account)")
            self.failed[name] = f"{type(error).__name__}: {error}"

    def _symbol(self, symbol: str) -> BetaWindow:
        window = self._symbols.get(symbol)
        if window is None:
            window = self._symbols[symbol] = BetaWindow(self._settings.risk_points, self._settings.min_observations)
        return window

    def unsaved(self) -> Points:
        """The points that are not saved yet, and the oldest point that is still needed."""
        new = tuple(self._unsaved)
        return Points(new, oldest=new[-1][0] - self._longest + 1 if new else 0)

    def saved(self, points: Points) -> None:
        """Forget `points`, as they are saved now."""
        while self._unsaved and points.new and self._unsaved[0][0] <= points.new[-1][0]:
            self._unsaved.popleft()

    def state(self) -> AnalysisState:
        """The state that the points do not hold; encode it before the next event."""
        return AnalysisState(
            portfolio=self._portfolio.state(),
            strategies={name: tracked.returns.state() for name, tracked in self._strategies.items()},
            degradation={name: tracked.degradation.state() for name, tracked in self._strategies.items()},
            market={name: tracked.market for name, tracked in self._strategies.items()},
        )

    def restore(self, state: AnalysisState, newest: int | None, points: Mapping[int, PointRow]) -> None:
        """Load the saved state into a new analysis.

        `points`: rows by number; `newest`: the last number, or None if the grid starts again: then only the market's part
        of the P&L is loaded.
        """
        for name, market in state.market.items():
            self._tracked(name).market = market
        if newest is None:
            return
        rows = [points.get(number) for number in range(newest - self._longest + 1, newest + 1)]
        benchmarks = _column([None if row is None else row.symbols for row in rows], self._settings.benchmark or "")
        self._portfolio.restore(state.portfolio, np.array([nan if row is None else row.portfolio for row in rows]), benchmarks)
        returns = [None if row is None else row.returns for row in rows]
        for name, saved in state.strategies.items():
            self._tracked(name).returns.restore(saved, _column(returns, name), benchmarks)
        for name, against_baseline in state.degradation.items():
            self._tracked(name).degradation.restore(against_baseline)
        for row in rows[-self._settings.risk_points :]:
            self._refill(row)
        self._correlation.rebuild(self._returns.rows())

    def _refill(self, row: PointRow | None) -> None:
        self._returns.append(row.returns if row is not None else {})
        self._contributions.append({ACCOUNT: row.portfolio, **row.contributions} if row is not None else {ACCOUNT: nan})
        symbols = row.symbols if row is not None else dict.fromkeys(self._symbols, nan)
        benchmark = symbols.get(self._settings.benchmark or "", nan)
        for symbol, value in symbols.items():
            self._symbol(symbol).append(benchmark, value)


def _against_baseline(configured: StrategySettings | None, settings: StatisticsSettings) -> DegradationTracker:
    return DegradationTracker(configured.baseline if configured is not None else None, settings)


def _column(points: Iterable[Mapping[str, float] | None], name: str) -> NDArray[np.float64]:
    """One name's returns, oldest first; NaN where a point or the name is missing."""
    return np.array([nan if point is None else point.get(name, nan) for point in points])
