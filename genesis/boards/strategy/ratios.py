"""Ratios of the returns by window, over time."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import timeseries

from genesis.boards import queries, style
from genesis.boards.panels import Caption, chart, legend_below, signed
from genesis.boards.targets import lines
from genesis.metrics import catalog
from genesis.metrics.metric import Metric

_TOO_FEW = "Fewer returns than min_observations of monitor.yaml, or the monitor was not scraped."


def panels() -> list[Any]:
    """The panels of the section."""
    return [
        signed(_sharpe()).height(7).span(8),
        signed(_sortino()).height(7).span(8),
        _volatility().height(7).span(8),
        signed(_calmar()).height(7).span(12),
        _observations().height(7).span(12),
    ]


def _sharpe() -> timeseries.Panel:
    caption = Caption(
        "Sharpe ratio by window",
        "Annualised mean return above the risk-free rate, divided by the standard deviation. In short windows it varies "
        "widely.",
        _TOO_FEW,
    )
    return _by_window(chart(caption, style.COUNT, 1), catalog.STRATEGY_SHARPE_RATIO)


def _sortino() -> timeseries.Panel:
    caption = Caption(
        "Sortino ratio by window",
        "As the Sharpe ratio, but divided by the deviation of only the returns below the risk-free rate; annualised.",
        _TOO_FEW,
    )
    return _by_window(chart(caption, style.COUNT, 1), catalog.STRATEGY_SORTINO_RATIO)


def _volatility() -> timeseries.Panel:
    caption = Caption("Volatility by window", "Annualised standard deviation of the returns in the window.", _TOO_FEW)
    return _by_window(chart(caption, style.RATIO, 1).min(0), catalog.STRATEGY_VOLATILITY_RATIO)


def _calmar() -> timeseries.Panel:
    caption = Caption(
        "Calmar ratio by window",
        "Annual compounded return, divided by the deepest drawdown of the returns in the window.",
        "A return of less than a day is not compounded to a year, and there is none without a drawdown.",
    )
    return _by_window(chart(caption, style.COUNT, 1), catalog.STRATEGY_CALMAR_RATIO)


def _observations() -> timeseries.Panel:
    caption = Caption(
        "Observations",
        "Returns in the risk window, from which value at risk, beta and correlation are computed. Ratios need at least "
        "min_observations of monitor.yaml.",
        "The strategy has no return yet, or the monitor was not scraped.",
    )
    query = lines(queries.own(catalog.STRATEGY_OBSERVATIONS), "returns")
    return legend_below(chart(caption, style.COUNT, 0)).min(0).with_target(query)


def _by_window(panel: timeseries.Panel, metric: Metric) -> timeseries.Panel:
    return legend_below(panel).with_target(lines(queries.own(metric, by="window"), "{{window}}"))
