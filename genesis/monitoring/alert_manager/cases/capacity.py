"""The cases of capital that a strategy can hardly use."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.monitoring.alert_manager.cases.case import Case, series
from genesis.monitoring.alert_manager.cases.figure import Subject, figure_cases
from genesis.monitoring.alert_manager.cases.maker import CaseMaker
from genesis.monitoring.alert_manager.promql import number


def used(maker: CaseMaker) -> Iterator[Case]:
    """CapacityNearlyUsed."""
    (figure,) = maker.alert.figures(maker.inputs.settings)
    shown = Subject(figure, lambda who, value: {series(figure.metric, strategy=who): number(value)})
    return figure_cases(maker, shown)
