"""The cases of the account as a whole: those of its strategies, on the account's own figures."""

from __future__ import annotations

from collections.abc import Iterator

from genesis.alerts.cases.case import Case, series
from genesis.alerts.cases.figure import Subject, figure_cases
from genesis.alerts.cases.losses import period_cases
from genesis.alerts.cases.maker import CaseMaker
from genesis.alerts.cases.risk import shortfall_cases, value_at_risk_cases
from genesis.alerts.catalog.account import PORTFOLIO_TAILS
from genesis.alerts.promql import number
from genesis.metrics import catalog


def drawdown(maker: CaseMaker) -> Iterator[Case]:
    """PortfolioDrawdown."""
    (figure,) = maker.alert.figures()
    return figure_cases(maker, Subject(figure, lambda _, value: {series(figure.metric): number(value)}))


def period_loss(maker: CaseMaker) -> Iterator[Case]:
    """PortfolioPeriodLoss."""
    metrics = (catalog.PORTFOLIO_PERIOD_PNL, catalog.PORTFOLIO_EQUITY)
    return period_cases(maker, maker.of("PortfolioPeriodLoss"), *metrics, of_strategy=False)


def value_at_risk(maker: CaseMaker) -> Iterator[Case]:
    """PortfolioValueAtRiskExceeded."""
    return value_at_risk_cases(maker, maker.of("PortfolioValueAtRiskExceeded"), PORTFOLIO_TAILS)


def shortfall(maker: CaseMaker) -> Iterator[Case]:
    """PortfolioExpectedShortfallHigh."""
    return shortfall_cases(maker, maker.of("PortfolioExpectedShortfallHigh"), PORTFOLIO_TAILS)
