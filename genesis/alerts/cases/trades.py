"""The cases of round trips."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import Case, series
from genesis.alerts.cases.figure import Sample, Shown, Subject, figure_cases
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.catalog.trades import WinRateAlert
from genesis.alerts.promql import number
from genesis.metrics import catalog


def win_rate(maker: CaseMaker) -> Iterator[Case]:
    """WinRateLow."""
    return _of_trades(maker, maker.of("WinRateLow"), catalog.STRATEGY_WIN_RATE_RATIO.name)


def profit_factor(maker: CaseMaker) -> Iterator[Case]:
    """ProfitFactorLow."""
    return _of_trades(maker, maker.of("ProfitFactorLow"), catalog.STRATEGY_PROFIT_FACTOR_RATIO.name)


def _of_trades(maker: CaseMaker, config: WinRateAlert, metric: str) -> Iterator[Case]:
    (figure,) = maker.alert.figures()

    def shown(who: str, value: Decimal, trades: int = config.min_trades, window: str = config.window_name) -> Sample:
        return {
            series(metric, strategy=who, window=window): number(value),
            series(catalog.STRATEGY_WINDOW_TRADES.name, strategy=who, window=config.window_name): str(trades),
        }

    silent: dict[str, Shown] = {
        "says nothing of too few round trips": lambda who, value: shown(who, value, config.min_trades - 1),
        "says nothing of another window": lambda who, value: shown(who, value, window="another"),
    }
    yield from figure_cases(maker, Subject(figure, shown, silent))
