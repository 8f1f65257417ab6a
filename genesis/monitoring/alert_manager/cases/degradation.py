"""The cases of a strategy that is worse than its baseline."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.monitoring import catalog
from genesis.monitoring.alert_manager.cases.case import Case, series
from genesis.monitoring.alert_manager.cases.figure import Sample, Shown, Subject, figure_cases
from genesis.monitoring.alert_manager.cases.maker import CaseMaker
from genesis.monitoring.alert_manager.promql import number


def sharpe(maker: CaseMaker) -> Iterator[Case]:
    """SharpeDegraded, by its two figures."""
    probable, summed = maker.alert.figures(maker.inputs.settings)
    silent: dict[str, Shown] = {
        "says nothing of a record that is too short": lambda who, value: _probable_sharpe(who, value, 3599),
        "says nothing while no record would be long enough": lambda who, value: _but_last(_probable_sharpe(who, value)),
    }
    yield from figure_cases(maker, Subject(probable, _probable_sharpe, silent))
    silent = {"says nothing of a CUSUM without a limit": lambda who, value: _but_last(_cusum(who, value))}
    yield from figure_cases(maker, Subject(summed, _cusum, silent))


def _probable_sharpe(who: str, value: Decimal, seconds: int = 3600) -> Sample:
    return {
        series(catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO.name, strategy=who): number(value),
        series(catalog.STRATEGY_TRACK_RECORD_SECONDS.name, strategy=who): str(seconds),
        series(catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS.name, strategy=who): "3600",
    }


def _cusum(who: str, value: Decimal) -> Sample:
    return {
        series(catalog.STRATEGY_DEGRADATION_CUSUM.name, strategy=who): number(value * 4),
        series(catalog.STRATEGY_DEGRADATION_CUSUM_LIMIT.name, strategy=who): "4",
    }


def _but_last(sample: Sample) -> Sample:
    return dict(list(sample.items())[:-1])
