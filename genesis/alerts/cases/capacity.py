"""The cases of capital that a strategy can hardly use."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import Case, series
from genesis.alerts.cases.figure import Sample, Shown, Subject, figure_cases
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.promql import number
from genesis.metrics import catalog


def used(maker: CaseMaker) -> Iterator[Case]:
    """CapacityNearlyUsed."""
    (figure,) = maker.alert.figures()
    least = maker.of("CapacityNearlyUsed").min_trades

    def shown(who: str, value: Decimal, trades: int = least, window: str = "all") -> Sample:
        return {
            series(figure.metric, strategy=who): number(value),
            series(catalog.STRATEGY_WINDOW_TRADES.name, strategy=who, window=window): str(trades),
        }

    silent: dict[str, Shown] = {
        "says nothing of too few round trips": lambda who, value: shown(who, value, least - 1),
        "says nothing of the round trips of another window": lambda who, value: shown(who, value, window="1h"),
    }
    return figure_cases(maker, Subject(figure, shown, silent))
