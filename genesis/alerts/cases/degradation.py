"""The cases of a strategy that is worse than its baseline."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from genesis.alerts.cases.case import Case, series
from genesis.alerts.cases.figure import Sample, Shown, Subject, figure_cases
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.promql import number
from genesis.metrics import catalog


def sharpe(maker: CaseMaker) -> Iterator[Case]:
    """SharpeDegraded, by its two figures."""
    probable, summed = maker.alert.figures()
    least = maker.of("SharpeDegraded").min_observations

    def shown(who: str, value: Decimal, seconds: int = 3600, observations: int = least) -> Sample:
        return {
            series(catalog.STRATEGY_PROBABILISTIC_SHARPE_RATIO.name, strategy=who): number(value),
            series(catalog.STRATEGY_OBSERVATIONS.name, strategy=who): str(observations),
            series(catalog.STRATEGY_TRACK_RECORD_SECONDS.name, strategy=who): str(seconds),
            series(catalog.STRATEGY_MIN_TRACK_RECORD_SECONDS.name, strategy=who): "3600",
        }

    silent: dict[str, Shown] = {
        "says nothing of a record that is too short": lambda who, value: shown(who, value, seconds=3599),
        "says nothing of too few returns": lambda who, value: shown(who, value, observations=least - 1),
        "says nothing while no record would be long enough": lambda who, value: _but_last(shown(who, value)),
    }
    yield from figure_cases(maker, Subject(probable, shown, silent))
    silent = {"says nothing of a CUSUM without a limit": lambda who, value: _but_last(_cusum(who, value))}
    yield from figure_cases(maker, Subject(summed, _cusum, silent))


def _cusum(who: str, value: Decimal) -> Sample:
    return {
        series(catalog.STRATEGY_DEGRADATION_CUSUM.name, strategy=who): number(value * 4),
        series(catalog.STRATEGY_DEGRADATION_CUSUM_LIMIT.name, strategy=who): "4",
    }


def _but_last(sample: Sample) -> Sample:
    return dict(list(sample.items())[:-1])
